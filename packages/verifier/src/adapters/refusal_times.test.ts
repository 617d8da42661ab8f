/** When refusals leave. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createRefusalTimes, leavesAt, type RefusalWorker, refusalTimes } from './refusal_times.ts'

/** A thread that awakes when it is told to, and what it was given. */
function fakeWorker() {
  const listeners: Record<string, (() => void)[]> = {}
  const worker = {
    isHeld: true,
    on(event: string, listener: () => void) {
      listeners[event] = [...(listeners[event] ?? []), listener]
    },
    ref() {
      worker.isHeld = true
    },
    unref() {
      worker.isHeld = false
    },
    emit(event: 'message' | 'online' | 'error' | 'exit') {
      for (const listener of listeners[event] ?? []) listener()
    },
  }
  return worker satisfies RefusalWorker
}

function setUp() {
  const worker = fakeWorker()
  let now = 0
  let started = 0
  const left: string[] = []
  const times = createRefusalTimes({
    nowMs: () => now,
    start() {
      started++
      return worker
    },
  })
  void times.wait(0)
  worker.emit('online')
  return {
    worker,
    left,
    started: () => started,
    refuse: (name: string, beganAt: number) => void times.wait(beganAt).then(() => left.push(name)),
    async at(ms: number, awakes = true) {
      now = ms
      if (awakes) worker.emit('message')
      await Promise.resolve()
    },
  }
}

describe('a refusal', () => {
  it('leaves at a moment that follows from its beginning, whatever the work took within half a millisecond', () => {
    const beginning = fc.double({ min: 0, max: 1e9, noNaN: true })
    const work = fc.double({ min: 0, max: 0.49, noNaN: true })
    fc.assert(
      fc.property(beginning, work, work, (beganAt, one, other) => {
        expect(leavesAt(beganAt, beganAt + one)).toBe(leavesAt(beganAt, beganAt + other))
        expect(leavesAt(beganAt, beganAt + one)).toBe(beganAt + 0.5)
      }),
    )
  })

  it('leaves after one, two, four or eight milliseconds where its work took longer, and after 8 ms at once', () => {
    expect([0.5, 0.9, 1.5, 3, 7.9].map((readyAt) => leavesAt(0, readyAt))).toEqual([1, 1, 2, 4, 8])
    expect([8, 100].map((readyAt) => leavesAt(0, readyAt))).toEqual([8, 100])
  })

  it('waits until its moment, and not for those that came before or after it', async () => {
    const { refuse, at, left } = setUp()
    await at(1.2, false)
    refuse('later', 1)
    refuse('sooner', 0.8)
    await at(1.3)
    expect(left).toEqual(['sooner'])
    await at(1.5)
    expect(left).toEqual(['sooner', 'later'])
  })

  it('holds the process until it has left, and no longer', async () => {
    const { refuse, at, worker } = setUp()
    refuse('one', 0)
    expect(worker.isHeld).toBe(true)
    await at(0.5)
    expect(worker.isHeld).toBe(false)
  })

  it.each(['error', 'exit'] as const)(
    'leaves when the thread ends with %s; no other is begun for 10 s',
    async (event) => {
      const { refuse, at, left, worker, started } = setUp()
      refuse('one', 0)
      worker.emit(event)
      await at(0.1, false)
      expect(left).toEqual(['one'])
      refuse('two', 0)
      await at(0.2, false)
      expect([left, started()]).toEqual([['one', 'two'], 1])
      await at(10_001, false)
      refuse('three', 10_001)
      expect(started()).toBe(2)
    },
  )

  it('leaves at once while the thread has not begun to run', async () => {
    const worker = fakeWorker()
    const times = createRefusalTimes({ nowMs: () => 0, start: () => worker })
    await times.wait(0)
    worker.emit('online')
    let hasLeft = false
    void times.wait(0).then(() => {
      hasLeft = true
    })
    await Promise.resolve()
    expect(hasLeft).toBe(false)
  })

  it('leaves where no thread can be begun', async () => {
    const times = createRefusalTimes({
      start() {
        throw new Error('no threads here')
      },
    })
    await times.wait(performance.now())
  })

  it.each([
    ['before the thread runs', 0],
    ['while the thread runs', 300],
  ])('does not keep a process that ends %s', { timeout: 30_000 }, (_when, ms) => {
    const file = new URL('./refusal_times.ts', import.meta.url)
    const program = `
      const { refusalTimes } = await import('${file}')
      await refusalTimes().wait(performance.now())
      if (${ms} > 0) await new Promise((resolve) => setTimeout(resolve, ${ms}))
    `
    const directory = mkdtempSync(join(tmpdir(), 'countersign-refusal-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const script = join(directory, 'program.mjs')
    writeFileSync(script, program)
    const ran = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: 20_000 })
    expect([ran.status, ran.stderr]).toEqual([0, ''])
  })

  it('waits for the real thread, never less than was asked', async () => {
    const times = refusalTimes()
    // A call that leaves at once has done so within its turn, however long a busy machine takes for that.
    const isHeld = async (): Promise<boolean> => {
      let hasLeft = false
      const leaving = times.wait(performance.now()).then(() => {
        hasLeft = true
      })
      await Promise.resolve()
      const held = !hasLeft
      await leaving
      return held
    }
    // The first call begins the thread, which takes a while to run.
    while (!(await isHeld())) await wait(1)
    for (let count = 0; count < 100; count++) {
      const beganAt = performance.now()
      await Promise.all([times.wait(beganAt), times.wait(beganAt), times.wait(beganAt + 0.1)])
      expect(performance.now() - beganAt).toBeGreaterThanOrEqual(0.5)
    }
  })
})
