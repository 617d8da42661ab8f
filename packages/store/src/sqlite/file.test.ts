import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'
import { exampleKey, keyChange, seed } from '../conformance/examples.ts'
import { expectChained } from '../conformance/follower.ts'
import { createSqliteFile } from '../conformance/sqlite_file.ts'
import { storeOptions } from '../conformance/test_database.ts'
import { createStore } from '../create_store.ts'
import { migrate } from '../migrate.ts'
import { openStore } from '../open_store.ts'
import type { Store } from '../store.ts'
import { SqliteDatabase } from './database.ts'
import { readSqliteError } from './error.ts'
import { assertLibrary } from './file.ts'
import { openSqliteStore } from './open_sqlite_store.ts'

const directory = mkdtempSync(join(tmpdir(), 'cs-file-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const open = (file: string) => openSqliteStore({ file, ...storeOptions })

describe('a file that cannot be used is refused with one line', () => {
  it.each([
    ['a directory that is not there', 'missing_directory', () => join(directory, 'none', 'a.db')],
    ['a directory in its place', 'unwritable', () => directory],
    ['text', 'not_a_database', () => write('text.db', 'SQLite? no: text that is longer than a header'.repeat(50))],
    ['noise', 'not_a_database', () => write('noise.db', Buffer.alloc(8192, 0xa5))],
    ['a database of another program', 'not_a_database', foreignDatabase],
  ])('%s', async (_name, reason, file) => {
    const error = await open(file()).then(
      () => undefined,
      (thrown) => thrown,
    )
    expect(error).toMatchObject({ name: 'DatabaseOpenError', reason })
    expect(error.message).not.toContain('\n')
  })

  it('a file that its user may not write', async () => {
    const locked = join(directory, 'locked')
    mkdirSync(locked)
    writeFileSync(join(locked, 'a.db'), '', { mode: 0o400 })
    // Root may write into any file. A read-only file system refuses even root, and needs no other user.
    if (process.getuid?.() === 0)
      return expect(await open(join(locked, 'a.db')).then((it) => it.close())).toBeUndefined()
    chmodSync(locked, 0o500)
    await expect(open(join(locked, 'b.db'))).rejects.toMatchObject({ reason: 'unwritable' })
  })

  it('a SQLite library that can corrupt a database in WAL mode', () => {
    const library = (version: string) => ({ prepare: () => ({ get: () => ({ version }) }) }) as never
    for (const old of ['3.7.0', '3.40.1', '3.51.2', '2.9.9']) {
      expect(() => assertLibrary(library(old))).toThrow('3.51.3 or newer is needed')
    }
    for (const sound of ['3.51.3', '3.53.0', '4.0.0']) assertLibrary(library(sound))
  })

  it('a name that says neither database', async () => {
    for (const database of ['', 'countersign.db', 'sqlite:', 'mysql://root:secret@host/db']) {
      const opening = openStore({ database, ...storeOptions })
      await expect(opening).rejects.toThrow(/^the database must be sqlite:PATH or postgres:/)
    }
  })
})

describe('the file', () => {
  it('and what SQLite keeps beside it are for their owner only, synced and without mmap', async () => {
    const file = join(directory, 'mode.db')
    const store = await open(file)
    await seed(store, 'acme')
    for (const name of readdirSync(directory).filter((each) => each.startsWith('mode.db'))) {
      expect([name, statSync(join(directory, name)).mode & 0o777]).toEqual([name, 0o600])
    }
    await store.close()
    const database = await SqliteDatabase.open(file)
    const pragmas = ['journal_mode', 'synchronous', 'foreign_keys', 'mmap_size', 'busy_timeout']
    const values = await database.transact((db) =>
      Promise.all(
        pragmas.map(async (name) => Object.values((await sql`pragma ${sql.raw(name)}`.execute(db)).rows[0]!)[0]),
      ),
    )
    expect(values).toEqual(['wal', 2, 1, 0, 0])
    await expect(sql`delete from keys`.execute(database.reader)).rejects.toThrow()
    await database.close()
  })

  it('in memory is a store like any other, and leaves nothing behind', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('countersign-memory-'))
    const store = await openStore({ database: 'sqlite::memory:', ...storeOptions })
    await seed(store, 'acme')
    expect(await store.lookup.client('acme', 'client_1')).toBeDefined()
    await store.close()
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('countersign-memory-'))).toEqual(before)
    await expect(store.write(async () => {})).rejects.toThrow()
  })

  it('keeps a migration that was killed from being half there', async () => {
    const file = join(directory, 'half.db')
    const database = await SqliteDatabase.open(file)
    const killed = database.transact(async (db) => {
      await sql`create table schema_migrations (number integer, name text, applied_at integer)`.execute(db)
      await sql`create table keys (tenant text)`.execute(db)
      throw new Error('killed')
    })
    await expect(killed).rejects.toThrow('killed')
    await migrate(database, storeOptions)
    await database.close()
    await (await open(file)).close()
  })
})

