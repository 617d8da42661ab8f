import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { acrOf } from '../../caller/authentication_context.ts'
import { createMailbox } from '../../mail/mailbox.fixture.ts'
import { baseUrl, startWorld, type World } from '../../server.fixture.ts'
import { type Browser, openBrowser, signIn } from '../../sign_in.fixture.ts'
import { enrolPasskey, enrolTotp, enterPassword, person, signedIn } from './factors.fixture.ts'
import { createAuthenticator, type Lie, passkeyForm } from './passkey.fixture.ts'
import { relyingParty } from './passkey.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())
beforeEach(() => {
  world.now += 7_200
})

const path = '/account/passkeys'

let limit: World['server']['services']['signInTries']['begin'] | undefined
function unlimited(): void {
  const { signInTries } = world.server.services
  limit = signInTries.begin
  signInTries.begin = () => 0
}
afterEach(() => {
  if (limit !== undefined) world.server.services.signInTries.begin = limit
})

async function annWithPasskey(more: object = {}) {
  const ann = await person(world, more)
  const browser = await signedIn(world, ann)
  return { ann, browser, passkey: await enrolPasskey(browser) }
}

describe('a passkey', () => {
  it('signs in alone, as two factors, and names the account itself', async () => {
    const { ann, passkey } = await annWithPasskey()
    const browser = openBrowser(world)
    const page = await browser.get('/login')
    expect(passkeyForm(page, '/login').options).toMatchObject({
      rpId: 'localhost',
      userVerification: 'required',
      allowCredentials: [],
    })
    const reply = await browser.post('/login', passkey.get(page, '/login'))
    expect([reply.status, reply.headers.Location]).toEqual([303, `${baseUrl}/account`])
    const me = (await browser.call('GET', '/v1/me')).body
    expect(me.subject).toBe(ann.id)
    const session = await world.store.read.sessions.find('default', String(me.session?.id))
    expect(session && [acrOf(session), ...session.amr]).toEqual(['urn:countersign:acr:2', 'swk', 'mfa'])
  })

  it('is no way in where the tenant has switched that off, and stays a second factor', async () => {
    const { ann, passkey } = await annWithPasskey()
    const browser = openBrowser(world)
    const page = await browser.get('/login')
    const answer = passkey.get(page, '/login')
    const signInWays = { password: true, passkey: false, mailCode: true }
    await world.ok('PATCH', '/v1/settings', { signIn: signInWays })
    try {
      expect([(await browser.post('/login', answer)).status, browser.session]).toEqual([422, undefined])
      const second = await enterPassword(world, ann, browser)
      expect((await browser.post('/login', passkey.get(second, '/login'))).status).toBe(303)
    } finally {
      await world.ok('PATCH', '/v1/settings', { signIn: { ...signInWays, passkey: true } })
    }
  })

  it('that is bound to one device says so', async () => {
    const ann = await person(world)
    const first = await signedIn(world, ann)
    const passkey = createAuthenticator()
    const reply = await first.post(path, passkey.create(await first.get(path), path, { flags: 5 }))
    expect(reply.status).toBe(303)
    const browser = openBrowser(world)
    const page = await browser.get('/login')
    expect((await browser.post('/login', passkey.get(page, '/login', { flags: 5 }))).status).toBe(303)
    const { id } = (await browser.call('GET', '/v1/me')).body.session
    expect((await world.store.read.sessions.find('default', id))?.amr).toEqual(['hwk', 'mfa'])
  })

  it('is the second factor after a password, which then signs nobody in alone', async () => {
    const { ann, passkey } = await annWithPasskey()
    expect(passkey.codes).toHaveLength(10)
    const browser = openBrowser(world)
    const asked = await enterPassword(world, ann, browser)
    expect([asked.status, browser.session]).toEqual([200, undefined])
    expect((await browser.post('/login', passkey.get(asked, '/login'))).status).toBe(303)
    const other = openBrowser(world)
    const again = await enterPassword(world, ann, other)
    const recovery_code = passkey.codes[0] as string
    expect((await other.submit(again, '/login', { recovery_code })).status).toBe(303)
  })

  it('of another account is no second factor', async () => {
    const [{ ann }, { passkey }] = [await annWithPasskey(), await annWithPasskey()]
    const browser = openBrowser(world)
    const asked = await enterPassword(world, ann, browser)
    expect([(await browser.post('/login', passkey.get(asked, '/login'))).status, browser.session]).toEqual([
      422,
      undefined,
    ])
  })

  it('of another tenant is none', async () => {
    const { passkey } = await annWithPasskey()
    const { issuer } = await world.ok('POST', '/v1/tenants', { slug: 'passkeys', name: 'P' })
    const at = new URL(issuer).pathname
    const browser = openBrowser(world, { at })
    const page = await browser.get('/login')
    expect((await browser.post('/login', passkey.get(page, `${at}/login`))).status).toBe(422)
  })

  it.each<[string, Lie, number]>([
    ['another origin', { origin: 'https://evil.example' }, 422],
    ['another port', { origin: 'http://localhost:4801' }, 422],
    ['another site', { rpId: 'evil.example' }, 422],
    ['another challenge', { challenge: Buffer.alloc(32).toString('base64url') }, 422],
    ['the answer of a registration', { type: 'webauthn.create' }, 422],
    ['no verification of the person', { flags: 25 }, 422],
    ['nobody present', { flags: 28 }, 422],
    ['a signature that is another', { spoilt: 'signature' }, 422],
    ['data that was changed after signing', { spoilt: 'authenticatorData' }, 422],
    ['the handle of another account', { userHandle: Buffer.alloc(32).toString('base64url') }, 422],
    ['no handle', { userHandle: '' }, 422],
    ['the id of another passkey', { id: 'AAAA' }, 422],
    ['an id that is too long', { id: 'A'.repeat(2_000) }, 422],
    ['a page within a page', { crossOrigin: true }, 422],
  ])('with %s is refused, and nobody is signed in', async (_, lie, status) => {
    const { passkey } = await annWithPasskey()
    const browser = openBrowser(world)
    const page = await browser.get('/login')
    const reply = await browser.post('/login', passkey.get(page, '/login', lie))
    expect([reply.status, browser.session]).toEqual([status, undefined])
    expect(reply.text).toContain('data-error="wrong"')
    expect((await browser.post('/login', passkey.get(reply, '/login'))).status).toBe(303)
  })

  it.each([
    '',
    'x',
    'null',
    '[]',
    '{}',
    '{"id":1,"response":{}}',
    '{"id":"AAAA","response":null}',
    '{"id":"AAAA","response":{"clientDataJSON":"e30"}}',
    '{"id":"A","response":{"clientDataJSON":1}}',
    `{"id":"${'A'.repeat(60_000)}"}`,
  ])('whose answer is %.40s is refused', async (passkey) => {
    const browser = openBrowser(world)
    const { fields } = passkeyForm(await browser.get('/login'), '/login')
    const reply = await browser.post('/login', { ...fields, passkey })
    expect([reply.status, browser.session]).toEqual([passkey === '' ? 410 : 422, undefined])
  })

  it('answers a challenge of this browser and this page, within ten minutes', async () => {
    const { passkey } = await annWithPasskey()
    const [browser, other] = [openBrowser(world), openBrowser(world)]
    const page = await browser.get('/login')
    const fields = passkey.get(page, '/login')
    await other.get('/login')
    expect((await other.post('/login', fields)).status).toBe(410)
    const challenge = passkeyForm(await browser.get('/login'), '/login').fields.challenge as string
    expect((await browser.post('/login', { ...fields, challenge })).status).toBe(410)
    world.now += 600
    expect((await browser.post('/login', fields)).status).toBe(422)
  })

  it('of 200 answers to one challenge, sent at once, one signs in', async () => {
    const { passkey } = await annWithPasskey()
    const browser = openBrowser(world)
    const fields = passkey.get(await browser.get('/login'), '/login')
    unlimited()
    const replies = await Promise.all(Array.from({ length: 200 }, () => browser.post('/login', fields)))
    expect(replies.filter(({ status }) => status === 303)).toHaveLength(1)
    expect((await browser.post('/login', fields)).status).toBe(410)
  }, 60_000)

  it('of 200 answers to one challenge, with a counter each, one signs in', async () => {
    const { passkey } = await annWithPasskey()
    const browser = openBrowser(world)
    const page = await browser.get('/login')
    unlimited()
    const answers = Array.from({ length: 200 }, (_, index) => passkey.get(page, '/login', { counter: index + 1 }))
    const replies = await Promise.all(answers.map((fields) => browser.post('/login', fields)))
    expect(replies.filter(({ status }) => status === 303)).toHaveLength(1)
  }, 60_000)

  it('of which a copy counts the same, signs in once of two at once', async () => {
    const { passkey } = await annWithPasskey()
    const browsers = [openBrowser(world), openBrowser(world)]
    const pages = await Promise.all(browsers.map((browser) => browser.get('/login')))
    const answers = pages.map((page) => passkey.get(page, '/login', { counter: 7 }))
    const replies = await Promise.all(browsers.map((browser, index) => browser.post('/login', answers[index] ?? {})))
    expect(replies.map(({ status }) => status).sort()).toEqual([303, 422])
  })

  it('whose counter goes back was copied, and is refused', async () => {
    const { passkey } = await annWithPasskey()
    const counts = async (counter: number) => {
      world.now += 60
      const browser = openBrowser(world)
      const page = await browser.get('/login')
      return (await browser.post('/login', passkey.get(page, '/login', { counter }))).status
    }
    expect([await counts(5), await counts(5), await counts(4), await counts(6)]).toEqual([303, 422, 422, 303])
  })

  const ends: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
    'signed out everywhere': (id) => world.ok('POST', `/v1/accounts/${id}/revoke`),
    disabled: (id) => world.ok('PATCH', `/v1/accounts/${id}`, { status: 'disabled' }),
    deleted: (id) => world.ok('DELETE', `/v1/accounts/${id}`),
  }
  it.each(Object.entries(ends))('signs nobody in by a page of before its account was %s', async (_, end) => {
    const { ann, passkey } = await annWithPasskey()
    const browser = openBrowser(world)
    const fields = passkey.get(await browser.get('/login'), '/login')
    await end(ann.id)
    const reply = await browser.post('/login', fields)
    expect([reply.status, browser.session]).toEqual([422, undefined])
  })
})

