import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cookieName } from '../../caller/session_cookie.ts'
import { baseUrl, startWorld, type World } from '../../server.fixture.ts'
import { type Browser, openBrowser, signIn } from '../../sign_in.fixture.ts'
import type { Reply } from '../../wire.fixture.ts'
import { enrolPasskey, enrolTotp, enterPassword, type Person, password, person, signedIn } from './factors.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())
beforeEach(() => {
  world.now += 7_200
})

const path = '/account/step-up'

async function late(more: object = {}): Promise<{ ann: Person; browser: Browser }> {
  const ann = await person(world, more)
  const browser = await signedIn(world, ann)
  world.now += 601
  return { ann, browser }
}

const me = (browser: Browser) => browser.call('GET', '/v1/me')

/** The same session by the text that it had. */
function withText(text: string, server = world.server): Promise<Reply> {
  const headers = [['Cookie', `${cookieName(baseUrl, 'session')}=${text}`]] as const
  return world.call('GET', '/v1/me', { as: null, headers, server })
}

describe('stepping up', () => {
  it('by the password goes back to the page that asked, with the same session under another secret', async () => {
    const { browser } = await late()
    const before = browser.session as string
    const { id, authenticatedAt } = (await me(browser)).body.session
    const asked = await browser.get('/account/passkeys')
    expect([asked.status, asked.headers.Location]).toEqual([
      303,
      `${baseUrl}${path}?returnTo=${encodeURIComponent('/account/passkeys')}`,
    ])
    const page = await browser.get(String(asked.headers.Location).slice(baseUrl.length))
    const reply = await browser.submit(page, path, { password })
    expect([reply.status, reply.headers.Location]).toEqual([303, `${baseUrl}/account/passkeys`])
    expect(browser.session).not.toBe(before)
    expect(browser.session?.slice(0, 21)).toBe(before.slice(0, 21))
    expect((await me(browser)).body.session).toMatchObject({ id, authenticatedAt })
    expect((await browser.get('/account/passkeys')).status).toBe(200)
  })

  it('pressed twice, goes on to the same page', async () => {
    const { browser } = await late()
    const page = await browser.get(`${path}?${new URLSearchParams({ returnTo: '/account/passkeys' })}`)
    const twice = await Promise.all([
      browser.submit(page, path, { password }),
      browser.submit(page, path, { password }),
    ])
    const to = [303, `${baseUrl}/account/passkeys`]
    expect(twice.map(({ status, headers }) => [status, headers.Location])).toEqual([to, to])
    expect((await browser.get('/account/passkeys')).status).toBe(200)
  })

  it('leaves the former text for ten seconds more, at every server, and no longer', async () => {
    const { browser } = await late()
    const second = await world.second()
    const before = browser.session as string
    expect([(await withText(before)).status, (await withText(before, second)).status]).toEqual([200, 200])
    await browser.submit(await browser.get(path), path, { password })
    world.now += 9
    expect((await withText(before)).status).toBe(200)
    await expect.poll(async () => (await withText(before, second)).status).toBe(200)
    world.now += 1
    expect((await withText(before)).status).toBe(401)
    await expect.poll(async () => (await withText(before, second)).status).toBe(401)
    expect((await me(browser)).status).toBe(200)
    expect((await withText(browser.session as string, second)).status).toBe(200)
  })

  it('proves nothing for whoever has the former text', async () => {
    const { browser } = await late({ role: 'operator' })
    const thief = openBrowser(world)
    await thief.get('/login')
    const before = browser.session as string
    const headers = [
      ['Cookie', `${cookieName(baseUrl, 'session')}=${before}`],
      ['Sec-Fetch-Site', 'same-origin'],
    ] as const
    await browser.submit(await browser.get(path), path, { password })
    const roll = { as: null, headers, body: {} }
    const stolen = await world.call('POST', '/v1/signing-keys/rotate', roll)
    expect(stolen.body.code).toBe('step_up_required')
    const asked = await world.call('GET', '/account/passkeys', { as: null, headers })
    expect(String(asked.headers.Location)).toContain(path)
    expect((await browser.call('POST', '/v1/signing-keys/rotate', {})).status).toBe(200)
  })

  it('ends with the session: both texts are refused at once', async () => {
    const { browser } = await late()
    const before = browser.session as string
    await browser.submit(await browser.get(path), path, { password })
    const { id } = (await me(browser)).body.session
    await world.ok('POST', `/v1/sessions/${id}/revoke`)
    expect([(await withText(before)).status, (await me(browser)).status]).toEqual([401, 401])
  })

  it.each([
    ['a wrong password', { password: 'wrong one here' }, 422],
    ['no password', {}, 422],
    ['a code that the account does not have', { totp: '000000' }, 422],
    ['a recovery code that it does not have', { recovery_code: '0000-0000-0000-0000' }, 422],
    ['a long password', { password: 'x'.repeat(60_000) }, 422],
  ])('by %s is refused and changes nothing', async (_, fields, status) => {
    const { browser } = await late()
    const page = await browser.get(path)
    const before = world.dump()
    expect((await browser.submit(page, path, fields)).status).toBe(status)
    expect(world.dump()).toBe(before)
    expect((await browser.get('/account/passkeys')).status).toBe(303)
  })

  it('by an app, a recovery code or a passkey, of an account that has them, and not by its password', async () => {
    const { ann, browser } = await late()
    await browser.submit(await browser.get(path), path, { password })
    const app = await enrolTotp(world, browser)
    const passkey = await enrolPasskey(browser)
    const proofs: ((page: Reply) => Promise<Reply>)[] = [
      (page) => browser.submit(page, path, { totp: app.code(world) }),
      (page) => browser.submit(page, path, { recovery_code: app.codes[3] as string }),
      (page) => browser.post(path, passkey.get(page, path)),
    ]
    for (const prove of proofs) {
      world.now += 601
      const page = await browser.get(path)
      expect(page.text).not.toContain('name="password"')
      expect((await browser.submit(page, path, { password })).status).toBe(422)
      expect((await prove(page)).status).toBe(303)
      expect((await browser.get('/account/password')).status).toBe(200)
    }
    const { id } = (await me(browser)).body.session
    expect((await world.store.read.sessions.find('default', id))?.amr).toEqual(['pwd', 'otp', 'mfa', 'swk'])
    expect(ann.id).toMatch(/^acct_/)
  })

  it('is asked of a session that began before the second factor was there, however new it is', async () => {
    const boss = await person(world, { role: 'operator' })
    const [here, there] = [await signedIn(world, boss), await signedIn(world, boss)]
    const form = await there.get('/account/password')
    const app = await enrolTotp(world, here)
    for (const each of ['password', 'passkeys', 'authenticator', 'recovery-codes'])
      expect(String((await there.get(`/account/${each}`)).headers.Location), each).toContain(path)
    const sent = await there.submit(form, '/account/password', { password: 'another horse battery' })
    expect(String(sent.headers.Location)).toContain(path)
    expect((await there.call('POST', '/v1/signing-keys/rotate', {})).body.code).toBe('step_up_required')
    expect((await there.submit(await there.get(path), path, { password })).status).toBe(422)
    expect((await there.submit(await there.get(path), path, { totp: app.code(world) })).status).toBe(303)
    expect((await there.get('/account/authenticator')).status).toBe(200)
    expect((await here.get('/account/authenticator')).status).toBe(200)
  })

  it('by a passkey takes that of nobody else, and none that answered a sign-in', async () => {
    const [one, two] = [await late(), await late()]
    for (const { browser } of [one, two]) await browser.submit(await browser.get(path), path, { password })
    const passkey = await enrolPasskey(two.browser)
    const own = await enrolPasskey(one.browser)
    world.now += 601
    const page = await one.browser.get(path)
    expect((await one.browser.post(path, passkey.get(page, path))).status).toBe(422)
    const login = await one.browser.get('/login')
    expect((await one.browser.post(path, own.get(login, '/login'))).status).toBe(410)
    expect((await one.browser.post(path, own.get(page, path))).status).toBe(303)
  })

  it('of 200 that use one code at once, one changes the secret', async () => {
    const { browser } = await late()
    await browser.submit(await browser.get(path), path, { password })
    const app = await enrolTotp(world, browser)
    world.now += 601
    const page = await browser.get(path)
    const { signInTries } = world.server.services
    const { begin } = signInTries
    signInTries.begin = () => 0
    const totp = app.code(world)
    const replies = await Promise.all(Array.from({ length: 200 }, () => browser.submit(page, path, { totp })))
    signInTries.begin = begin
    const won = replies.filter(({ status, cookies }) => status === 303 && cookies.length > 0)
    expect(won).toHaveLength(1)
    const text = /=(cs_sess_\w+);/.exec(won[0]?.cookies[0] ?? '')?.[1] as string
    expect((await withText(text)).status).toBe(200)
  }, 60_000)

  it('counts wrong passwords like a sign-in, so that nobody guesses here either', async () => {
    const { browser } = await late()
    const page = await browser.get(path)
    const statuses = []
    for (let index = 0; index < 7; index++)
      statuses.push((await browser.submit(page, path, { password: `wrong ${index} wrong` })).status)
    expect(statuses).toEqual([422, 422, 422, 422, 422, 429, 429])
  })

  it('goes to a page of this server alone', async () => {
    const { browser } = await late()
    for (const returnTo of ['https://evil.example', '//evil.example', '/\\evil.example']) {
      const page = await browser.get(`${path}?${new URLSearchParams({ returnTo })}`)
      expect((await browser.submit(page, path, { password })).headers.Location).toBe(`${baseUrl}/account`)
    }
  })

  it('of an account without any of these says to sign in anew', async () => {
    const { id } = await world.ok('POST', '/v1/accounts', { email: `none${world.now}@example.com`, name: 'Ann' })
    const browser = await signIn(world, id)
    expect((await browser.get('/account/passkeys')).status).toBe(200)
    world.now += 601
    expect((await browser.get(path)).text).toContain('Sign in once more')
    expect((await openBrowser(world).get(path)).headers.Location).toBe(`${baseUrl}/login`)
  })
})

