import { afterAll, beforeAll, expect, it } from 'vitest'
import { runConformance } from '../conformance/index.ts'
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