describe('registering a passkey', () => {
  it.each<[string, Lie]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['another site', { rpId: 'evil.example' }],
    ['another challenge', { challenge: Buffer.alloc(32).toString('base64url') }],
    ['the answer of a sign-in', { type: 'webauthn.get' }],
    ['no verification of the person', { flags: 25 }],
    ['a page within a page', { crossOrigin: true }],
    ['an algorithm that was not offered', { alg: -65_535 }],
    ['a certificate, which nobody asked for', { format: 'packed' }],
    ['a format that has one', { format: 'android-safetynet' }],
    ['a format that is none', { format: 'x' }],
  ])('with %s is refused', async (_, lie) => {
    const ann = await person(world)
    const browser = await signedIn(world, ann)
    const reply = await browser.post(path, createAuthenticator().create(await browser.get(path), path, lie))
    expect([reply.status, reply.text.includes('data-error="wrong"')]).toEqual([422, true])
    expect(await world.store.read.passkeys.ofAccount('default', ann.id)).toEqual([])
  })

  it('wants the handle and the challenge of its page, and each challenge once', async () => {
    const [ann, bob] = [await person(world), await person(world)]
    const [browser, bobs] = [await signedIn(world, ann), await signedIn(world, bob)]
    const fields = createAuthenticator().create(await browser.get(path), path)
    expect((await browser.post(path, { ...fields, handle: 'AAAA' })).status).toBe(410)
    expect((await bobs.post(path, fields)).status).toBe(410)
    expect((await browser.post(path, fields)).status).toBe(303)
    expect((await browser.post(path, fields)).status).toBe(422)
  })

  it('that is somebody else’s already is refused', async () => {
    const { passkey } = await annWithPasskey()
    const browser = await signedIn(world, await person(world))
    const fields = createAuthenticator().create(await browser.get(path), path, { id: passkey.id })
    expect((await browser.post(path, fields)).status).toBe(422)
  })

  it('asks for none that the account has, and for the same handle again', async () => {
    const { browser, passkey } = await annWithPasskey()
    const { options } = passkeyForm(await browser.get(path), path) as unknown as {
      options: { user: { id: string }; excludeCredentials: { id: string }[]; pubKeyCredParams: { alg: number }[] }
    }
    expect(options.excludeCredentials.map(({ id }) => id)).toEqual([passkey.id])
    expect(options.user.id).toBe(passkey.userHandle)
    expect(Buffer.from(options.user.id, 'base64url')).toHaveLength(32)
    expect(options.pubKeyCredParams.map(({ alg }) => alg)).toEqual([-8, -7, -257])
    const second = await enrolPasskey(browser)
    expect([second.userHandle, second.codes]).toEqual([passkey.userHandle, []])
  })

  it('of a page that was open before the first one was there is refused: an account has one handle', async () => {
    const ann = await person(world)
    const browser = await signedIn(world, ann)
    const [one, two] = [await browser.get(path), await browser.get(path)]
    expect((await browser.post(path, createAuthenticator().create(one, path))).status).toBe(303)
    expect((await browser.post(path, createAuthenticator().create(two, path))).status).toBe(422)
    expect(await world.store.read.passkeys.ofAccount('default', ann.id)).toHaveLength(1)
  })

  it('stops at twenty', async () => {
    const { browser } = await annWithPasskey()
    for (let index = 1; index < 20; index++) await enrolPasskey(browser)
    const reply = await browser.post(path, createAuthenticator().create(await browser.get(path), path))
    expect([reply.status, reply.text.includes('at most 20')]).toEqual([422, true])
  })
})