describe('every page that changes who can sign in', () => {
  it.each(['/account/password', '/account/passkeys', '/account/authenticator', '/account/recovery-codes'])(
    '%s wants a proof of the last ten minutes, when it is shown and when it is sent',
    async (each) => {
      const ann = await person(world)
      const browser = await signedIn(world, ann)
      const page = await browser.get(each)
      expect(page.status).toBe(200)
      world.now += 601
      const before = world.dump()
      expect((await browser.get(each)).status).toBe(303)
      const hidden = page.text.includes(`action="${baseUrl}${each}"`)
      if (hidden) {
        const fields = { password: 'another horse battery', totp: '000000', name: 'x' }
        const sent = await browser.submit(page, each, page.text.includes('data-passkey') ? { passkey: '{}' } : fields)
        expect([sent.status, String(sent.headers.Location).includes(path)]).toEqual([303, true])
      }
      expect(world.dump()).toBe(before)
      expect((await openBrowser(world).get(each)).headers.Location).toBe(`${baseUrl}/login`)
    },
  )
})

describe('another password', () => {
  const change = async (browser: Browser, fields: Readonly<Record<string, string>>) =>
    browser.submit(await browser.get('/account/password'), '/account/password', fields)
  const next = 'another horse battery'

  it('ends all other sessions, and with its box ticked everything else', async () => {
    for (const fields of [{ password: next, applications: 'end' }, { password: next }]) {
      world.now += 120
      const ann = await person(world)
      const [here, there] = [await signedIn(world, ann), await signedIn(world, ann)]
      const link = new URL(String((await world.ok('POST', `/v1/accounts/${ann.id}/links`)).url)).hash.slice(1)
      const reply = await change(here, fields)
      expect([reply.status, reply.headers.Location]).toEqual([303, `${baseUrl}/account`])
      expect([(await me(here)).status, (await me(there)).status]).toEqual([200, 401])
      expect((await enterPassword(world, ann)).status).toBe(422)
      const other = openBrowser(world)
      expect(
        (await other.submit(await other.get('/login'), '/login', { email: ann.email, password: next })).status,
      ).toBe(303)
      const opened = openBrowser(world)
      const byLink = await opened.submit(await opened.get('/login/link'), '/login/link', { code: link })
      expect(byLink.status).toBe('applications' in fields ? 410 : 303)
      const { cutOff } = {
        cutOff: 0,
        ...(await world.store.read.statusEntries.find('default', 'account', ann.id))?.state,
      }
      expect(cutOff > 0).toBe('applications' in fields)
    }
  })

  it('keeps how and when the person signed in', async () => {
    const ann = await person(world)
    const browser = await signedIn(world, ann)
    await enrolTotp(world, browser)
    const before = (await me(browser)).body.session
    await change(browser, { password: next, applications: 'end' })
    const after = (await me(browser)).body.session
    expect(after.id).not.toBe(before.id)
    expect(after.authenticatedAt).toBe(before.authenticatedAt)
    expect((await world.store.read.sessions.find('default', after.id))?.amr).toEqual(['pwd', 'otp', 'mfa'])
  })

  it.each([
    ['a short one', '1234567'],
    ['a long one', 'x'.repeat(257)],
    ['none', ''],
    ['one that most people use', 'Password1'],
    ['NUL', 'abcdefgh\0'],
  ])('is refused when it is %s, and nobody is signed out', async (_, password) => {
    const ann = await person(world)
    const [here, there] = [await signedIn(world, ann), await signedIn(world, ann)]
    const reply = await change(here, { password })
    expect([reply.status, reply.text.includes('data-error="wrong"')]).toEqual([422, true])
    expect((await me(there)).status).toBe(200)
  })

  it('is set where there was none, for a verified address alone', async () => {
    const email = `set${world.now}@example.com`
    const { id } = await world.ok('POST', '/v1/accounts', { email, emailVerified: true, name: 'Ann' })
    expect((await change(await signIn(world, id), { password: next })).status).toBe(303)
    const other = openBrowser(world)
    expect((await other.submit(await other.get('/login'), '/login', { email, password: next })).status).toBe(303)
    const unproven = await world.ok('POST', '/v1/accounts', { email: `x${email}`, name: 'Bob' })
    expect((await change(await signIn(world, unproven.id), { password: next })).status).toBe(422)
  })
})

it('signing out everywhere ends every session, every link and every sign-in under way', async () => {
  const ann = await person(world)
  const [here, there] = [await signedIn(world, ann), await signedIn(world, ann)]
  const link = new URL(String((await world.ok('POST', `/v1/accounts/${ann.id}/links`)).url)).hash.slice(1)
  world.now += 3_000
  const page = await here.get('/account')
  const reply = await here.submit(page, '/account', { everywhere: '1' })
  expect([reply.status, reply.headers.Location, here.session]).toEqual([303, `${baseUrl}/login`, undefined])
  expect((await me(there)).status).toBe(401)
  const opened = openBrowser(world)
  expect((await opened.submit(await opened.get('/login/link'), '/login/link', { code: link })).status).toBe(410)
  expect((await enterPassword(world, ann)).status).toBe(303)
})
