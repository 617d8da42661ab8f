/** Failures that only PostgreSQL has: time-outs, lost connections, a server other than the expected one. */
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { differentialCases } from '../conformance/differential.ts'
import { exampleKey, keyChange, seed } from '../conformance/examples.ts'
import type { PostgresServer } from '../conformance/postgres_server.ts'
import { startPostgres } from '../conformance/postgres_server.ts'
import { createSqliteFile } from '../conformance/sqlite_file.ts'
import { storeOptions, withStore } from '../conformance/test_database.ts'
import { migrations } from '../migrations/index.ts'
import { openStore } from '../open_store.ts'
import { readPostgresError } from './error.ts'
import { openPostgresStore } from './open_postgres_store.ts'
import { probePostgres } from './probe.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.stop())

const create = () => server.create()
const proof = (check: string) => ({ check, opens: () => false })

describe('PostgreSQL', () => {
  differentialCases(createSqliteFile, create, 3000)

  it('is opened by its name', () =>
    withStore(create, async (_store, database) => {
      const store = await openStore({ database: database.url, ...storeOptions, poolMax: 2 })
      expect(store.dialect).toBe('postgres')
      await expect(store.backup('/nowhere')).rejects.toThrow('pg_dump')
      await store.close()
    }))

  it('is probed without a change: its schema, a new database, and a key that is another’s', () =>
    withStore(
      create,
      async (_store, database) => {
        const before = await database.query('select key_check from installation')
        expect(await probePostgres({ url: database.url, keyProof: proof('a') })).toBe(migrations.at(-1)?.number)
        await expect(probePostgres({ url: database.url, keyProof: proof('b') })).rejects.toMatchObject({
          reason: 'wrong_master_key',
        })
        await database.execute("insert into schema_migrations values (9999, 'later', 0)")
        await expect(probePostgres({ url: database.url })).rejects.toMatchObject({ name: 'SchemaTooNewError' })
        expect(await database.query('select key_check from installation')).toEqual(before)
        await database.execute('drop table schema_migrations')
        expect(await probePostgres({ url: database.url })).toBe(0)
      },
      { keyProof: proof('a') },
    ))

  it('that does not answer is unreachable, without its password in the error', async () => {
    const url = 'postgres://user:secret-word@127.0.0.1:1/none'
    const error = await openPostgresStore({ url, ...storeOptions }).catch((thrown) => thrown)
    expect(error).toMatchObject({ name: 'StoreUnavailableError', reason: 'unreachable' })
    expect(`${error.stack} ${error.cause?.stack}`).not.toContain('secret-word')
  })

  it('whose connections were cut answers again, and the cut write is not half there', () =>
    withStore(create, async (store, database) => {
      await seed(store, 'acme')
      const cut = store.write(async (transaction) => {
        await transaction.keys.insert(exampleKey('acme', 'key_2'))
        transaction.append(keyChange('acme', 'key_2'))
        await database.execute(
          'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
        )
      })
      await expect(cut).rejects.toMatchObject({ name: 'StoreUnavailableError' })
      await setTimeout(50)
      expect(await store.read.keys.find('acme', 'key_2')).toBeUndefined()
      expect((await store.feed.head()).position).toBe(0)
      await store.write(async (transaction) => transaction.append(keyChange('acme', 'key_1')))
    }))

  it('keeps a write from waiting for ever behind another, and says that nothing was written', () =>
    withStore(create, async (store, database) => {
      await seed(store, 'acme', 'other')
      const hasty = await openPostgresStore({ url: database.url, ...storeOptions })
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      const { promise: holding, resolve: hold } = Promise.withResolvers<void>()
      const holder = store.write(async (transaction) => {
        await transaction.keys.find('acme', 'key_1')
        hold()
        await released
      })
      await holding
      const append = (tenant: string) =>
        hasty.write(async (transaction) => transaction.append(keyChange(tenant, 'key_1')))
      await expect(append('acme')).rejects.toMatchObject({ name: 'StoreUnavailableError', reason: 'busy' })
      // Another tenant does not wait for this one.
      expect((await append('other')).entries).toHaveLength(1)
      release()
      await holder
      expect((await append('acme')).entries[0]?.position).toBe(2)
      await hasty.close()
    }))

  it('reads what a change names ahead behind the lock of its tenant, though both are sent in one message', () =>
    withStore(create, async (store, database) => {
      await seed(store, 'acme')
      const lock = (of: string) => `select pg_advisory_${of}(1668481025, hashtext('acme'))`
      await database.execute(lock('lock'))
      const found = store.write(
        async ({ keys, clients }) => [
          (await keys.find('acme', 'key_1'))?.name,
          (await clients.find('acme', 'client_1'))?.name,
        ],
        { tenant: 'acme', ahead: { keys: ['key_1'], clients: ['client_1'] } },
      )
      const isWaiting = "select 1 from pg_stat_activity where wait_event = 'advisory'"
      while ((await database.query(isWaiting)).length === 0);
      await database.execute("update keys set name = 'later'; update clients set name = 'later'")
      await database.execute(lock('unlock'))
      expect((await found).value).toEqual(['later', 'later'])
    }))

  it('is told the failure of the first statement when several were sent together', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const taken = store.write(
        async (transaction) => {
          await transaction.keys.insert(exampleKey('acme', 'key_1'))
          transaction.append(keyChange('acme', 'key_1'))
        },
        { tenant: 'acme' },
      )
      await expect(taken).rejects.toMatchObject({ name: 'ConflictError' })
      expect((await store.feed.head()).position).toBe(0)
    }))

  it.each([
    [{ code: '57014', severity: 'ERROR' }, true, 'timeout'],
    [{ code: '57014', severity: 'ERROR' }, false, 'busy'],
    [{ code: '40P01', severity: 'ERROR' }, false, 'busy'],
    [{ code: 'ECONNRESET' }, true, 'timeout'],
    [{ code: 'ECONNRESET' }, false, 'unreachable'],
    [{ code: '57P01', severity: 'FATAL' }, true, 'timeout'],
    [{ code: '53100', severity: 'ERROR' }, false, 'full'],
    [{ message: 'Query read timeout' }, true, 'timeout'],
  ])('%j, at a commit: %j, is %s', (error, isCommit, reason) => {
    expect(readPostgresError(Object.assign(new Error(), error), isCommit)).toMatchObject({ reason })
  })
})
