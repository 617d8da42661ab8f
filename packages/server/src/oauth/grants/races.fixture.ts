/** Races on SQLite and on PostgreSQL, with one server and with two over one database. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore, type Store, type StoreOptions } from '@countersign/store'
import { type PostgresServer, startPostgres, type TestDatabase } from '@countersign/store/conformance'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { MasterKey } from '../../keys/master_key.ts'
import { silentLog } from '../../observe/log.ts'
import { baseUrl, quickPasswords, startAt, startWorld, type World } from '../../server.fixture.ts'
import { type CountersignServer, createServer } from '../../server.ts'
import type { ServerOptions } from '../../server_options.ts'

export type Open = (options: StoreOptions) => Promise<Store>

/** One or two servers over one database. */
export interface Setup {
  readonly world: World
  readonly servers: readonly CountersignServer[]
  end(): Promise<void>
}

/** `own`: options of every server. */
export async function startSetup(open: Open, second: boolean, own: Partial<ServerOptions> = {}): Promise<Setup> {
  const master = new MasterKey(randomBytes(32))
  const options = { auditKey: master.derive('audit'), now: () => startAt, randomBytes }
  const world = await startWorld({ master, store: await open(options), ...own })
  const other = second
    ? await createServer({
        store: await open(options),
        master,
        baseUrl,
        version: '0.0.0',
        log: silentLog,
        now: () => world.now,
        passwords: quickPasswords(),
        ...own,
      })
    : undefined
  return {
    world,
    servers: other === undefined ? [world.server] : [world.server, other],
    async end() {
      await other?.close()
      await world.close()
      await world.store.close()
    },
  }
}

/** One test for each database and number of servers. */
export function onEachDatabase(name: string, run: (setup: Setup) => Promise<void>, timeout = 240_000): void {
  describeDatabases((open) => {
    it.each([
      ['one server', false],
      ['two servers', true],
    ])(`%s: ${name}`, { timeout }, async (_, second) => {
      const setup = await startSetup(await open(), second)
      try {
        await run(setup)
      } finally {
        await setup.end()
      }
    })
  })
}

/** The same tests for each database. Each `open` makes an empty one. */
export function describeDatabases(tests: (open: () => Promise<Open>) => void): void {
  describe('SQLite', () => {
    const directory = mkdtempSync(join(tmpdir(), 'countersign-races-'))
    afterAll(() => rmSync(directory, { recursive: true, force: true }))
    let databases = 0
    tests(async () => {
      const file = join(directory, `${++databases}.db`)
      return (options) => openSqliteStore({ ...options, file })
    })
  })

  describe('PostgreSQL', () => {
    let postgres: PostgresServer
    const databases: TestDatabase[] = []
    beforeAll(async () => {
      postgres = await startPostgres()
    })
    afterAll(async () => {
      for (const database of databases) await database.drop()
      await postgres.stop()
    })
    tests(async () => {
      const database = await postgres.create()
      databases.push(database)
      return (options) => database.open(options)
    })
  })
}
