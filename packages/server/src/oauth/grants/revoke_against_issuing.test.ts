import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { openSqliteStore, type Store, type StoreOptions } from '@countersign/store'
import { type PostgresServer, startPostgres, type TestDatabase } from '@countersign/store/conformance'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { MasterKey } from '../../keys/master_key.ts'
import { silentLog } from '../../observe/log.ts'
import { baseUrl, type Reply, startAt, startWorld, type World } from '../../server.fixture.ts'
import { type CountersignServer, createServer } from '../../server.ts'
import { type Asker, prepareApis, tokenOf, type Way, ways } from '../issuing.fixture.ts'

/** On each database; half of them with one server, half with two. */
const rounds = (inject('isFull') ? 1_000 : 100) / 2
/** In each round: most ways are refused once the revoke has come, so few at once find more moments than all together. */
const atOnce = 6

const now = (): number => startAt

type Open = (options: StoreOptions) => Promise<Store>

/** One or two servers over one database. */
interface Setup {
  readonly world: World
  readonly servers: readonly CountersignServer[]
  end(): Promise<void>
}

async function start(open: Open, second: boolean): Promise<Setup> {
  const master = new MasterKey(randomBytes(32))
  const options = { auditKey: master.derive('audit'), now, randomBytes }
  const world = await startWorld({ master, store: await open(options) })
  await prepareApis(world)
  const other = second
    ? await createServer({ store: await open(options), master, baseUrl, version: '0.0.0', log: silentLog, now })
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

/** All at once, of one client; the revoke comes after so many turns of the event loop. What was given, by way. */
async function race({ world, servers }: Setup, round: number): Promise<readonly (readonly [string, string, Reply])[]> {
  const some = Array.from({ length: atOnce }, (_, index) => ways[(round * atOnce + index) % ways.length] as Way)
  const [first, ...rest] = some as [Way, ...Way[]]
  const asker = await first.prepare(world)
  const askers = [asker]
  for (const way of rest) askers.push(await way.prepare(world, asker))
  for (const { services } of servers) await services.books.poll()
  const asked = some.map(async (way, index) => {
    const server = servers[(round + index) % servers.length] as CountersignServer
    return [way.name, way.audience, await (askers[index] as Asker).ask(server)] as const
  })
  for (let turn = 0; turn < round % 12; turn++) await setImmediate()
  const revoked = await world.call('POST', `/v1/clients/${asker.clientId}/revoke`, { body: {} })
  expect(revoked.status).toBe(200)
  return Promise.all(asked)
}

async function expectDead({ world, servers }: Setup, given: readonly (readonly [string, string, Reply])[]) {
  for (const { services } of servers) await services.books.poll()
  const alive: string[] = []
  let count = 0
  for (const [name, aud, reply] of given) {
    expect([200, 201, 400, 401, 409, 503], `${name}: ${reply.text}`).toContain(reply.status)
    if (reply.status >= 300) continue
    count++
    for (const server of servers) {
      const body = { credential: tokenOf(reply), audience: aud }
      const { active } = (await world.call('POST', '/v1/verify', { body, server })).body
      if (active) alive.push(name)
    }
  }
  expect(alive).toEqual([])
  return count
}

function races(open: () => Promise<Open>): void {
  it.each([
    ['one server', false],
    ['two servers', true],
  ])(`%s: ${rounds} rounds`, { timeout: 240_000 }, async (_, second) => {
    const setup = await start(await open(), second)
    try {
      let count = 0
      for (let round = 0; round < rounds; round++) count += await expectDead(setup, await race(setup, round))
      // Not all were refused: in some rounds the revoke met them on their way.
      expect(count).toBeGreaterThan(0)
    } finally {
      await setup.end()
    }
  })
}

describe('whatever was asked for before a client’s revoke is dead after it', () => {
  describe('SQLite', () => {
    const directory = mkdtempSync(join(tmpdir(), 'countersign-issuing-'))
    afterAll(() => rmSync(directory, { recursive: true, force: true }))
    let databases = 0
    races(async () => {
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
    races(async () => {
      const database = await postgres.create()
      databases.push(database)
      return (options) => database.open(options)
    })
  })
})
