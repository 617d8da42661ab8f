import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { keyChange, seed } from './conformance/examples.ts'
import { storeOptions } from './conformance/test_database.ts'
import { createStore } from './create_store.ts'
import { migrate } from './migrate.ts'
import { SqliteDatabase } from './sqlite/database.ts'

it('nothing is acknowledged by a server whose history was not settled yet', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-history-'))
  const database = await SqliteDatabase.open(join(directory, 'store.db'))
  try {
    await migrate(database, storeOptions)
    let found: string | undefined
    /** A PostgreSQL server that was found names its history; the installation has noted none yet. */
    const foundServer = new Proxy(database, {
      get(target, name) {
        if (name === 'history') return () => found
        const member = Reflect.get(target, name, target) as unknown
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
    const store = createStore(foundServer, storeOptions)
    await seed(store, 'acme')
    const append = () => store.write(async (transaction) => transaction.append(keyChange('acme', 'key_1')))
    await append()
    found = 'cluster/00000002'
    const before = await store.feed.place('acme')
    await expect(append()).rejects.toMatchObject({ name: 'StoreUnavailableError', reason: 'history' })
    expect(await store.feed.place('acme')).toEqual(before)
  } finally {
    await database.close()
    rmSync(directory, { recursive: true, force: true })
  }
})
