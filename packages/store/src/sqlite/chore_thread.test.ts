import { EventEmitter } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { exampleCount, seed } from '../conformance/examples.ts'
import { startAt } from '../conformance/test_database.ts'
import { FatalStoreError, StoreUnavailableError, UnstorableTextError } from '../errors.ts'
import type { Store } from '../store.ts'
import type { UsageBatch } from '../usage/batch.ts'
import { type ChoreThread, type ChoreWorker, createChoreThread, orHere, ThreadEndedError } from './chore_thread.ts'
import { SqliteDatabase } from './database.ts'
import { openSqliteStore } from './open_sqlite_store.ts'
import { receiveError, sendError } from './sent_error.ts'

let directory: string
let file: string
let store: Store
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cs-usage-'))
  file = join(directory, 'a.db')
  const randomBytes = (count: number) => new Uint8Array(count)
  store = await openSqliteStore({ file, auditKey: new Uint8Array(32), now: () => startAt, randomBytes })
  await seed(store, 'acme')
})
afterEach(async () => {
  await store.close()
  rmSync(directory, { recursive: true, force: true })
})

function batchOf(id: string, size: number): UsageBatch {
  const counts = Array.from({ length: size }, (_, index) => exampleCount('acme', `key_${index}`))
  return { id, counts, now: startAt }
}

async function counted(): Promise<number> {
  const span = { from: 0, to: 2 ** 40, intervalSeconds: 86_400, groupBy: ['outcome'], limit: 10 } as const
  return (await store.read.usage.series('acme', span)).reduce((sum, { count }) => sum + count, 0)
}

it('while thousands are written this thread has its turns, and reads', async () => {
  let isWritten = false
  let turns = 0
  const writing = store.countUsage(batchOf('b1', 5_000)).then(() => {
    isWritten = true
  })
  for (; !isWritten; turns++) {
    await setImmediate()
    expect(store.lookup.client('acme', 'nobody')).toBeUndefined()
  }
  await writing
  expect(turns).toBeGreaterThan(100)
  expect(await counted()).toBe(5_000)
})

it('a change waits for one transaction of the thread at most, however many are to come', async () => {
  let done = 0
  const batches = Array.from({ length: 6 }, async (_, index) => {
    await store.countUsage(batchOf(`b${index}`, 1_000))
    done++
  })
  const meanwhile: number[] = []
  while (done < batches.length) {
    const before = done
    await store.write(async () => {})
    meanwhile.push(done - before)
  }
  await Promise.all(batches)
  expect(Math.max(...meanwhile)).toBeLessThanOrEqual(1)
})

const free = { inTurn: <T>(work: () => Promise<T>) => work() }

it.each([
  ['before it counted', false],
  ['after it counted', true],
])('a thread that ends %s costs no count, and makes none twice', async (_when, hasCounted) => {
  const whole = createChoreThread(file, free)
  const ending: ChoreThread = {
    ...whole,
    async countUsage(batch) {
      if (hasCounted) await whole.countUsage(batch)
      throw new ThreadEndedError(undefined)
    },
  }
  await orHere(ending, store).countUsage(batchOf('b1', 3))
  expect(await counted()).toBe(3)
  await whole.close()
})

it('a thread that cannot begin says that it ended, to all who wait for it, and each time anew', async () => {
  const thread = createChoreThread(join(directory, 'nowhere', 'a.db'), free)
  for (let round = 0; round < 2; round++) {
    const outcomes = await Promise.allSettled([thread.countUsage(batchOf('b1', 1)), thread.cleanUp(startAt, 1)])
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { name: 'ThreadEndedError' } })
  }
  await thread.close()
})

it.each([
  ['in the midst of its turn', true],
  ['while it waits for its turn', false],
])(
  'a thread that ends by itself %s holds up nobody after it',
  async (_when, hasTurn) => {
    const database = await SqliteDatabase.open(file)
    const worker = Object.assign(new EventEmitter(), { postMessage() {}, ref() {}, unref() {} })
    const thread = createChoreThread(file, database, () => worker as ChoreWorker)
    const counting = thread.countUsage(batchOf('b1', 1))
    worker.emit('message', { asks: 0 })
    const change = database.transact(async () => 'made')
    if (hasTurn) await setImmediate()
    worker.emit('exit', 1)
    await expect(counting).rejects.toBeInstanceOf(ThreadEndedError)
    expect(await change).toBe('made')
    await database.close()
  },
  5_000,
)

it('the thread keeps the process until it has ended, though the last chore is answered meanwhile', async () => {
  let isHeld = true
  const worker = Object.assign(new EventEmitter(), {
    postMessage() {},
    ref() {
      isHeld = true
    },
    unref() {
      isHeld = false
    },
  })
  const thread = createChoreThread(file, free, () => worker as ChoreWorker)
  const counting = thread.countUsage(batchOf('b1', 1))
  const closing = thread.close()
  worker.emit('message', { number: 0, value: undefined })
  await counting
  expect(isHeld).toBe(true)
  worker.emit('exit', 0)
  await closing
})

it('where no thread can be started, the chores are done here', async () => {
  const thread = createChoreThread(file, free, () => {
    throw new Error('too many threads')
  })
  await orHere(thread, store).countUsage(batchOf('b1', 3))
  expect(await counted()).toBe(3)
})

it('a roll-up that takes long leaves room for counts and changes between its transactions', async () => {
  for (let minute = 0; minute < 12; minute++) {
    const counts = batchOf('', 500).counts.map((each) => ({ ...each, minuteAt: each.minuteAt - 7_200 + 60 * minute }))
    await store.countUsage({ id: `b${minute}`, counts, now: startAt })
  }
  const order: string[] = []
  const note = (name: string) => () => void order.push(name)
  const retention = { minuteSeconds: 1e9, hourSeconds: 1e9, daySeconds: 1e9 }
  const rolling = store.rollUpUsage(startAt + 7_200, retention, { budgetMs: 60_000 })
  await Promise.all([
    rolling.then(note('rolled up')),
    store.countUsage(batchOf('now', 1)).then(note('counted')),
    store.write(async () => {}).then(note('changed')),
  ])
  expect(order.at(-1)).toBe('rolled up')
  expect((await rolling).rolled).toBeGreaterThanOrEqual(6_000)
  expect(await counted()).toBe(6_001)
})

it('closing waits for what is being counted, and then nobody has the file open', async () => {
  const writing = store.countUsage(batchOf('b1', 2_000))
  await Promise.all([writing, store.close()])
  expect(existsSync(`${file}-wal`)).toBe(false)
})

it.each([
  new FatalStoreError(new Error('fsync failed')),
  new UnstorableTextError(),
  new StoreUnavailableError('full', undefined),
  new StoreUnavailableError('busy', undefined),
  new Error('anything else'),
])('%s is the same after it passed between threads', (error) => {
  const received = receiveError(structuredClone(sendError(error)))
  expect(received.constructor).toBe(error.constructor)
  expect(received).toMatchObject({ name: error.name, message: error.message })
})
