import { formatTime, isSessionCookieName } from '@countersign/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cookieName } from '../caller/session_cookie.ts'
import { audience, baseUrl, startAt, startWorld, type World } from '../server.fixture.ts'
import { type Browser, openBrowser, signIn } from '../sign_in.fixture.ts'
import type { Wire } from '../wire.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())
beforeEach(() => {
  world.now = startAt
})

let count = 0
const account = (more: object = {}): Promise<Wire> =>
  world.ok('POST', '/v1/accounts', { email: `p${++count}@example.com`, emailVerified: true, name: 'Ann', ...more })
const operator = (scope?: string): Promise<Wire> =>
  account({ role: 'operator', ...(scope === undefined ? {} : { scope }) })
const me = (browser: Browser) => browser.call('GET', '/v1/me')

describe('a session', () => {
  it('is a credential of kind session for the account, with the scope that the account has', async () => {
    const { id } = await operator('keys:read clients:read')
    const browser = await signIn(world, id)
    const reply = await me(browser)
    expect(reply.body).toMatchObject({
      kind: 'session',
      subject: id,
      clientId: 'client_portal',
      name: 'Ann',
      role: 'operator',
      scope: 'keys:read clients:read',
      teams: [],
      session: { authenticatedAt: '2027-01-15T08:00:00Z', expiresAt: '2027-01-15T20:00:00Z' },
    })
    expect((await browser.call('GET', '/v1/keys')).status).toBe(200)
    expect((await browser.call('GET', '/v1/audit')).body.code).toBe('insufficient_scope')
  })

  it('of a person without a role reaches nothing but its own', async () => {
    const browser = await signIn(world, (await account()).id)
    expect((await me(browser)).body).toMatchObject({ scope: '', kind: 'session' })
    for (const path of ['/v1/keys', '/v1/accounts', '/v1/clients', '/v1/apis', '/v1/audit'])
      expect((await browser.call('GET', path)).status, path).toBe(403)
    expect((await browser.call('GET', '/v1/sessions')).body.data).toHaveLength(1)
  })

  it('is never good in a header, and nothing else is good in the cookie', async () => {
    const browser = await signIn(world, (await operator()).id)
    const text = browser.session as string
    expect(text).toMatch(/^cs_sess_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$/)
    expect((await me(browser)).status).toBe(200)
    for (const headers of [[['Authorization', `Bearer ${text}`]], [['X-API-Key', text]]] as const)
      expect((await world.call('GET', '/v1/me', { as: null, headers })).body.code).toBe('invalid_token')
    for (const other of [world.admin, (await world.token()).body.access_token, 'x', text.slice(0, -1)]) {
      const headers = [['Cookie', `${cookieName(baseUrl, 'session')}=${other}`]] as const
      expect((await world.call('GET', '/v1/me', { as: null, headers })).status, other.slice(0, 12)).toBe(401)
    }
    expect(await world.verify(text, { audience: `${baseUrl}/v1` })).toMatchObject({ active: false, code: 'malformed' })
    expect((await world.form('/oauth/introspect', { token: text }, { as: world.admin })).body).toEqual({
      active: false,
    })
  })

  it.each(['https://auth.example.com/t/acme', 'http://localhost:4111'])(
    'lives in a cookie of a name that a gateway knows and keeps from the API: %s',
    (issuer) => {
      expect(isSessionCookieName(cookieName(issuer, 'session'))).toBe(true)
      expect(isSessionCookieName(cookieName(issuer, 'browser'))).toBe(true)
    },
  )

  it('beside a credential in a header is 400, and two cookies of its name are none', async () => {
    const browser = await signIn(world, (await operator()).id)
    const cookie = ['Cookie', browser.cookie()] as const
    expect((await world.call('GET', '/v1/me', { headers: [cookie] })).status).toBe(400)
    const twice = [cookie, cookie]
    expect((await world.call('GET', '/v1/me', { as: null, headers: twice })).body.code).toBe('missing_credential')
  })

  it('changes something only from a page of this server, with a JSON body', async () => {
    const browser = await signIn(world, (await operator()).id)
    const body = { name: 'x', type: 'service', access: [] }
    const before = world.dump()
    for (const headers of [
      [],
      [['Sec-Fetch-Site', 'cross-site']],
      [['Sec-Fetch-Site', 'same-site']],
      [['Sec-Fetch-Site', 'none']],
      [['Origin', 'null']],
      [['Origin', 'http://localhost:4801']],
      [
        ['Sec-Fetch-Site', 'same-origin'],
        ['Sec-Fetch-Site', 'cross-site'],
      ],
      [
        ['Sec-Fetch-Site', 'cross-site'],
        ['Origin', baseUrl],
      ],
    ] as const)
      expect((await browser.call('POST', '/v1/clients', body, headers)).status, String(headers)).toBe(403)
    const form = [...[['Sec-Fetch-Site', 'same-origin'] as const], ['Content-Type', 'text/plain'] as const]
    expect((await browser.call('POST', '/v1/clients', undefined, form)).status).toBe(400)
    expect(world.dump()).toBe(before)
    expect((await browser.call('POST', '/v1/clients', body)).status).toBe(201)
    expect((await browser.call('POST', '/v1/clients', body, [['Origin', baseUrl]])).status).toBe(201)
  })

  it('loses what its account loses, at the next request and inside the writing transaction', async () => {
    const { id } = await operator()
    const browser = await signIn(world, id)
    await world.ok('PATCH', `/v1/accounts/${id}`, { scope: 'keys:read' })
    expect((await me(browser)).body.scope).toBe('keys:read')
    expect((await browser.call('GET', '/v1/clients')).status).toBe(403)
    await world.ok('PATCH', `/v1/accounts/${id}`, { role: null })
    expect((await browser.call('GET', '/v1/keys')).status).toBe(403)
  })

  it('ends 12 hours after it was last seen, moved at most once an hour, and after 30 days whatever is done', async () => {
    const { id } = await operator()
    const browser = await signIn(world, id)
    const ends = async () => ((await me(browser)).body.session?.expiresAt as string | undefined) ?? 'over'
    world.now = startAt + 3_599
    expect([await ends(), await ends()]).toEqual(Array(2).fill('2027-01-15T20:00:00Z'))
    world.now = startAt + 3_600
    await ends()
    await expect.poll(ends).toBe('2027-01-15T21:00:00Z')
    const { data } = await world.ok('GET', '/v1/audit?action=session.extend')
    expect(data).toHaveLength(1)
    const last = startAt + 30 * 86_400
    for (let at = startAt + 45_000; at < last; at += 41_000) {
      world.now = at
      await ends()
      await expect.poll(ends).toBe(formatTime(Math.min(at + 43_200, last)))
    }
    world.now = startAt + 30 * 86_400
    expect(await ends()).toBe('over')
  })
})

