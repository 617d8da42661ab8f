/** Many at once, over both databases, with one server and with two: each mailed code, link and invitation has one winner. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createMailbox, type Mailbox } from '../../mail/mailbox.fixture.ts'
import { describeDatabases, type Open, type Setup, startSetup } from '../../oauth/grants/races.fixture.ts'
import type { World } from '../../server.fixture.ts'
import type { CountersignServer } from '../../server.ts'
import { type Browser, openBrowser, signIn } from '../../sign_in.fixture.ts'
import { type CallOptions, type Reply, send } from '../../wire.fixture.ts'
import { codeOf, makeTeam } from '../teams.fixture.ts'
import { asked, freshAddress, hidden, pathOf, person } from './mail_codes.fixture.ts'

/** A quarter on each database with one server, and with two. */
const rounds = (inject('isFull') ? 1_000 : 8) / 4
/** Codes for other things than signing in, and invitations: they are redeemed as those are. */
const otherRounds = inject('isFull') ? rounds : 1
const atOnce = 200
const timeoutMs = 60_000 + rounds * 5_000

interface MailSetup extends Setup {
  readonly mailbox: Mailbox
}

/** Without a limit of tries, and without passwords: hashing is no part of these races. */
async function start(open: Open, second: boolean): Promise<MailSetup> {
  const mailbox = createMailbox()
  const setup = await startSetup(open, second, { mail: mailbox, openness: 'open', limitsFailures: false })
  await setup.world.ok('PATCH', '/v1/settings', { signIn: { password: false } })
  return { ...setup, mailbox }
}

/** The form of a page, sent by this browser to one of the servers. */
function post(
  server: CountersignServer,
  browser: Browser,
  path: string,
  fields: Readonly<Record<string, string>>,
  more: Pick<CallOptions, 'whileReading'> = {},
): Promise<Reply> {
  const headers = [
    ['Host', 'localhost:4800'],
    ['Cookie', browser.cookie()],
    ['Sec-Fetch-Site', 'same-origin'],
    ['Content-Type', 'application/x-www-form-urlencoded'],
  ] as const
  return send(server, 'POST', path, headers, new URLSearchParams(fields).toString(), more)
}

/** All at once; every loser is told that it is over, or that this moment cannot be judged. */
async function race(
  { servers }: Setup,
  browser: Browser,
  path: string,
  fields: Readonly<Record<string, string>>,
): Promise<readonly Reply[]> {
  const replies = await Promise.all(
    Array.from({ length: atOnce }, (_, index) =>
      post(servers[index % servers.length] as CountersignServer, browser, path, fields),
    ),
  )
  for (const { status, text } of replies) expect([303, 410, 503], text).toContain(status)
  return replies.filter(({ status }) => status === 303)
}

describeDatabases((open) => {
  describe.each([
    ['one server', false],
    ['two servers', true],
  ])('%s', { timeout: timeoutMs }, (_, second) => {
    let made: MailSetup
    beforeAll(async () => {
      made = await start(await open(), second)
    }, 60_000)
    afterAll(() => made.end())
    races(() => made)
  })
})

