/** Every field of every form of these pages with what nobody should send: an answer each time, and nobody comes in. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startWorld, type World } from '../../server.fixture.ts'
import { type Browser, hiddenFields, openBrowser } from '../../sign_in.fixture.ts'
import type { Reply } from '../../wire.fixture.ts'
import { enrolPasskey, enrolTotp, enterPassword, person, signedIn } from './factors.fixture.ts'
import { createAuthenticator, passkeyForm } from './passkey.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  world.server.services.signInTries.begin = () => 0
})
afterAll(() => world.close())
beforeEach(() => {
  world.now += 7_200
})

const strange = [
  '',
  ' ',
  '\0',
  'x'.repeat(20_000),
  '💥',
  '\ud800',
  '{}',
  '[]',
  'null',
  '-1',
  '../..',
  '%00',
  "' or 1=1 --",
  '<b>',
]

interface Prepared {
  readonly browser: Browser
  readonly page: Reply
}

interface Case {
  readonly path: string
  /** Fields beside the token of the form, with what would be good or nearly so. */
  readonly fields: Readonly<Record<string, string>>
  readonly open: () => Promise<Prepared>
  /** The form is one that a passkey fills. */
  readonly isPasskey?: true
}

async function atSecondFactor(): Promise<Prepared> {
  const ann = await person(world)
  await enrolTotp(world, await signedIn(world, ann))
  const browser = openBrowser(world)
  return { browser, page: await enterPassword(world, ann, browser) }
}

async function at(path: string, prepare: (browser: Browser) => Promise<unknown> = async () => {}): Promise<Prepared> {
  const browser = await signedIn(world, await person(world))
  await prepare(browser)
  return { browser, page: await browser.get(path) }
}

const login = async (): Promise<Prepared> => {
  const browser = openBrowser(world)
  return { browser, page: await browser.get('/login') }
}

const account = '/account'
const cases: Readonly<Record<string, Case>> = {
  'the second factor': { path: '/login', fields: { totp: '000000', recovery_code: 'X' }, open: atSecondFactor },
  'a passkey at sign-in': { path: '/login', fields: { passkey: '{}', challenge: 'x' }, open: login, isPasskey: true },
  'a passkey as second factor': {
    path: '/login',
    fields: { passkey: '{}', challenge: 'x', pending: 'x' },
    open: atSecondFactor,
    isPasskey: true,
  },
  'another password': {
    path: `${account}/password`,
    fields: { password: '1234567', applications: 'x' },
    open: () => at(`${account}/password`),
  },
  'an app': {
    path: `${account}/authenticator`,
    fields: { enrolment: 'x', totp: '000000' },
    open: () => at(`${account}/authenticator`),
  },
  'a new passkey': {
    path: `${account}/passkeys`,
    fields: { passkey: '{}', challenge: 'x', handle: 'x', name: 'x' },
    open: () => at(`${account}/passkeys`),
    isPasskey: true,
  },
  'stepping up by password': {
    path: `${account}/step-up`,
    fields: { password: 'x', totp: '0', recovery_code: 'x', returnTo: '//x' },
    open: () => at(`${account}/step-up`),
  },
  'stepping up by passkey': {
    path: `${account}/step-up`,
    fields: { passkey: '{}', challenge: 'x' },
    open: () => at(`${account}/step-up`, enrolPasskey),
    isPasskey: true,
  },
  'what is ended at the account': { path: account, fields: { session: 'x', consent: 'x' }, open: () => at(account) },
}

const taken = new Set([200, 303, 400, 410, 413, 422, 429, 503])

describe.each(Object.entries(cases))('%s', (_, { path, fields, open, isPasskey }) => {
  it.each(Object.keys(fields))('with a strange %s is answered, and changes no way to sign in', async (name) => {
    const { browser, page } = await open()
    const session = browser.session
    const own = isPasskey === true ? passkeyForm(page, path).fields : hidden(page, path)
    for (const value of strange) {
      const before = ways()
      const reply = await browser.post(path, {
        ...own,
        ...(isPasskey === true ? { passkey: '{}' } : {}),
        [name]: value,
      })
      expect(taken, `${JSON.stringify(value.slice(0, 20))}: ${reply.status} ${reply.text.slice(0, 300)}`).toContain(
        reply.status,
      )
      expect(reply.text).not.toContain('internal_error')
      // A password may have any characters.
      if (name !== 'password' || value.length < 8) expect(ways(), value.slice(0, 20)).toBe(before)
      if (path === '/login') expect(browser.session).toBe(session)
    }
  })

  it('with a field twice, a hundred fields, or no form at all is refused', async () => {
    const { browser, page } = await open()
    const own = isPasskey === true ? passkeyForm(page, path).fields : hidden(page, path)
    const cookie = ['Cookie', browser.cookie()] as const
    const form = ['Content-Type', 'application/x-www-form-urlencoded'] as const
    const site = ['Sec-Fetch-Site', 'same-origin'] as const
    const before = ways()
    const [name = ''] = Object.keys(fields)
    const text = new URLSearchParams({ ...own, [name]: 'a' }).toString()
    for (const [raw, type] of [
      [`${text}&${name}=b`, form],
      [`${text}${'&a=b'.repeat(100)}`, form],
      [JSON.stringify(own), ['Content-Type', 'application/json']],
      [text, ['Content-Type', 'text/plain']],
      ['%', form],
    ] as const) {
      const reply = await world.call('POST', path, { as: null, raw, headers: [cookie, site, type] })
      expect(reply.status, raw.slice(-40)).toBe(400)
    }
    expect(ways()).toBe(before)
  })
})

it('a passkey of somebody else’s page, or with fields of another form, is refused', async () => {
  const { browser, page } = await cases['a new passkey']!.open()
  const path = `${account}/passkeys`
  const fields = createAuthenticator().create(page, path)
  for (const [name, value] of Object.entries({ handle: 'AAAA', challenge: 'AAAA', csrf: 'AAAA' }))
    expect((await browser.post(path, { ...fields, [name]: value })).status, name).toBe(410)
  expect((await browser.post('/login', fields)).status).toBe(410)
  expect((await browser.post(`${account}/step-up`, fields)).status).toBe(410)
})

/** Identities without what counts wrong codes, and passkeys. */
function ways(): string {
  const tables = JSON.parse(world.dump()) as readonly (readonly [string, readonly { readonly kind?: string }[]])[]
  const kept = tables.filter(([name]) => name === 'identities' || name === 'passkeys')
  expect(kept).toHaveLength(2)
  return JSON.stringify(kept.map(([, rows]) => rows.filter(({ kind }) => kind !== 'totp')))
}

function hidden(page: Reply, path: string): Readonly<Record<string, string>> {
  const forms = page.text.split('<form ').slice(1)
  const form =
    forms.find((each) => each.includes(`${path}"`) && !each.includes('data-passkey'))?.split('</form>')[0] ?? ''
  return hiddenFields(form)
}