describe('whatever ends a session, ends it everywhere', () => {
  const ends: Readonly<Record<string, (id: string, browser: Browser) => Promise<unknown>>> = {
    'its own revocation': async (_, browser) => {
      const { id } = (await me(browser)).body.session
      expect((await browser.call('POST', `/v1/sessions/${id}/revoke`, {})).status).toBe(200)
    },
    'signing out': async (_, browser) => browser.submit(await browser.get('/logout'), '/logout'),
    'signing the account out everywhere': (id) => world.ok('POST', `/v1/accounts/${id}/revoke`),
    'disabling the account': (id) => world.ok('PATCH', `/v1/accounts/${id}`, { status: 'disabled' }),
    'a new password': (id) => world.ok('PATCH', `/v1/accounts/${id}`, { password: 'correct horse battery' }),
    'deleting the account': (id) => world.ok('DELETE', `/v1/accounts/${id}`),
    'revoking the built-in client': () => world.ok('POST', '/v1/clients/client_portal/revoke'),
  }

  it.each(Object.entries(ends))('%s', async (_, end) => {
    const { id } = await account()
    const browser = await signIn(world, id)
    const text = browser.cookie()
    const other = await world.second()
    const asked = { as: null, headers: [['Cookie', text]] as const, server: other }
    expect((await world.call('GET', '/v1/me', asked)).status).toBe(200)
    await end(id, browser)
    expect((await world.call('GET', '/v1/me', { as: null, headers: [['Cookie', text]] })).status).toBe(401)
    await expect.poll(async () => (await world.call('GET', '/v1/me', asked)).status).toBe(401)
  })

  it('enabling an account brings none of its sessions back, and a new sign-in is good', async () => {
    const { id } = await account()
    const browser = await signIn(world, id)
    await world.ok('PATCH', `/v1/accounts/${id}`, { status: 'disabled' })
    await world.ok('PATCH', `/v1/accounts/${id}`, { status: 'active' })
    expect((await me(browser)).status).toBe(401)
    expect((await me(await signIn(world, id))).status).toBe(200)
  })

  it('a person sees and ends sessions of their own alone', async () => {
    const [ann, bob] = [await account(), await account()]
    const [first, second, bobs] = [
      await signIn(world, ann.id),
      await signIn(world, ann.id),
      await signIn(world, bob.id),
    ]
    const { data } = (await first.call('GET', '/v1/sessions')).body
    expect(data.map(({ accountId }) => accountId)).toEqual([ann.id, ann.id])
    expect(data.filter(({ current }) => current)).toHaveLength(1)
    const { id } = (await me(second)).body.session
    expect((await bobs.call('POST', `/v1/sessions/${id}/revoke`, {})).status).toBe(404)
    expect((await bobs.call('GET', `/v1/sessions?accountId=${ann.id}`)).status).toBe(403)
    expect((await me(second)).status).toBe(200)
    expect((await first.call('POST', `/v1/sessions/${id}/revoke`, {})).status).toBe(200)
    expect([(await me(second)).status, (await me(first)).status]).toEqual([401, 200])
  })
})

