import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { storeOptions } from '../conformance/test_database.ts'
import { withExclusiveFile } from './exclusive.ts'
import { openSqliteStore } from './open_sqlite_store.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-exclusive-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

it('a file that somebody has open, even idle, is in use; once closed it is one file and ours', async () => {
  const file = join(directory, 'a.db')
  const store = await openSqliteStore({ ...storeOptions, file })
  expect(() => withExclusiveFile(file, () => 'never')).toThrow('is in use')
  await store.ping()
  await store.close()
  expect(withExclusiveFile(file, () => existsSync(`${file}-wal`))).toBe(false)
  // Afterwards the file can be used as before.
  await (await openSqliteStore({ ...storeOptions, file })).close()
})
