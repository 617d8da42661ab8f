/** Codes, recovery codes and challenges, each used 200 times at once: on both databases, at one server and at two. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore, type Store, type StoreOptions } from '@countersign/store'
import { type PostgresServer, startPostgres, type TestDatabase } from '@countersign/store/conformance'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { MasterKey } from '../../keys/master_key.ts'
import { silentLog } from '../../observe/log.ts'
import { baseUrl, type Reply, startAt, startWorld, type World } from '../../server.fixture.ts'
import { type CountersignServer, createServer } from '../../server.ts'
import { type Browser, openBrowser } from '../../sign_in.fixture.ts'
import { enrolPasskey, enrolTotp, enterPassword, type Person, person, signedIn } from './factors.fixture.ts'

const rounds = inject('isFull') ? 20 : 1
const atOnce = 200
/** Browsers that stand before the same question. */
const browsersMax = 20

type Open = (options: StoreOptions) => Promise<Store>

interface Setup {
  readonly world: World
  readonly servers: readonly CountersignServer[]
  end(): Promise<void>
}

async function start(open: Open, second: boolean): Promise<Setup> {
  const master = new MasterKey(randomBytes(32))
  const options = { auditKey: master.derive('audit'), now: () => startAt, randomBytes }
  const world = await startWorld({ master, store: await open(options) })
  const now = () => world.now
  const other = second
    ? await createServer({ store: await open(options), master, baseUrl, version: '0.0.0', log: silentLog, now })
    : undefined
  const servers = other === undefined ? [world.server] : [world.server, other]
  for (const { services } of servers) services.signInTries.begin = () => 0
  return {
    world,
    servers,
    async end() {
      await other?.close()
      await world.close()
      await world.store.close()
    },
  }
}

/** Browsers in turn at each of the servers. */
function browsersOf({ world, servers }: Setup): readonly Browser[] {
  return Array.from({ length: browsersMax }, (_, index) =>
    openBrowser({ ...world, server: servers[index % servers.length] as CountersignServer }),
  )
}

async function caughtUp({ servers }: Setup): Promise<void> {
  for (const { services } of servers) await services.books.poll()
}

type Used = (browser: Browser, page: Reply) => Promise<Reply>

/** How each way is set up for a person, and then used at a browser that has entered the password. */
const ways: Readonly<Record<string, (world: World, first: Browser) => Promise<Used>>> = {
  'a code of an app': async (world, first) => {
    const app = await enrolTotp(world, first)
    return (browser, page) => browser.submit(page, '/login', { totp: app.code(world) })
  },
  'a recovery code': async (world, first) => {
    const { codes } = await enrolTotp(world, first)
    return (browser, page) => browser.submit(page, '/login', { recovery_code: codes[0] as string })
  },
  'a passkey that counts the same': async (_, first) => {
    const passkey = await enrolPasskey(first)
    return (browser, page) => browser.post('/login', passkey.get(page, '/login', { counter: 1 }))
  },
}

async function raceOnce(setup: Setup, prepare: (typeof ways)[string]): Promise<readonly Reply[]> {
  const { world } = setup
  const ann: Person = await person(world)
  const use = await prepare(world, await signedIn(world, ann))
  await caughtUp(setup)
  const asked: { readonly browser: Browser; readonly page: Reply }[] = []
  for (const browser of browsersOf(setup)) asked.push({ browser, page: await enterPassword(world, ann, browser) })
  await caughtUp(setup)
  return Promise.all(
    Array.from({ length: atOnce }, (_, index) => {
      const { browser, page } = asked[index % asked.length] as (typeof asked)[number]
      return use(browser, page)
    }),
  )
}

function races(open: () => Promise<Open>, setups: readonly (readonly [string, boolean])[]): void {
  describe.each(setups)('%s', (_, second) => {
    it.each(Object.entries(ways))(
      'of 200 that use %s at once, one signs in',
      async (_way, prepare) => {
        const setup = await start(await open(), second)
        try {
          for (let round = 0; round < rounds; round++) {
            const replies = await raceOnce(setup, prepare)
            expect(replies.filter(({ status }) => status === 303)).toHaveLength(1)
            expect(replies.filter(({ status }) => ![303, 410, 422, 429].includes(status))).toEqual([])
          }
        } finally {
          await setup.end()
        }
      },
      240_000,
    )

    it('of 200 answers to one challenge, one signs in', async () => {
      const setup = await start(await open(), second)
      try {
        const { world } = setup
        const passkey = await enrolPasskey(await signedIn(world, await person(world)))
        await caughtUp(setup)
        const browser = openBrowser(world)
        const page = await browser.get('/login')
        // The cookie of the browser is good at both servers, since they have one master key.
        const answers = Array.from({ length: atOnce }, (_each, index) =>
          passkey.get(page, '/login', { counter: index + 1 }),
        )
        const at = setup.servers.map((server) => openBrowser({ ...world, server }, { cookie: browser.cookie() }))
        const replies = await Promise.all(
          answers.map((fields, index) => (at[index % at.length] as Browser).post('/login', fields)),
        )
        expect(replies.filter(({ status }) => status === 303)).toHaveLength(1)
      } finally {
        await setup.end()
      }
    }, 120_000)
  })
}

const one = ['one server', false] as const
const two = ['two servers', true] as const

describe('SQLite', () => {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-factors-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  let databases = 0
  races(async () => {
    const file = join(directory, `${++databases}.db`)
    return (options) => openSqliteStore({ ...options, file })
  }, [one, two])
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
  }, [one, two])
})