function races(setup: () => MailSetup): void {
  it('a mailed code signs in once', async () => {
    const { mailbox, world } = setup()
    for (let round = 0; round < rounds; round++) {
      const { email } = await person(world, { password: undefined })
      const browser = openBrowser(world)
      const page = await asked(browser, '/login/code', { email })
      const code = await mailbox.code(email)
      expect(await race(setup(), browser, '/login/code', { ...hidden(page), code })).toHaveLength(1)
    }
  })

  it('a link signs in once', async () => {
    const { world } = setup()
    for (let round = 0; round < rounds; round++) {
      const { id } = await person(world, { password: undefined })
      const { url } = await world.ok('POST', `/v1/accounts/${id}/links`)
      const browser = openBrowser(world)
      const page = await browser.get('/login/link')
      const fields = { ...hidden(page), code: new URL(url).hash.slice(1) }
      expect(await race(setup(), browser, '/login/link', fields)).toHaveLength(1)
    }
  })

  it('a sign-up makes one account, also by two codes for one address', async () => {
    const { mailbox, servers, world } = setup()
    for (let round = 0; round < otherRounds; round++) {
      const email = freshAddress()
      const [one, two] = [openBrowser(world), openBrowser(world)]
      const first = { ...hidden(await asked(one, '/signup', { email, name: 'Bea' })), code: await mailbox.code(email) }
      const second = { ...hidden(await asked(two, '/signup', { email, name: 'Bea' })), code: await mailbox.code(email) }
      const replies = await Promise.all([
        race(setup(), one, '/signup', first),
        ...servers.map((server) => post(server, two, '/signup', second)),
      ])
      const won = replies.flat().filter(({ status }) => status === 303)
      expect(won).toHaveLength(1)
      expect(await world.server.services.store.read.accounts.findByEmail('default', email)).toMatchObject({
        emailVerified: true,
      })
    }
  })

  it('a code replaces a password once', async () => {
    const { mailbox, servers, world } = setup()
    const { passwords } = world.server.services
    const hashed = await passwords.hash('another horse entirely')
    for (const { services } of servers) Object.assign(services.passwords, { hash: async () => hashed })
    await world.ok('PATCH', '/v1/settings', { signIn: { password: true } })
    for (let round = 0; round < otherRounds; round++) {
      const { email } = await person(world, { password: undefined })
      const browser = openBrowser(world)
      const page = await asked(browser, '/recover', { email })
      const fields = { ...hidden(page), code: await mailbox.code(email), password: 'another horse entirely' }
      expect(await race(setup(), browser, '/recover', fields)).toHaveLength(1)
    }
    await world.ok('PATCH', '/v1/settings', { signIn: { password: false } })
  })

  it('a code changes an address once', async () => {
    const { mailbox, world } = setup()
    for (let round = 0; round < otherRounds; round++) {
      const { id } = await person(world, { password: undefined })
      const browser = await signIn(world, id)
      const email = freshAddress()
      const page = await asked(browser, '/account/address', { email })
      const fields = { ...hidden(page), code: await mailbox.code(email) }
      expect(await race(setup(), browser, '/account/address', fields)).toHaveLength(1)
    }
  })

  it('an invitation makes one account and one member', async () => {
    const { mailbox, world } = setup()
    for (let round = 0; round < otherRounds; round++) {
      const team = await makeTeam(world)
      const email = freshAddress()
      const invited = await world.ok('POST', `/v1/teams/${team.id}/members`, { email, role: 'owner' })
      const code = /\/invite#(\w{32})/.exec((await mailbox.to(email)).at(-1)?.text ?? '')?.[1] as string
      expect(code).not.toBe(codeOf(invited))
      const browser = openBrowser(world)
      const opened = await browser.submit(await browser.get('/invite'), '/invite', { code })
      const page = await browser.get(pathOf(opened))
      expect(await race(setup(), browser, '/invite', { ...hidden(page), name: 'Bea' })).toHaveLength(1)
      expect((await world.ok('GET', `/v1/teams/${team.id}/members`)).data).toHaveLength(1)
    }
  })

  it('wrong codes at once are five tries, and the right one among them comes too late', async () => {
    const { mailbox, servers, world } = setup()
    const { email } = await person(world, { password: undefined })
    const browser = openBrowser(world)
    const page = await asked(browser, '/login/code', { email })
    const code = await mailbox.code(email)
    const guesses = Array.from({ length: atOnce }, (_, index) => String((Number(code) + index + 1) % 10 ** 8))
    const replies = await Promise.all(
      [...guesses, code].map((guess, index) =>
        post(servers[index % servers.length] as CountersignServer, browser, '/login/code', {
          ...hidden(page),
          code: guess,
        }),
      ),
    )
    expect(replies.filter(({ status }) => status === 422).length).toBeLessThanOrEqual(4)
    expect(replies.filter(({ status }) => status === 303)).toEqual([])
  })

  it('of many questions at once for one address five are answered with a code', async () => {
    const { mailbox, servers, world } = setup()
    const { email } = await person(world, { password: undefined })
    const browser = openBrowser(world)
    const fields = { ...hidden(await browser.get('/login/code')), email }
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        post(servers[index % servers.length] as CountersignServer, browser, '/login/code', fields),
      ),
    )
    expect(replies.filter(({ status }) => status === 303)).toHaveLength(5)
    expect(await mailbox.to(email)).toHaveLength(5)
  })

  it('a code of one page is good at no other', async () => {
    const { mailbox, servers, world } = setup()
    await world.ok('PATCH', '/v1/settings', { signIn: { password: true } })
    const { email } = await person(world)
    const browser = openBrowser(world)
    const pages = ['/login/code', '/recover'] as const
    for (const path of pages) {
      const page = await asked(browser, path, { email })
      const code = await mailbox.code(email)
      for (const other of [...pages, '/signup'].filter((each) => each !== path)) {
        const { challenge = '' } = hidden(page)
        expect((await browser.get(`${other}?challenge=${challenge}`)).status).toBe(410)
        // A form token of that very page for this very code: were it to be had, it would be of no use.
        const { csrf = '' } = hidden(await forge(world, browser, other, challenge))
        const fields = { csrf, challenge, code, password: 'another horse entirely' }
        const reply = await post(servers[0] as CountersignServer, browser, other, fields)
        expect(reply.status, `${path} at ${other}`).toBe(410)
      }
    }
    await world.ok('PATCH', '/v1/settings', { signIn: { password: false } })
  })

  it('a sign-up whose code is read while the owner closes it makes no account', async () => {
    const { mailbox, world } = setup()
    const email = freshAddress()
    const browser = openBrowser(world)
    const page = await asked(browser, '/signup', { email, name: 'Bea' })
    const fields = { ...hidden(page), code: await mailbox.code(email) }
    const whileReading = () => world.ok('PATCH', '/v1/settings', { signUp: 'off' })
    expect((await post(world.server, browser, '/signup', fields, { whileReading })).status).toBe(410)
    expect(await world.server.services.store.read.accounts.findByEmail('default', email)).toBeUndefined()
    await world.ok('PATCH', '/v1/settings', { signUp: 'open' })
  })
}

/** A page with a form token for that name, as if this server had shown it: made with its own key. */
async function forge(world: World, browser: Browser, path: string, challenge: string): Promise<Reply> {
  const { createMac } = await import('../../keys/mac.ts')
  const [, text = ''] = /csb-\w+=(\w+)/.exec(browser.cookie()) ?? []
  const mac = createMac(world.server.services.master.derive('form_tokens'))
  const csrf = mac.of(JSON.stringify(['default', text, browser.session ?? '', `${path} ${challenge}`]))
  const page = `<input type="hidden" name="csrf" value="${csrf}">`
  return { status: 200, headers: {}, cookies: [], text: page, body: {} as Reply['body'] }
}
