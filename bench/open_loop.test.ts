import { describe, expect, it } from 'vitest'
import { openLoop, percentile } from './open_loop.ts'

/** A clock that moves only when somebody sleeps, after whatever waited for the thread was served. */
function world(oversleepMs = 0) {
  let time = 500
  const sentAt: number[] = []
  return {
    sentAt,
    now: () => time,
    async sleep(ms: number): Promise<void> {
      await new Promise((resolve) => setImmediate(resolve))
      time += ms + oversleepMs
    },
    send(): Promise<void> {
      sentAt.push(time - 500)
      return Promise.resolve()
    },
  }
}

describe('the schedule', () => {
  it('sends each request at its own time, at the rate that was asked for', async () => {
    const at = world()
    const { sent } = await openLoop({
      perSecond: 100,
      seconds: 0.05,
      now: at.now,
      sleep: at.sleep,
      send: at.send,
    })
    expect(sent).toBe(5)
    expect(at.sentAt).toEqual([0, 10, 20, 30, 40])
  })

  it('waits for no answer: a server that never answers in time gets every request in time', async () => {
    const at = world()
    const resolvers: (() => void)[] = []
    const loop = openLoop({
      perSecond: 1_000,
      seconds: 0.02,
      now: at.now,
      sleep: at.sleep,
      send: () => {
        void at.send()
        return new Promise((resolve) => resolvers.push(resolve))
      },
    })
    while (resolvers.length < 20) await new Promise((resolve) => setImmediate(resolve))
    expect(at.sentAt).toEqual(Array.from({ length: 20 }, (_, index) => index))
    for (const resolve of resolvers) resolve()
    expect((await loop).sent).toBe(20)
  })

  it('makes up for what it overslept, and reads answers between bursts', async () => {
    const at = world(100)
    let slept = 0
    const { sent } = await openLoop({
      perSecond: 1_000,
      seconds: 0.1,
      now: at.now,
      sleep: (ms) => {
        slept++
        return at.sleep(ms)
      },
      send: at.send,
    })
    expect(sent).toBe(100)
    expect(slept).toBeGreaterThanOrEqual(3)
    expect(at.sentAt.slice(0, 3)).toEqual([0, 101, 101])
  })
})

describe('latency', () => {
  it('counts from the scheduled time, not from when the generator came to send', async () => {
    const at = world(7)
    const result = await openLoop({
      perSecond: 10,
      seconds: 0.2,
      now: at.now,
      sleep: at.sleep,
      send: at.send,
    })
    expect(result).toMatchObject({ sent: 2, p99Ms: 7, sentLateP99Ms: 7 })
  })

  it('a stall is charged to every request that was due meanwhile', async () => {
    const at = world()
    const stalledUntil = 500 + 40
    const resolvers: (() => void)[] = []
    const result = await openLoop({
      perSecond: 100,
      seconds: 0.08,
      now: at.now,
      sleep: async (ms) => {
        await at.sleep(ms)
        if (at.now() >= stalledUntil) for (const resolve of resolvers.splice(0)) resolve()
        await new Promise((resolve) => setImmediate(resolve))
      },
      send: () => {
        void at.send()
        return at.now() >= stalledUntil ? Promise.resolve() : new Promise((resolve) => resolvers.push(resolve))
      },
    })
    // Due at 0, 10, 20 and 30, answered at 40; those due at 40 to 70 at once.
    expect(result).toMatchObject({ sent: 8, p50Ms: 0, p99Ms: 40 })
  })

  it('one wrong answer fails the whole run', async () => {
    const at = world()
    let sent = 0
    const send = (): Promise<void> => (sent++ === 3 ? Promise.reject(new Error('401')) : at.send())
    await expect(openLoop({ perSecond: 100, seconds: 0.1, now: at.now, sleep: at.sleep, send })).rejects.toThrow(
      '1 of 10 answers were wrong',
    )
  })

  it('the 99th percentile of a hundred is the ninety-ninth', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index)
    expect(percentile(values, 0.99)).toBe(99)
    expect(percentile(values, 0.5)).toBe(50)
    expect(percentile([3], 0.99)).toBe(3)
  })
})