describe('a backup', () => {
  it('taken while writes go on is whole, shows its progress, and opens', async () => {
    const database = await createSqliteFile()
    const store = await database.open()
    await fill(store, 0, 300)
    const pages: (readonly [number, number])[] = []
    const file = join(directory, 'copy.db')
    let isDone = false
    const copying = store
      .backup(file, (done, total) => pages.push([done, total]))
      .finally(() => {
        isDone = true
      })
    let written = 300
    while (!isDone) {
      await fill(store, written, written + 20)
      written += 20
    }
    await copying
    expect(pages.length).toBeGreaterThan(0)
    expect(pages.at(-1)![0]).toBe(pages.at(-1)![1])
    expect(statSync(file).mode & 0o777).toBe(0o600)

    const copy = await open(file)
    const { place, entries } = await copy.feed.snapshot('acme')
    expect(entries).toHaveLength(place.sequence)
    expect(place.sequence).toBeGreaterThanOrEqual(300)
    expect(place.chain).toBe(await store.feed.chainAt('acme', place.sequence))
    expectChained(await copy.feed.after('acme', 0, 100_000))
    expect(await copy.verifyAudit('acme')).toEqual({ events: place.sequence, link: expect.any(String) })
    await copy.close()

    await expect(store.backup(file)).rejects.toMatchObject({ reason: 'exists' })
    await expect(store.backup(join(directory, 'none', 'a'))).rejects.toMatchObject({ reason: 'missing_directory' })
    await store.close()
    await database.drop()
  })
})

describe('a full disk', () => {
  it('refuses writes, keeps reads and what was committed, and ends when there is space again', async () => {
    const database = await SqliteDatabase.open(join(directory, 'small.db'))
    await migrate(database, storeOptions)
    const store = createStore(database, storeOptions)
    const limitPages = (pages: number) =>
      database.transact(async (db) => void (await sql`pragma max_page_count = ${sql.lit(pages)}`.execute(db)))
    await limitPages(120)
    const written = await fillUp(store)
    await expectKept(store, written)
    await limitPages(1_000_000)
    await fill(store, written, written + 5)
    await expectKept(store, written + 5)
    await store.close()
  })

  it.runIf(process.getuid?.() === 0)('of the file system is the same as one of the database', async () => {
    const mounted = mkdtempSync(join(tmpdir(), 'cs-full-'))
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', mounted])
    try {
      // In a container, root often may not mount. The test above checks the same of the database itself.
      if (mount.status === 0) await fillFileSystem(mounted)
    } finally {
      if (mount.status === 0) spawnSync('umount', ['-l', mounted])
      rmSync(mounted, { recursive: true, force: true })
    }
  })
})

describe('what SQLite throws', () => {
  it.each([
    [13, { name: 'StoreUnavailableError', reason: 'full' }],
    [778, { name: 'StoreUnavailableError', reason: 'unreachable' }],
    [14, { name: 'StoreUnavailableError', reason: 'unreachable' }],
    [5, { name: 'StoreUnavailableError', reason: 'busy' }],
    [1034, { name: 'FatalStoreError' }],
    [1290, { name: 'FatalStoreError' }],
    [11, { name: 'FatalStoreError' }],
    [267, { name: 'FatalStoreError' }],
    [26, { name: 'FatalStoreError' }],
    [787, { name: 'Error' }],
  ])('with code %i', (errcode, expected) => {
    expect(readSqliteError(Object.assign(new Error('it'), { errcode }))).toMatchObject(expected)
  })

  it('once the file is corrupt, nothing is written any more', async () => {
    const file = join(directory, 'corrupt.db')
    const first = await open(file)
    await fill(first, 0, 100)
    await first.close()
    const store = await open(file)
    const bytes = readFileSync(file)
    bytes.fill(0xff, 4096 * 4)
    writeFileSync(file, bytes)
    const write = () => fill(store, 100, 101)
    await expect(write()).rejects.toMatchObject({ name: 'FatalStoreError' })
    await expect(store.write(async () => {})).rejects.toMatchObject({ name: 'FatalStoreError' })
    await store.close()
  })
})

async function fill(store: Store, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index++) {
    await store.write(async (transaction) => {
      await transaction.keys.insert(exampleKey('acme', `key_${index}`, { metadata: { text: 'x'.repeat(500) } }))
      transaction.append(keyChange('acme', `key_${index}`))
    })
  }
}

/** Writes until there is no space; every later write is refused alike. Gives how many were acknowledged. */
async function fillUp(store: Store): Promise<number> {
  for (let written = 0; ; written++) {
    const error = await fill(store, written, written + 1).then(
      () => undefined,
      (thrown) => thrown,
    )
    if (error === undefined) continue
    expect(error).toMatchObject({ name: 'StoreUnavailableError', reason: 'full' })
    await expect(fill(store, written, written + 1)).rejects.toMatchObject({ name: 'StoreUnavailableError' })
    expect(written).toBeGreaterThan(5)
    return written
  }
}

async function fillFileSystem(mounted: string): Promise<void> {
  const store = await open(join(mounted, 'full.db'))
  const ballast = join(mounted, 'ballast')
  writeFileSync(ballast, Buffer.alloc(2_000_000))
  const written = await fillUp(store)
  await expectKept(store, written)
  rmSync(ballast)
  await fill(store, written, written + 5)
  await expectKept(store, written + 5)
  await store.close()
  const again = await open(join(mounted, 'full.db'))
  await expectKept(again, written + 5)
  await again.close()
}

async function expectKept(store: Store, count: number): Promise<void> {
  expect(await store.feed.place('acme')).toMatchObject({ sequence: count })
  expect(await store.read.keys.find('acme', `key_${count - 1}`)).toBeDefined()
  expect(await store.read.keys.find('acme', `key_${count}`)).toBeUndefined()
  expectChained(await store.feed.after('acme', 0, 100_000))
  expect(await store.verifyAudit('acme')).toEqual({ events: count, link: expect.any(String) })
}

function write(name: string, content: string | Buffer): string {
  writeFileSync(join(directory, name), content)
  return join(directory, name)
}

function foreignDatabase(): string {
  const file = join(directory, 'foreign.db')
  const database = new DatabaseSync(file)
  database.exec('create table bookmarks (url text)')
  database.close()
  return file
}
