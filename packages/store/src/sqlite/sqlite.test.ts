import { expect, it } from 'vitest'
import { runConformance } from '../conformance/index.ts'
import { createSqliteFile } from '../conformance/sqlite_file.ts'
import { withStore } from '../conformance/test_database.ts'

runConformance('SQLite', createSqliteFile)

// The conformance tests try lookalikes of one kind. This tries every index and every table.
it('CVE-2026-55170: every index of SQLite compares text by its bytes, and no table or view says otherwise', () =>
  withStore(createSqliteFile, async (_store, database) => {
    const columns = await database.query(
      `select list.name as index_name, info.name, info.coll
       from sqlite_schema as it, pragma_index_list(it.name) as list, pragma_index_xinfo(list.name) as info
       where it.type = 'table' and info.coll is not null`,
    )
    expect(columns.length).toBeGreaterThan(40)
    expect(columns.filter(({ coll }) => coll !== 'BINARY')).toEqual([])
    const schema = await database.query(`select name from sqlite_schema where lower(sql) like '%collate%'`)
    expect(schema).toEqual([])
  }))
