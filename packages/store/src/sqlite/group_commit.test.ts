/**
 * docs/decisions/0011-group-commit.md: transactions asked for together share one sync of the disk, and nothing else.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Schema } from '../schema.ts'
import { SqliteDatabase } from './database.ts'
import { openWriter } from './file.ts'

let directory: string
let file: string
let database: SqliteDatabase
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cs-group-'))
  file = join(directory, 'a.db')
  database = await SqliteDatabase.open(file)
  await database.transact(async (db) => {
    await sql`create table schema_migrations (number integer primary key) strict`.execute(db)
    await sql`create table parents (id integer primary key) strict`.execute(db)
    await sql`create table items (id integer primary key, parent integer references parents (id), data blob) strict`.execute(
      db,
    )
  })
})
afterEach(async () => {
  await database.close()
  rmSync(directory, { recursive: true, force: true })
})

const insert = (id: number) => (db: Kysely<Schema>) => sql`insert into items (id) values (${id})`.execute(db)

async function ids(): Promise<readonly unknown[]> {
  const { rows } = await sql<{ readonly id: number }>`select id from items order by id`.execute(database.reader)
  return rows.map(({ id }) => id)
}

/** The last frame of a transaction has the size of the file after it (sqlite.org/fileformat2.html §4.1). */
function commits(): number {
  const log = readFileSync(`${file}-wal`)
  const pageBytes = log.readUInt32BE(8)
  let count = 0
  for (let at = 32; at < log.length; at += 24 + pageBytes) if (log.readUInt32BE(at + 4) > 0) count++
  return count
}

it('a hundred writes that are asked for together are committed at most ten times', async () => {
  const before = commits()
  await Promise.all(Array.from({ length: 100 }, (_, index) => database.transact(insert(index))))
  expect(commits() - before).toBeLessThanOrEqual(10)
  expect(await ids()).toHaveLength(100)
})

it('nobody hears of a write before others can read it, nor the other way round of one that shares its commit', async () => {
  const seen: (readonly unknown[])[] = []
  const note = async () => void seen.push(await ids())
  const second = database.transact(async (db) => {
    await insert(1)(db)
    await note()
  })
  await Promise.all([second, database.transact(insert(2)).then(note)])
  expect(seen).toEqual([[], [1, 2]])
})

it('one that throws is undone alone, be it the first, in the middle or the last', async () => {
  const outcomes = await Promise.allSettled(
    [1, 2, 3, 4, 5].map((id) =>
      database.transact(async (db) => {
        await insert(id)(db)
        if (id % 2 === 1) throw new Error(`refused ${id}`)
        return id
      }),
    ),
  )
  expect(outcomes).toMatchObject([
    { reason: { message: 'refused 1' } },
    { value: 2 },
    { reason: { message: 'refused 3' } },
    { value: 4 },
    { reason: { message: 'refused 5' } },
  ])
  expect(await ids()).toEqual([2, 4])
})

it('one that goes on after a statement failed is undone alone, with the error of that statement', async () => {
  const outcomes = await Promise.allSettled([
    database.transact(insert(1)),
    database.transact(async (db) => {
      await insert(2)(db)
      await insert(1)(db).catch(() => {})
    }),
    database.transact(insert(3)),
  ])
  expect(outcomes).toMatchObject([{}, { reason: { name: 'ConflictError' } }, {}])
  expect(await ids()).toEqual([1, 3])
})

it('when the commit fails, all that share it are told so, nothing of them is there, and the next are written', async () => {
  const outcomes = await Promise.allSettled([
    database.transact(insert(1)),
    database.transact(async (db) => {
      await sql`pragma defer_foreign_keys = on`.execute(db)
      await sql`insert into items (id, parent) values (2, 99)`.execute(db)
    }),
    database.transact(insert(3)),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(await ids()).toEqual([])
  await database.transact(insert(4))
  expect(await ids()).toEqual([4])
})

it('without room for all of them, exactly those are there that were told so', async () => {
  await database.transact((db) => sql`pragma max_page_count = 40`.execute(db))
  const outcomes = await Promise.allSettled(
    Array.from({ length: 60 }, (_, id) =>
      database.transact(async (db) => {
        await sql`insert into items (id, data) values (${id}, zeroblob(${id % 3 === 0 ? 12_000 : 10}))`.execute(db)
      }),
    ),
  )
  const told = outcomes.flatMap(({ status }, id) => (status === 'fulfilled' ? [id] : []))
  expect(await ids()).toEqual(told)
  expect(told.length).toBeGreaterThan(5)
  expect(told.length).toBeLessThan(60)
  expect(outcomes).toContainEqual({ status: 'rejected', reason: expect.objectContaining({ reason: 'full' }) })
})

it('work done in turn over another connection has the file to itself', async () => {
  // This connection does not wait, so a transaction of the first one would make it fail.
  const other = await openWriter(file)
  const order: string[] = []
  const write = (name: string, id: number) =>
    database.transact(async (db) => {
      await insert(id)(db)
      order.push(name)
    })
  await Promise.all([
    write('before', 1),
    database.inTurn(async () => {
      other.exec('begin immediate')
      for (let turn = 0; turn < 5; turn++) await setImmediate()
      other.exec('insert into items (id) values (2); commit')
      order.push('beside')
    }),
    setImmediate().then(() => write('after', 3)),
  ])
  other.close()
  expect(order).toEqual(['before', 'beside', 'after'])
  expect(await ids()).toEqual([1, 2, 3])
})

it('a turn that fails takes nobody else’s', async () => {
  const failed = database.inTurn(() => Promise.reject(new Error('not today')))
  const written = database.transact(insert(1))
  await expect(failed).rejects.toThrow('not today')
  await written
  expect(await ids()).toEqual([1])
})
