/** Codes, recovery codes and challenges, each used 200 times at once: on both databases, at one server and at two. */
import { describe, expect, inject } from 'vitest'
import { onEachDatabase, type Setup } from '../../oauth/grants/races.fixture.ts'
import type { World } from '../../server.fixture.ts'
import type { CountersignServer } from '../../server.ts'
import { type Browser, openBrowser, openLink, signIn } from '../../sign_in.fixture.ts'
import type { Reply } from '../../wire.fixture.ts'
import { enrolPasskey, enrolTotp, person } from './factors.fixture.ts'

/** On each database with one server, and with two. */
const rounds = inject('isFull') ? 250 : 1
const atOnce = 200
const timeoutMs = 60_000 + rounds * 5_000
/** Browsers that stand before the same question. */
const browsersMax = 20

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

/** How each way is set up for a person, and then used at a browser that has shown the first factor. */
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
  const { id } = await person(world, { password: undefined })
  const use = await prepare(world, await signIn(world, id))
  await caughtUp(setup)
  const asked: { readonly browser: Browser; readonly page: Reply }[] = []
  for (const browser of browsersOf(setup)) asked.push({ browser, page: await openLink(world, id, browser) })
  await caughtUp(setup)
  return Promise.all(
    Array.from({ length: atOnce }, (_, index) => {
      const { browser, page } = asked[index % asked.length] as (typeof asked)[number]
      return use(browser, page)
    }),
  )
}

/** The limits of tries of one address would refuse most of them. */
function withoutLimits({ servers }: Setup): void {
  for (const { services } of servers) services.signInTries.begin = () => 0
}

describe.each(Object.entries(ways))('%s', (_, prepare) => {
  onEachDatabase(
    `of ${atOnce} uses at once, one signs in`,
    async (setup) => {
      withoutLimits(setup)
      for (let round = 0; round < rounds; round++) {
        const replies = await raceOnce(setup, prepare)
        expect(replies.filter(({ status }) => status === 303)).toHaveLength(1)
        expect(replies.filter(({ status }) => ![303, 410, 422, 429].includes(status))).toEqual([])
      }
    },
    timeoutMs,
  )
})

describe('the challenge of a passkey', () => {
  onEachDatabase(`of ${atOnce} answers at once, one signs in`, async (setup) => {
    withoutLimits(setup)
    const { world, servers } = setup
    const passkey = await enrolPasskey(await signIn(world, (await person(world)).id))
    await caughtUp(setup)
    const browser = openBrowser(world)
    const page = await browser.get('/login')
    // The cookie of the browser is good at both servers, since they have one master key.
    const answers = Array.from({ length: atOnce }, (_each, index) =>
      passkey.get(page, '/login', { counter: index + 1 }),
    )
    const at = servers.map((server) => openBrowser({ ...world, server }, { cookie: browser.cookie() }))
    const replies = await Promise.all(
      answers.map((fields, index) => (at[index % at.length] as Browser).post('/login', fields)),
    )
    expect(replies.filter(({ status }) => status === 303)).toHaveLength(1)
  })
})