describe('authority', () => {
  it('nobody makes, changes, ends or links an account that can do more than the caller', async () => {
    const { key } = await world.caller('accounts:read accounts:write keys:read')
    const boss = await operator('keys:read keys:write')
    const plain = await account()
    const as = { as: key }
    const body = { email: 'x@example.com', name: 'X', role: 'operator', scope: 'keys:write' }
    const before = world.dump()
    for (const [method, path, given] of [
      ['POST', '/v1/accounts', body],
      ['POST', '/v1/accounts', { ...body, scope: undefined }],
      ['PATCH', `/v1/accounts/${boss.id}`, { name: 'Y' }],
      ['PATCH', `/v1/accounts/${boss.id}`, { password: 'correct horse battery' }],
      ['PATCH', `/v1/accounts/${plain.id}`, { role: 'operator' }],
      ['PATCH', `/v1/accounts/${plain.id}`, { role: 'operator', scope: 'keys:write' }],
      ['POST', `/v1/accounts/${boss.id}/links`, undefined],
      ['POST', `/v1/accounts/${boss.id}/revoke`, {}],
      ['DELETE', `/v1/accounts/${boss.id}`, undefined],
    ] as const)
      expect((await world.call(method, path, { ...as, body: given })).status, `${method} ${path}`).toBe(403)
    expect(world.dump()).toBe(before)
    expect((await world.call('POST', `/v1/accounts/${plain.id}/links`, as)).status).toBe(201)
  })

  it('the account of another tenant is not there', async () => {
    const tenant = await world.ok('POST', '/v1/tenants', { slug: `t${++count}`, name: 'T' })
    const theirs = { as: tenant.adminKey, at: new URL(tenant.issuer).pathname }
    const { id } = await account()
    expect((await world.call('GET', `/v1/accounts/${id}`, theirs)).status).toBe(404)
    expect((await world.call('GET', '/v1/accounts', theirs)).body.data).toEqual([])
    const browser = await signIn(world, id)
    const headers = [['Cookie', `${cookieName(tenant.issuer, 'session')}=${browser.session}`]] as const
    expect((await world.call('GET', '/v1/me', { as: null, headers, at: theirs.at })).status).toBe(401)
  })

  it('a verified address is unique in its tenant, whatever its case, and an unverified one is nobody’s', async () => {
    const email = `Unique${++count}@example.com`
    await account({ email, emailVerified: false })
    await account({ email, emailVerified: false })
    const { id } = await account({ email })
    const body = { email: email.toUpperCase(), emailVerified: true, name: 'Bob' }
    expect((await world.call('POST', '/v1/accounts', { body })).status).toBe(409)
    await world.ok('DELETE', `/v1/accounts/${id}`)
    expect((await world.call('POST', '/v1/accounts', { body })).status).toBe(201)
    expect(world.dump()).not.toContain(`${id}","${email}`)
  })

  it.each([
    ['a scope without the role', { scope: 'keys:read' }, '/scope'],
    ['a scope that the tenant does not have', { role: 'operator', scope: 'nothing:read' }, '/scope'],
    ['the management API as access', { access: [{ audience: `${baseUrl}/v1`, scope: 'keys:read' }] }, '/access'],
    ['an API that is not there', { access: [{ audience: 'https://no.test', scope: 'a' }] }, '/access/0/audience'],
    ['a scope that the API does not have', { access: [{ audience, scope: 'no:read' }] }, '/access/0/scope'],
    ['a short password', { password: '1234567' }, '/password'],
    ['a long password', { password: 'x'.repeat(257) }, '/password'],
    ['a password that most people use', { password: 'Password1' }, '/password'],
    ['a password without a verified address', { password: 'correct horse battery', emailVerified: false }, '/password'],
    ['an address that is none', { email: 'ann' }, '/email'],
  ])('%s is 400 with a pointer, and changes nothing', async (_, more, pointer) => {
    const before = world.dump()
    const body = { email: 'q@example.com', emailVerified: true, name: 'Q', ...more }
    const reply = await world.call('POST', '/v1/accounts', { body })
    expect([reply.status, reply.body.errors?.[0]?.pointer]).toEqual([400, pointer])
    expect(world.dump()).toBe(before)
  })
})

