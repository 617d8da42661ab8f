import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { exampleCount, seed } from '../conformance/examples.ts'
import { startAt } from '../conformance/test_database.ts'
import { FatalStoreError, UnstorableTextError } from '../errors.ts'
import type { UsageBatch } from '../records.ts'
import { type Store, StoreUnavailableError } from '../store.ts'
import { openSqliteStore } from './open_sqlite_store.ts'
import { receiveError, sendError } from './sent_error.ts'
import { createUsageThread, ThreadEndedError, type UsageThread, withUsageThread } from './usage_thread.ts'

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
  const span = { from: 0, to: 2 ** 40, intervalSeconds: 86_400, groupBy: 'outcome', limit: 10 } as const
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

it('a change that is asked for meanwhile is made right after it, and one batch follows another', async () => {
  const order: string[] = []
  const note = (name: string) => () => void order.push(name)
  await Promise.all([
    store.countUsage(batchOf('b1', 2_000)).then(note('first')),
    store.write(async () => {}).then(note('change')),
    store.countUsage(batchOf('b2', 1)).then(note('second')),
  ])
  expect(order).toEqual(['first', 'change', 'second'])
})

it.each([
  ['before it counted', false],
  ['after it counted', true],
])('a thread that ends %s costs no count, and makes none twice', async (_when, hasCounted) => {
  const ending: UsageThread = {
    async count(batch) {
      if (hasCounted) await openThread.count(batch)
      throw new ThreadEndedError(undefined)
    },
    close: async () => {},
  }
  const openThread = createUsageThread(file)
  const guarded = withUsageThread(store, { inTurn: (work) => work() }, ending)
  await guarded.countUsage(batchOf('b1', 3))
  expect(await counted()).toBe(3)
  await openThread.close()
})

it('a thread that cannot begin says that it ended, each time anew', async () => {
  const thread = createUsageThread(join(directory, 'nowhere', 'a.db'))
  await expect(thread.count(batchOf('b1', 1))).rejects.toBeInstanceOf(ThreadEndedError)
  await expect(thread.count(batchOf('b1', 1))).rejects.toBeInstanceOf(ThreadEndedError)
  await thread.close()
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
