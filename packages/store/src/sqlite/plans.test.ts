import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { expiringTables } from '../clean_up.ts'
import { createSqliteFile } from '../conformance/sqlite_file.ts'
import type { Store } from '../store.ts'

let database: Awaited<ReturnType<typeof createSqliteFile>>
let store: Store
beforeAll(async () => {
  database = await createSqliteFile()
  store = await database.open()
})
afterAll(async () => {
  await store.close()
  await database.drop()
})

/** How SQLite finds the rows that `work` reads, a line for each step of each statement. */
async function stepsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare')
  await work()
  const texts = prepare.mock.calls.map(([text]) => text)
  prepare.mockRestore()
  expect(texts).not.toEqual([])
  const reader = new DatabaseSync(database.file, { readOnly: true })
  const steps = texts.flatMap((text) => reader.prepare(`explain query plan ${text}`).all())
  reader.close()
  return steps.map(({ detail }) => String(detail))
}

const page = { limit: 25 }
const teams = { one: ['team_1'], several: ['team_1', 'team_2'] }

for (const [count, teamIds] of Object.entries(teams))
  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['clients', () => store.read.clients.list('acme', page, { teamIds }), /clients_by_team \(tenant=\? AND team_id=\?/],
    [
      'keys',
      () => store.read.keys.list('acme', { now: 0, teamIds }, page),
      /clients_by_team \(tenant=\? AND team_id=\?/,
    ],
    ['tokens', () => store.read.tokens.list('acme', { teamIds }, page), /clients_by_team \(tenant=\? AND team_id=\?/],
    [
      'audit events',
      () => store.read.audit.list('acme', { teamIds }, page),
      /audit_by_team \(tenant=\? AND team_id=\?/,
    ],
    [
      'the teams',
      () => store.read.teams.list('acme', { among: teamIds }, page),
      /teams_id \(tenant=\? AND id=\?|autoindex_teams_1 \(tenant=\? AND id=\?/,
    ],
    [
      'requests for access',
      () => store.read.accessRequests.list('acme', { teamIds }, page),
      /access_requests_by_team \(tenant=\? AND team_id=\?/,
    ],
    ['its APIs', () => store.read.apis.list('acme', page, teamIds), /\(tenant=\? AND id=\?/],
  ])(
    `of ${count}, %s are found by an index, and SQLite goes through nothing of the rest of the tenant`,
    async (_, work, index) => {
      const steps = await stepsOf(work)
      expect(steps.filter((step) => index.test(step))).not.toEqual([])
      // That index has nothing but what every team may see.
      const others = steps.filter((step) => !step.includes('apis_offered'))
      const throughAll = others.filter((step) => /^SCAN (?!json_each|page)|\(tenant=\?\)$/.test(step))
      expect(throughAll).toEqual([])
    },
  )

it.each(expiringTables)('the clean-up finds the rows of $table that have ended by an index', ({ table, at }) => {
  const reader = new DatabaseSync(database.file, { readOnly: true })
  const steps = reader.prepare(`explain query plan select 1 from ${table} where tenant = 'acme' and ${at} <= 0`).all()
  reader.close()
  expect(steps.map(({ detail }) => detail)).toEqual([expect.stringMatching(`tenant=\\? AND ${at}<\\?`)])
})
