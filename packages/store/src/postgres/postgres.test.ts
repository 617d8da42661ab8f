import { afterAll, beforeAll, expect, it } from 'vitest'
import { seed } from '../conformance/examples.ts'
import { runConformance } from '../conformance/index.ts'
import { exampleAccount } from '../conformance/people_examples.ts'
import type { PostgresServer } from '../conformance/postgres_server.ts'
import { startPostgres } from '../conformance/postgres_server.ts'
import { withStore } from '../conformance/test_database.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.stop())

runConformance('PostgreSQL', () => server.create())

// The conformance tests try lookalikes of one kind. This tries every column of every table.
it('CVE-2026-55170: every text column of PostgreSQL is text that is compared by its bytes', () =>
  withStore(
    () => server.create(),
    async (_store, database) => {
      const columns = await database.query(
        `select c.relname, a.attname, t.typname, l.collname, l.collisdeterministic
         from pg_attribute a
         join pg_class c on c.oid = a.attrelid and c.relkind = 'r'
         join pg_namespace n on n.oid = c.relnamespace
         join pg_type t on t.oid = a.atttypid
         left join pg_collation l on l.oid = a.attcollation
         where n.nspname = current_schema() and a.attnum > 0 and not a.attisdropped and t.typcategory = 'S'`,
      )
      expect(columns.length).toBeGreaterThan(40)
      const others = columns.filter(({ typname, collname }) => typname !== 'text' || collname !== 'C')
      expect(others).toEqual([])
    },
  ))

it('goes on when another process changes a table whose statements are planned: only a transaction has to be tried again', () =>
  withStore(
    () => server.create(),
    async (store, database) => {
      await seed(store, 'acme')
      const account = exampleAccount('acme', 'acct_2')
      await store.write(({ accounts }) => accounts.insert(account))
      const ways = {
        kept: () => store.read.accounts.find('acme', account.id),
        built: async () => (await store.read.accounts.list('acme', { limit: 5 })).find(({ id }) => id === account.id),
        written: async () => (await store.write(({ accounts }) => accounts.find('acme', account.id))).value,
      }
      const all = Object.values(ways)
      const readAll = async () => {
        for (const read of [...all, ...all]) expect(await read()).toStrictEqual(account)
      }
      const change = (column: string) => database.execute(`alter table accounts add column ${column} text`)
      await readAll()
      await change('later_1')
      expect(await ways.kept()).toStrictEqual(account)
      await readAll()
      await change('later_2')
      expect(await ways.built()).toStrictEqual(account)
      await readAll()
      await change('later_3')
      await expect(ways.written()).rejects.toMatchObject({ name: 'StoreUnavailableError', reason: 'busy' })
      await readAll()
    },
  ))