describe('a link that signs in', () => {
  it('is good once, for the browser that redeems it first', async () => {
    const { id } = await account()
    const { url, expiresAt } = await world.ok('POST', `/v1/accounts/${id}/links`)
    expect([new URL(String(url)).pathname, expiresAt]).toEqual(['/login/link', '2027-01-15T09:00:00Z'])
    const code = new URL(String(url)).hash.slice(1)
    const browsers = Array.from({ length: 20 }, () => openBrowser(world))
    const pages = await Promise.all(browsers.map((browser) => browser.get('/login/link')))
    const replies = await Promise.all(
      browsers.map((browser, index) => browser.submit(pages[index]!, '/login/link', { code })),
    )
    expect(replies.map(({ status }) => status).sort()).toEqual([303, ...Array(19).fill(410)])
  })

  it.each([
    [
      'an hour has passed',
      () => {
        world.now += 3_600
      },
    ],
    ['the account is signed out everywhere', (id: string) => world.ok('POST', `/v1/accounts/${id}/revoke`)],
    ['the account is disabled', (id: string) => world.ok('PATCH', `/v1/accounts/${id}`, { status: 'disabled' })],
    ['the account is deleted', (id: string) => world.ok('DELETE', `/v1/accounts/${id}`)],
  ])('is none once %s', async (_, end) => {
    const { id } = await account()
    const { url } = await world.ok('POST', `/v1/accounts/${id}/links`)
    await end(id)
    const browser = openBrowser(world)
    const code = new URL(String(url)).hash.slice(1)
    const reply = await browser.submit(await browser.get('/login/link'), '/login/link', { code })
    expect([reply.status, browser.session]).toEqual([410, undefined])
  })

  it('cannot be made for a disabled account', async () => {
    const { id } = await account()
    await world.ok('PATCH', `/v1/accounts/${id}`, { status: 'disabled' })
    expect((await world.call('POST', `/v1/accounts/${id}/links`)).body.code).toBe('disabled')
  })

  it('ends the session that the browser had', async () => {
    const [ann, bob] = [await account(), await account()]
    const browser = await signIn(world, ann.id)
    const before = browser.cookie()
    await signIn(world, bob.id, browser)
    expect((await me(browser)).body.subject).toBe(bob.id)
    expect((await world.call('GET', '/v1/me', { as: null, headers: [['Cookie', before]] })).status).toBe(401)
  })
})

it('an account has 100 sessions at most: one more ends the oldest', async () => {
  const { id } = await account()
  const oldest = await signIn(world, id)
  world.now += 1
  for (let made = 1; made < 100; made++) await signIn(world, id)
  expect((await me(oldest)).status).toBe(200)
  const newest = await signIn(world, id)
  expect([(await me(oldest)).status, (await me(newest)).status]).toEqual([401, 200])
})

it('the built-in client of sessions can be revoked, and nothing else', async () => {
  const client = '/v1/clients/client_portal'
  const management = `${baseUrl}/v1`
  const before = world.dump()
  for (const [method, path, body] of [
    ['PATCH', client, { status: 'disabled' }],
    ['PATCH', client, { access: [] }],
    ['DELETE', client, undefined],
    ['POST', `${client}/secrets`, {}],
    ['POST', '/v1/keys', { clientId: 'client_portal', audience: management, scope: 'keys:read', name: 'x' }],
    ['POST', '/v1/tokens', { clientId: 'client_portal', audience: management, scope: 'keys:read', ttlSeconds: 60 }],
  ] as const)
    expect((await world.call(method, path, { body })).body.code, `${method} ${path}`).toBe('built_in')
  expect(world.dump()).toBe(before)
})
