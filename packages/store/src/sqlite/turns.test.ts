import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SqliteDatabase } from './database.ts'

const directory = mkdtempSync(join(tmpdir(), 'cs-turns-'))
let database: SqliteDatabase
beforeAll(async () => {
  database = await SqliteDatabase.open(join(directory, 'a.db'))
})
afterAll(async () => {
  await database.close()
  rmSync(directory, { recursive: true, force: true })
})

function hold(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

/** Counts the turns of the event loop, each held for `turnMs`, that so many transactions of `workMs` take. */
async function turnsFor(count: number, workMs: number, turnMs: number): Promise<number> {
  let isDone = false
  let turns = 0
  const all = Promise.all(Array.from({ length: count }, () => database.transact(async () => hold(workMs))))
  const done = all.then(() => {
    isDone = true
  })
  while (!isDone) {
    await setImmediate()
    hold(turnMs)
    turns++
  }
  await done
  return turns
}

it('short transactions share a turn: a server whose turns are long does not write once in each', async () => {
  expect(await turnsFor(100, 0, 20)).toBeLessThan(50)
})

it('a row of long ones does not hold the thread', async () => {
  expect(await turnsFor(50, 5, 0)).toBeGreaterThanOrEqual(45)
})
