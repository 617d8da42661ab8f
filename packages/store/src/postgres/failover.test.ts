/**
 * A primary and its synchronous standby: when the primary is killed, hangs or is left alone, no acknowledged change is
 * lost.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { digestOf, exampleKey, exampleToken, keyChange, seed } from '../conformance/examples.ts'
import { type PostgresPair, startPair } from '../conformance/postgres_pair.fixture.ts'
import { storeOptions } from '../conformance/test_database.ts'
import { StoreUnavailableError } from '../errors.ts'
import type { Store } from '../store.ts'
import { openPostgresStore } from './open_postgres_store.ts'

let pair: PostgresPair
let store: Store

async function open(): Promise<void> {
  pair = await startPair()
  store = await openPostgresStore({ url: pair.url, ...storeOptions })
  await seed(store, 'acme')
}
afterEach(async () => {
  await store.close()
  await pair.stop()
})

const write = (id: string) =>
  store.write(async (transaction) => {
    await transaction.keys.insert(exampleKey('acme', id))
    transaction.append(keyChange('acme', id))
  })

async function insertToken(jti: string): Promise<void> {
  const { epoch } = await store.feed.place('acme')
  const token = exampleToken('acme', jti, { format: 'opaque', digest: digestOf(jti), prefix: 'cs' })
  const isWritten = await store.insertToken(token, { epoch, by: [] })
  if (!isWritten) throw new Error('it was not written')
}

async function until(holds: () => Promise<unknown>, ms = 15_000): Promise<number> {
  const beganAt = performance.now()
  while (!(await holds().catch(() => false))) {
    if (performance.now() - beganAt > ms) throw new Error('it did not come to hold')
    await wait(50)
  }
  return performance.now() - beganAt
}

describe('a primary that is killed under load', () => {
  it('loses nothing acknowledged: the promoted standby has it, in a new epoch, and writes resume by themselves', async () => {
    await open()
    const before = await store.feed.epoch()
    const acknowledged: string[] = []
    const answeredInMs: number[] = []
    let isOver = false
    const load = Array.from({ length: 4 }, async (_, writer) => {
      for (let count = 0; !isOver; count++) {
        const id = `key_${writer}_${count}`
        const askedAt = performance.now()
        await write(id).then(
          () => acknowledged.push(id),
          (error: unknown) => {
            if (!(error instanceof StoreUnavailableError)) throw error
          },
        )
        answeredInMs.push(performance.now() - askedAt)
        await wait(5)
      }
    })
    await wait(300)
    await pair.hosts.first.kill()
    await pair.hosts.second.query('select pg_promote()')
    const written = acknowledged.length
    await until(async () => acknowledged.length > written + 20)
    isOver = true
    await Promise.all(load)
    for (const id of acknowledged) expect(await store.read.keys.find('acme', id), id).toBeDefined()
    expect(await store.feed.epoch()).not.toBe(before)
    expect(Math.max(...answeredInMs)).toBeLessThan(2_000)
  }, 60_000)

  it('is never used again once the standby was promoted, even if it alone is there', async () => {
    await open()
    await pair.hosts.first.kill()
    await pair.hosts.second.query('select pg_promote()')
    await until(() => store.beat('a').then(() => true))
    await pair.hosts.first.start()
    await pair.hosts.second.kill()
    await wait(1_000)
    await expect(write('key_late')).rejects.toMatchObject({ reason: 'unreachable' })
    expect(await pair.hosts.first.query(`select id from keys where id = 'key_late'`)).toEqual([])
  }, 60_000)
})

describe('a commit that the standby does not confirm', () => {
  it('is answered as unknown within 2 s, never as done and never as failed, and so is a beat', async () => {
    await open()
    await pair.hosts.second.kill()
    for (const work of [() => write('key_alone'), () => insertToken('at_alone'), () => store.beat('a')]) {
      const askedAt = performance.now()
      await expect(work()).rejects.toMatchObject({ name: 'StoreUnavailableError' })
      expect(performance.now() - askedAt).toBeLessThan(2_000)
    }
    await pair.hosts.second.start([`primary_conninfo=${(await primaryConnection()) ?? ''}`])
    await until(() => write('key_after').then(() => true))
  }, 60_000)

  it('whose wait is cancelled is unknown too, though PostgreSQL calls it committed', async () => {
    await open()
    await pair.hosts.second.kill()
    for (const work of [() => write('cancelled'), () => insertToken('cancelled')]) {
      const answer = work()
      answer.catch(() => {})
      await until(async () => {
        const rows = await pair.hosts.first.query(
          `select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`,
        )
        return rows.length > 0
      })
      await expect(answer).rejects.toMatchObject({ name: 'StoreUnavailableError', reason: 'timeout' })
    }
    expect(await pair.hosts.first.query(`select id from keys where id = 'cancelled'`)).toHaveLength(1)
    expect(await pair.hosts.first.query(`select jti from tokens where jti = 'cancelled'`)).toHaveLength(1)
  }, 60_000)
})

it('a standby that is gone ends nothing that only reads', async () => {
  await open()
  await pair.hosts.second.kill()
  let isOver = false
  const failures: unknown[] = []
  const readers = Array.from({ length: 8 }, async () => {
    while (!isOver) await store.read.keys.find('acme', 'key_1').catch((error: unknown) => failures.push(error))
  })
  for (let beats = 0; beats < 2; beats++) await expect(store.beat('a')).rejects.toThrow()
  await wait(1_000)
  isOver = true
  await Promise.all(readers)
  expect(failures).toEqual([])
}, 60_000)

it('a primary that waits for no standby is refused where several hosts are named, unless that was accepted', async () => {
  await open()
  await store.close()
  await pair.hosts.first.query('alter system reset synchronous_standby_names')
  await pair.hosts.first.kill()
  await pair.hosts.first.start()
  const opened = openPostgresStore({ url: pair.url, ...storeOptions })
  await expect(opened).rejects.toMatchObject({ name: 'DatabaseOpenError', reason: 'asynchronous_standby' })
  store = await openPostgresStore({ url: `${pair.url}&asynchronous_standby=accepted`, ...storeOptions })
  await write('key_accepted')
}, 60_000)

it('a primary that hangs is an error within 2 s for whoever waits, and is used again when it goes on', async () => {
  await open()
  pair.hosts.first.signal('SIGSTOP')
  const askedAt = performance.now()
  await expect(write('key_hung')).rejects.toMatchObject({ name: 'StoreUnavailableError' })
  expect(performance.now() - askedAt).toBeLessThan(2_000)
  pair.hosts.first.signal('SIGCONT')
  expect(await until(() => write('key_after').then(() => true))).toBeLessThan(5_000)
}, 60_000)

async function primaryConnection(): Promise<string | undefined> {
  const port = new URL(pair.hosts.first.url).port
  return `host=127.0.0.1 port=${port} user=countersign`
}
