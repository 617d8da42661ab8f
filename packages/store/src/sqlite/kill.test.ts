/** docs/security/faults.md §1: kill -9 during writes. */
import { setTimeout } from 'node:timers/promises'
import { expect, inject, it } from 'vitest'
import { keyObject } from '../conformance/examples.ts'
import { expectChained } from '../conformance/follower.ts'
import { startProcess } from '../conformance/processes.ts'
import { createSqliteFile } from '../conformance/sqlite_file.ts'
import type { TestDatabase } from '../conformance/test_database.ts'

const rounds = inject('isFull') ? 50 : 10

it(`after ${rounds} kills at random moments nothing acknowledged is missing and nothing is half there`, async () => {
  const database = await createSqliteFile()
  const acknowledged: string[] = []
  try {
    for (let round = 0; round < rounds; round += 2) {
      // Two processes run at once, so that one is killed while the other one writes.
      const writers = [0, 1].map((each) => startProcess('write', database.url, `round_${round + each}`))
      await Promise.all(
        writers.map(async (writer, each) => {
          // So many writes, and then a moment somewhere within the next one: the machine's speed does not matter.
          const writes = 1 + (((round + each) * 7) % 16)
          while (writer.lines().length < writes && writer.child.exitCode === null) await setTimeout(1)
          await setTimeout((round * 37 + each) % 5)
          writer.child.kill('SIGKILL')
          await writer.ended
          expect(writer.complaints()).toBe('')
          acknowledged.push(...writer.lines())
        }),
      )
      await expectWhole(database, acknowledged)
    }
    expect(acknowledged.length).toBeGreaterThan(rounds * 5)
  } finally {
    await database.drop()
  }
}, 180_000)

async function expectWhole(database: TestDatabase, acknowledged: readonly string[]): Promise<void> {
  const store = await database.open()
  expect(await database.query('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
  const entries = await store.feed.after('acme', 0, 1_000_000)
  expectChained(entries)
  const numbered = new Set(entries.map((entry) => `${entry.id} ${entry.sequence}`))
  expect(acknowledged.filter((line) => !numbered.has(line))).toEqual([])

  const { place, entries: book } = await store.feed.snapshot('acme')
  expect(place).toMatchObject({ sequence: entries.length, chain: entries.at(-1)?.chain ?? '' })
  expect((await store.feed.head()).position).toBe(entries.length)
  expect(await store.verifyAudit('acme')).toEqual({ events: entries.length, link: expect.any(String) })
  const ids = entries.map((entry) => entry.id).sort()
  expect(book.map((entry) => entry.id).sort()).toEqual(ids)
  expect(book[0]).toMatchObject(keyObject(book[0]!.id))
  expect((await database.query('select id from keys order by id')).map((row) => row.id)).toEqual(ids)
  await store.close()
}