describe('one’s own passkeys', () => {
  it('are named, renamed and removed', async () => {
    const { ann, browser, passkey } = await annWithPasskey()
    const names = async () => (await world.store.read.passkeys.ofAccount('default', ann.id)).map(({ name }) => name)
    expect(await names()).toEqual(['Laptop'])
    const rename = async (name: string) =>
      (await browser.submit(await browser.get(path), path, { id: passkey.id, name })).status
    expect(await rename('  My   <b>phone</b> ')).toBe(303)
    expect(await names()).toEqual(['My <b>phone</b>'])
    expect((await browser.get(path)).text).toContain('value="My &lt;b&gt;phone&lt;/b&gt;"')
    for (const wrong of ['', ' ', 'x'.repeat(61), 'a\u0000b', '\u202eabc']) expect(await rename(wrong), wrong).toBe(422)
    const page = await browser.get(path)
    expect((await browser.submit(page, path, { id: passkey.id, remove: '1' })).status).toBe(303)
    expect(await names()).toEqual([])
    expect((await enterPassword(world, ann)).status).toBe(303)
  })

  it('of somebody else are not there', async () => {
    const [{ ann, passkey }, { browser }] = [await annWithPasskey(), await annWithPasskey()]
    const page = await browser.get(path)
    for (const fields of [{ remove: '1' }, { name: 'mine' }] as Readonly<Record<string, string>>[])
      expect((await browser.submit(page, path, { id: passkey.id, ...fields })).status).toBe(303)
    expect((await world.store.read.passkeys.ofAccount('default', ann.id)).map(({ name }) => name)).toEqual(['Laptop'])
  })

  it('cannot be removed when it is the last way in, not even by two removals at once', async () => {
    const { id } = await world.ok('POST', '/v1/accounts', { email: `last${world.now}@example.com`, name: 'Ann' })
    const browser = await signIn(world, id)
    const one = await enrolPasskey(browser)
    const remove = (which: string, page: Awaited<ReturnType<Browser['get']>>) =>
      browser.submit(page, path, { id: which, remove: '1' })
    const refused = await remove(one.id, await browser.get(path))
    expect([refused.status, refused.text.includes('only way to sign in')]).toEqual([422, true])
    const two = await enrolPasskey(browser)
    const page = await browser.get(path)
    const replies = await Promise.all([remove(one.id, page), remove(two.id, page)])
    expect(replies.map(({ status }) => status).sort()).toEqual([303, 422])
    expect(await world.store.read.passkeys.ofAccount('default', id)).toHaveLength(1)
  })

  it('cannot be removed where a password is set and nobody is asked for one', async () => {
    const { ann, browser, passkey } = await annWithPasskey()
    const remove = async () => browser.submit(await browser.get(path), path, { id: passkey.id, remove: '1' })
    await world.ok('PATCH', '/v1/settings', { signIn: { password: false, passkey: true, mailCode: true } })
    expect((await remove()).status).toBe(422)
    await world.ok('PATCH', '/v1/settings', { signIn: { password: true } })
    expect((await remove()).status).toBe(303)
    expect(await world.store.read.passkeys.ofAccount('default', ann.id)).toEqual([])
  })

  it('can be removed where a code is mailed to a verified address instead', async () => {
    const mailing = await startWorld({ mail: createMailbox() })
    const removeOnly = async (emailVerified: boolean) => {
      const email = `mailed${emailVerified}@example.com`
      const { id } = await mailing.ok('POST', '/v1/accounts', { email, emailVerified, name: 'Ann' })
      const browser = await signIn(mailing, id)
      const passkey = await enrolPasskey(browser)
      return (await browser.submit(await browser.get(path), path, { id: passkey.id, remove: '1' })).status
    }
    expect([await removeOnly(true), await removeOnly(false)]).toEqual([303, 422])
    await mailing.close()
  })

  it('removed, they are no second factor, and an app still is', async () => {
    const { ann, browser, passkey } = await annWithPasskey()
    const app = await enrolTotp(world, browser)
    await browser.submit(await browser.get(path), path, { id: passkey.id, remove: '1' })
    const other = openBrowser(world)
    const asked = await enterPassword(world, ann, other)
    expect((await other.post('/login', passkey.get(asked, '/login'))).status).toBe(422)
    expect((await other.submit(asked, '/login', { totp: app.code(world) })).status).toBe(303)
  })
})

it('there are none where the host of the server is an address', async () => {
  expect(relyingParty('http://127.0.0.1:4800')).toBeUndefined()
  expect(relyingParty('http://[::1]:4800')).toBeUndefined()
  expect(relyingParty('https://auth.example.com/t/acme')).toEqual({
    id: 'auth.example.com',
    origin: 'https://auth.example.com',
  })
})

it('pages that ask for a passkey have script of this server alone, and all others have none', async () => {
  const browser = await signedIn(world, await person(world))
  const policies = new Map<string, string>()
  for (const each of ['/login', '/account', path, '/account/authenticator', '/account/password', '/account/step-up'])
    policies.set(each, String((await browser.get(each)).headers['Content-Security-Policy']))
  const scripted = [...policies].filter(([, policy]) => policy.includes('script-src')).map(([each]) => each)
  expect(scripted).toEqual(['/login', path, '/account/step-up'])
  for (const policy of policies.values()) expect(policy).toContain("frame-ancestors 'none'")
  expect(policies.get('/login')).toContain("script-src 'self';")
})
