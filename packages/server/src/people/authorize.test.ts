import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { audience, baseUrl, startAt, startWorld, type World } from '../server.fixture.ts'
import { type Browser, openBrowser, signIn } from '../sign_in.fixture.ts'
import type { Wire } from '../wire.fixture.ts'
import { allow, answerOf, asking, codeFlow, codeFor, open, pathOf, redirectUri } from './code_flow.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  await world.ok('PATCH', `/v1/apis/${world.apiId}`, { accountScope: 'orders:read orders:write' })
})
afterAll(() => world.close())
beforeEach(() => {
  world.now = startAt
})

const { account, webClient, redeem } = codeFlow(() => world)

describe('the code flow', () => {
  it('shows what is asked, gives a code to the client, and a token that speaks for the person', async () => {
    const { id } = await account()
    const client = await webClient()
    const browser = await signIn(world, id)
    const page = await open(browser, asking(client))
    expect(page.text).toContain('Ledgerly wants to use your account')
    expect(page.headers['Content-Security-Policy']).not.toContain('form-action')
    const reply = await allow(browser, page)
    expect(reply.headers.Location).toMatch(/^https:\/\/app\.example\/callback\?code=cs_code_[^&]+&state=s1&iss=/)
    expect(answerOf(reply)).toMatchObject({ state: 's1', iss: baseUrl })
    const given = await redeem(client, answerOf(reply).code as string)
    expect(given.status, given.text).toBe(200)
    expect(given.body).toMatchObject({ token_type: 'Bearer', scope: 'orders:read' })
    expect(await world.verify(given.body.access_token)).toMatchObject({
      active: true,
      grant: { kind: 'access_token', subject: id, clientId: client.clientId, scope: 'orders:read' },
    })
    const claims = JSON.parse(Buffer.from(given.body.access_token.split('.')[1] as string, 'base64url').toString())
    expect(claims.cs_lineage).toEqual([expect.stringMatching(/^family:/), expect.stringMatching(/^consent:/)])
    expect(claims.cs_parent).toBeUndefined()
  })

  it('sends a person who is not signed in to the sign-in, and on from there', async () => {
    const { email } = await account({ password: 'correct horse battery' })
    const client = await webClient()
    const browser = openBrowser(world)
    const page = await open(browser, asking(client))
    expect(page.text).toContain('<h1>Sign in</h1>')
    expect(page.headers['Content-Security-Policy']).not.toContain('form-action')
    const reply = await browser.submit(page, '/login', { email: String(email), password: 'correct horse battery' })
    const asked = await open(browser, pathOf(reply.headers.Location as string))
    expect(asked.text).toContain('Ledgerly wants to use your account')
    expect((await redeem(client, answerOf(await allow(browser, asked)).code as string)).status).toBe(200)
  })

  it('fills in the address that login_hint names, and nothing else', async () => {
    const client = await webClient()
    const page = await open(openBrowser(world), asking(client, { login_hint: 'ann@example.com' }))
    expect(page.text).toContain('value="ann@example.com"')
    const other = await open(openBrowser(world), asking(client, { login_hint: '"><script>alert(1)</script>' }))
    expect([other.text.includes('alert(1)'), other.text.includes('<h1>Sign in</h1>')]).toEqual([false, true])
  })

  it('asks for a sign-in anew also where the one before was made in the same second', async () => {
    const browser = await signIn(world, (await account()).id)
    const client = await webClient()
    world.now += 0.5
    expect((await open(browser, asking(client, { prompt: 'login' }))).text).toContain('<h1>Sign in</h1>')
    world.now -= 0.5
  })

  it('asks once, and again only for more', async () => {
    const browser = await signIn(world, (await account()).id)
    const client = await webClient()
    await codeFor(browser, client)
    expect((await open(browser, asking(client))).status).toBe(303)
    const more = await open(browser, asking(client, { scope: 'orders:read orders:write' }))
    expect([more.status, more.text.match(/class="new"/g)?.length]).toEqual([200, 1])
    await allow(browser, more)
    expect((await open(browser, asking(client, { scope: 'orders:write' }))).status).toBe(303)
    expect((await open(browser, asking(client, { prompt: 'consent' }))).status).toBe(200)
  })

  it.each([
    ['one that nobody has checked', { verified: false }, redirectUri],
    [
      'a public one on this machine',
      { type: 'native', redirectUris: ['http://127.0.0.1/cb'] },
      'http://127.0.0.1:4711/cb',
    ],
    [
      'a public one with a scheme of its own',
      { type: 'native', redirectUris: ['com.example.app:/cb'] },
      'com.example.app:/cb',
    ],
  ])('CVE-2023-34246: asks %s every time', async (_, more, redirect_uri) => {
    const browser = await signIn(world, (await account()).id)
    const client = await webClient(more)
    for (let round = 0; round < 2; round++) {
      const page = await open(browser, asking(client, { redirect_uri }))
      expect(page.status, page.text).toBe(200)
      const reply = await allow(browser, page)
      expect(reply.headers.Location?.startsWith(redirect_uri)).toBe(true)
      const given = await redeem(client, answerOf(reply).code as string, { redirect_uri })
      expect(given.status, given.text).toBe(200)
    }
  })

  it('asks nobody for the owner’s own application', async () => {
    const browser = await signIn(world, (await account()).id)
    expect((await open(browser, asking(await webClient({ consent: 'skip' })))).status).toBe(303)
  })

  it('Allow pressed twice is answered the same while the code waits, and not once it was used', async () => {
    const browser = await signIn(world, (await account()).id)
    const client = await webClient()
    const page = await open(browser, asking(client))
    const replies = await Promise.all(Array.from({ length: 20 }, () => allow(browser, page)))
    expect(new Set(replies.map(({ headers }) => headers.Location)).size).toBe(1)
    expect((await allow(browser, page)).headers.Location).toBe(replies[0]?.headers.Location)
    expect((await redeem(client, answerOf(replies[0]!).code as string)).status).toBe(200)
    expect((await allow(browser, page)).status).toBe(410)
  })

  it('Deny gives nothing, and goes back with access_denied', async () => {
    const browser = await signIn(world, (await account()).id)
    const page = await open(browser, asking(await webClient()))
    const reply = await browser.submit(page, '/oauth/consent', { decision: 'deny' })
    expect(answerOf(reply)).toMatchObject({ error: 'access_denied', state: 's1', iss: baseUrl })
    expect((await allow(browser, page)).status).toBe(410)
  })

  it('waits at the browser that it came from: at another one nobody sees or answers it', async () => {
    const browser = await signIn(world, (await account()).id)
    const other = await signIn(world, (await account()).id)
    const kept = pathOf((await browser.get(asking(await webClient()))).headers.Location as string)
    const page = await open(browser, kept)
    expect((await open(other, kept)).status).toBe(410)
    expect((await open(openBrowser(world), kept)).status).toBe(410)
    const own = await open(other, asking(await webClient()))
    const [id, theirs] = [kept, own.text].map((text) => /request(?:=|" value=")(\w{32})/.exec(text)?.[1] as string)
    const reply = await allow(other, { ...own, text: own.text.replaceAll(theirs as string, id as string) })
    expect([reply.status, pathOf(reply.headers.Location as string)]).toEqual([303, kept])
    expect(answerOf(await allow(browser, page)).code).toMatch(/^cs_code_/)
  })

  it('that a version before had kept for no browser is over', async () => {
    const { store } = world.server.services
    const id = 'r'.repeat(32)
    await store.write((it) => it.singleUse.keep('authorization_request', 'default', id, {}, world.now + 60), {
      tenant: 'default',
    })
    expect((await open(openBrowser(world), `/oauth/consent?request=${id}`)).status).toBe(410)
  })

  it('gives no code to a session that ended with all others of the server meanwhile', async () => {
    const browser = await signIn(world, (await account()).id)
    const page = await open(browser, asking(await webClient()))
    const { store } = world.server.services
    const write = store.write.bind(store)
    const held = vi.spyOn(store, 'write').mockImplementationOnce(async (...given: Parameters<typeof write>) => {
      await world.ok('POST', '/v1/clients/client_portal/revoke')
      return write(...given)
    })
    const reply = await allow(browser, page)
    held.mockRestore()
    expect(reply.status).toBe(410)
  })

  it('form_post hands the answer on by a form that is sent at once', async () => {
    const browser = await signIn(world, (await account()).id)
    const client = await webClient({ consent: 'skip' })
    const page = await open(browser, asking(client, { response_mode: 'form_post' }))
    const refused = await open(browser, asking(client, { response_mode: 'form_post', scope: 'orders:delete' }))
    for (const { text } of [page, refused]) expect(text).toContain('<title>Going back · Default</title>')
    expect(page.text).toContain(`<form method="post" action="${redirectUri}" data-send>`)
    expect(page.text).toMatch(/name="code" value="cs_code_/)
    expect(page.text).toContain(`name="iss" value="${baseUrl}"`)
  })

  it('prompt and max_age want a sign-in anew, or say that somebody would have to be asked', async () => {
    const { id } = await account()
    const client = await webClient()
    const nobody = await open(openBrowser(world), asking(client, { prompt: 'none' }))
    expect(answerOf(nobody)).toMatchObject({ error: 'login_required' })
    const browser = await signIn(world, id)
    expect(answerOf(await open(browser, asking(client, { prompt: 'none' })))).toMatchObject({
      error: 'consent_required',
    })
    await codeFor(browser, client)
    expect(answerOf(await open(browser, asking(client, { prompt: 'none' }))).code).toMatch(/^cs_code_/)
    world.now += 100
    for (const more of [{ prompt: 'login' }, { prompt: 'select_account' }, { max_age: '99' }, { max_age: '0' }])
      expect((await open(browser, asking(client, more))).text, JSON.stringify(more)).toContain('<h1>Sign in</h1>')
    expect((await open(browser, asking(client, { max_age: '101' }))).status).toBe(303)
    const again = await open(browser, asking(client, { prompt: 'login' }))
    expect(again.text).toContain('<h1>Sign in</h1>')
    await signIn(world, id, browser)
    const request = /name="request" value="(\w+)"/.exec(again.text)?.[1]
    expect((await open(browser, `/oauth/consent?request=${request}`)).status).toBe(303)
  })

  it.each(['the consent is removed', 'the client is no longer known here'])(
    'asks again, or says so, where %s while it was about to be used',
    async (what) => {
      const { id } = await account()
      const browser = await signIn(world, id)
      const client = await webClient()
      await codeFor(browser, client)
      const kept = (await browser.get(asking(client, { prompt: 'none' }))).headers.Location as string
      const { store } = world.server.services
      const write = store.write.bind(store)
      const held = vi
        .spyOn(store, 'write')
        .mockImplementationOnce(write)
        .mockImplementationOnce(async (...given: Parameters<typeof write>) => {
          const [consent] = (await world.ok('GET', `/v1/consents?accountId=${id}`)).data
          if (what === 'the consent is removed') await world.ok('POST', `/v1/consents/${consent?.id}/revoke`)
          else await world.ok('PATCH', `/v1/clients/${client.clientId}`, { verified: false })
          return write(...given)
        })
      const reply = await open(browser, pathOf(kept))
      expect(held).toHaveBeenCalled()
      held.mockRestore()
      expect(answerOf(reply)).toMatchObject({ error: 'consent_required' })
      const { data } = await world.ok('GET', `/v1/consents?accountId=${id}`)
      expect(data).toHaveLength(what === 'the consent is removed' ? 0 : 1)
    },
  )

  it('gives no more than the account may give when the code is redeemed', async () => {
    const { id } = await account({ access: [{ audience, scope: 'orders:read orders:write' }] })
    const client = await webClient()
    const more = { scope: 'orders:read orders:write' }
    const code = await codeFor(await signIn(world, id), client, more)
    await world.ok('PATCH', `/v1/accounts/${id}`, { access: [{ audience, scope: 'orders:read' }] })
    expect((await redeem(client, code)).body.scope).toBe('orders:read')
    const second = await account({ access: [{ audience, scope: 'orders:read' }] })
    const other = await codeFor(await signIn(world, second.id), client)
    await world.ok('PATCH', `/v1/accounts/${second.id}`, { access: [{ audience, scope: '' }] })
    expect((await redeem(client, other)).body.error).toBe('invalid_grant')
  })

  it('gives no more than the account may give', async () => {
    const client = await webClient()
    const browser = await signIn(world, (await account({ access: [{ audience, scope: 'orders:read' }] })).id)
    const page = await open(browser, asking(client, { scope: undefined }))
    expect([page.text.includes('orders:read'), page.text.includes('orders:write')]).toEqual([true, false])
    const beyond = await open(browser, asking(client, { scope: 'orders:write' }))
    expect(answerOf(beyond)).toMatchObject({ error: 'access_denied' })
  })
})

describe('a fault before the redirect URI is trusted is a page, and nobody is sent on', () => {
  it.each([
    ['no client', { client_id: undefined }, 'invalid_client'],
    ['an unknown client', { client_id: 'client_nobody' }, 'invalid_client'],
    ['a redirect URI of nobody', { redirect_uri: 'https://evil.example/callback' }, 'invalid_redirect_uri'],
    ['one with more behind it', { redirect_uri: `${redirectUri}/more` }, 'invalid_redirect_uri'],
    ['one in another case', { redirect_uri: 'https://app.example/Callback' }, 'invalid_redirect_uri'],
  ])('%s', async (_, more, code) => {
    const client = await webClient()
    const before = world.dump()
    const reply = await openBrowser(world).get(asking(client, more))
    expect([reply.status, reply.headers.Location]).toEqual([400, undefined])
    expect(reply.text).toContain(`<main data-error="${code}">`)
    expect(world.dump()).toBe(before)
  })

  it('a parameter twice is one', async () => {
    const reply = await openBrowser(world).get(`${asking(await webClient())}&state=s2`)
    expect([reply.status, reply.headers.Location]).toEqual([400, undefined])
  })
})

it('nobody is let into the management API in the name of a person', async () => {
  const management = `${baseUrl}/v1`
  const access = [
    { audience, scope: 'orders:read' },
    { audience: management, scope: 'keys:read' },
  ]
  const reply = await openBrowser(world).get(
    asking(await webClient({ access }), { scope: undefined, resource: management }),
  )
  expect(answerOf(reply)).toMatchObject({ error: 'invalid_target' })
})

describe('a fault of a trusted request goes back to the client', () => {
  it.each([
    [{ response_type: undefined }, 'invalid_request'],
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    [{ code_challenge_method: 'plain' }, 'invalid_request'],
    [{ code_challenge_method: undefined }, 'invalid_request'],
    [{ code_challenge: 'short' }, 'invalid_request'],
    [{ prompt: 'none login' }, 'invalid_request'],
    [{ prompt: 'nonsense' }, 'invalid_request'],
    [{ max_age: '-1' }, 'invalid_request'],
    [{ resource: 'https://nobody.test' }, 'invalid_target'],
    [{ scope: 'no:such' }, 'invalid_scope'],
    [{ request: 'e30.e30.' }, 'request_not_supported'],
    [{ request_uri: 'https://app.example/r' }, 'request_uri_not_supported'],
    [{ response_mode: 'fragment' }, 'invalid_request'],
    [{ nonce: 'n'.repeat(2_049) }, 'invalid_request'],
  ] as const)('%j', async (more, error) => {
    const client = await webClient()
    const browser = await signIn(world, (await account()).id)
    const reply = await open(browser, asking(client, more))
    expect(reply.status, reply.text).toBe(303)
    expect(answerOf(reply)).toMatchObject({ error, state: 's1', iss: baseUrl })
  })
})

describe('a code', () => {
  it('is good once: a second use is refused, and ends the tokens of the first', async () => {
    const browser = await signIn(world, (await account()).id)
    const client = await webClient()
    const code = await codeFor(browser, client)
    const first = await redeem(client, code)
    expect((await world.verify(first.body.access_token)).active).toBe(true)
    expect((await redeem(client, code)).body.error).toBe('invalid_grant')
    expect(await world.verify(first.body.access_token)).toMatchObject({ active: false, code: 'revoked' })
  })

  it('used twice is told to the audit log and to the team of its client, with the reason', async () => {
    const team = await world.ok('POST', '/v1/teams', { name: 'Acme', access: [{ audience, scope: 'orders:read' }] })
    const access = [{ audience, scope: 'orders:read' }]
    const client = await webClient({ teamId: team.id, verified: true, access })
    const code = await codeFor(await signIn(world, (await account()).id), client)
    for (let use = 0; use < 2; use++) await redeem(client, code)
    const events = await world.store.read.audit.list('default', { teamIds: [team.id] }, { limit: 1 })
    expect(events).toMatchObject([{ action: 'family.revoke', after: { reason: 'a code was used twice' } }])
  })

  it('gives what is left once a scope of it was retired, and is good still where nothing is', async () => {
    const { scopes } = await world.ok('GET', `/v1/apis/${world.apiId}`)
    const setScopes = (of: unknown) => world.ok('PATCH', `/v1/apis/${world.apiId}`, { scopes: of, force: true })
    const browser = await signIn(world, (await account()).id)
    const client = await webClient()
    const both = await codeFor(browser, client, { scope: 'orders:read orders:write' })
    const one = await codeFor(browser, client)
    await setScopes([{ name: 'orders:write' }])
    expect((await redeem(client, both)).body.scope).toBe('orders:write')
    expect((await redeem(client, one)).body.error).toBe('invalid_grant')
    await setScopes(scopes)
    expect((await redeem(client, one)).body.scope).toBe('orders:read')
  })

  it('200 at once have one winner, whose token ends', async () => {
    const browser = await signIn(world, (await account()).id)
    const client = await webClient()
    const code = await codeFor(browser, client)
    const replies = await Promise.all(Array.from({ length: 200 }, () => redeem(client, code)))
    const won = replies.filter(({ status }) => status === 200)
    expect(won.length).toBe(1)
    expect(await world.verify(String(won[0]?.body.access_token))).toMatchObject({ active: false, code: 'revoked' })
  })

  it.each([
    ['another client', async (code: string) => redeem(await webClient(), code)],
    ['a wrong verifier', (code: string, client: Wire) => redeem(client, code, { code_verifier: 'w'.repeat(43) })],
    ['no verifier', (code: string, client: Wire) => redeem(client, code, { code_verifier: undefined })],
    [
      'another redirect URI',
      (code: string, client: Wire) => redeem(client, code, { redirect_uri: 'https://b.example' }),
    ],
    ['a code that nobody gave', (code: string, client: Wire) => redeem(client, `${code.slice(0, -1)}x`)],
    ['another audience', (code: string, client: Wire) => redeem(client, code, { audience: 'https://other.test' })],
  ])('is refused with %s, and is still good for whoever has it', async (_, attempt) => {
    const browser = await signIn(world, (await account()).id)
    const client = await webClient()
    const code = await codeFor(browser, client)
    expect((await attempt(code, client)).body.error).toMatch(/^invalid_(grant|target)$/)
    expect((await redeem(client, code, { redirect_uri: undefined })).status).toBe(200)
  })

  it.each<[string, (of: { readonly id: string; readonly client: Wire }) => unknown]>([
    [
      'a minute has passed',
      () => {
        world.now += 60
      },
    ],
    ['the account is signed out everywhere', ({ id }) => world.ok('POST', `/v1/accounts/${id}/revoke`)],
    ['the account is disabled', ({ id }) => world.ok('PATCH', `/v1/accounts/${id}`, { status: 'disabled' })],
    ['the account is deleted', ({ id }) => world.ok('DELETE', `/v1/accounts/${id}`)],
    [
      'the client is disabled',
      ({ client }) => world.ok('PATCH', `/v1/clients/${client.clientId}`, { status: 'disabled' }),
    ],
    ['the client loses the API', ({ client }) => world.ok('PATCH', `/v1/clients/${client.clientId}`, { access: [] })],
    [
      'the consent is removed',
      async ({ id }) => {
        const { data } = await world.ok('GET', `/v1/consents?accountId=${id}`)
        await world.ok('POST', `/v1/consents/${data[0]?.id}/revoke`)
      },
    ],
  ])('gives nothing once %s', async (_, end) => {
    const { id } = await account()
    const browser = await signIn(world, id)
    const client = await webClient()
    const code = await codeFor(browser, client)
    await end({ id, client })
    expect((await redeem(client, code)).status).toBeGreaterThanOrEqual(400)
  })

  it('of a public client needs the verifier and no secret, which no other grant gives anything for', async () => {
    const browser = await signIn(world, (await account()).id)
    const client = await webClient({ type: 'spa' })
    const code = await codeFor(browser, client)
    expect((await redeem(client, code, { client_secret: undefined })).status).toBe(200)
    const own = { client_id: client.clientId, grant_type: 'client_credentials' }
    expect((await world.form('/oauth/token', own)).body.error).toBe('invalid_client')
    expect((await world.form('/oauth/introspect', { client_id: client.clientId, token: 'x' })).status).toBe(401)
    const web = await webClient()
    expect((await redeem(web, await codeFor(browser, web), { client_secret: undefined })).body.error).toBe(
      'invalid_client',
    )
  })

  it('without a challenge is for clients that authenticate and are told so, and takes no verifier', async () => {
    const browser = await signIn(world, (await account()).id)
    const client = await webClient({ requirePkce: false })
    const without = { code_challenge: undefined, code_challenge_method: undefined }
    const code = await codeFor(browser, client, without)
    expect((await redeem(client, code)).body.error).toBe('invalid_grant')
    expect((await redeem(client, code, { code_verifier: undefined, redirect_uri: undefined })).body.error).toBe(
      'invalid_grant',
    )
    expect((await redeem(client, code, { code_verifier: undefined })).status).toBe(200)
    const spa = await webClient({ type: 'spa', requirePkce: false })
    expect(answerOf(await open(browser, asking(spa, without)))).toMatchObject({ error: 'invalid_request' })
  })
})

describe('whatever ends a consent ends its tokens, at every server', () => {
  const ends: Readonly<
    Record<
      string,
      (of: {
        readonly id: string
        readonly consentId: string
        readonly client: Wire
        readonly browser: Browser
      }) => unknown
    >
  > = {
    'removed by an operator': ({ consentId }) => world.ok('POST', `/v1/consents/${consentId}/revoke`),
    'removed by the person': async ({ consentId, browser }) => {
      expect((await browser.call('POST', `/v1/consents/${consentId}/revoke`, {})).status).toBe(200)
    },
    'removed at the account page': async ({ consentId, browser }) =>
      browser.submit(await browser.get('/account'), '/account', { consent: consentId, session: '' }),
    'the account is signed out everywhere': ({ id }) => world.ok('POST', `/v1/accounts/${id}/revoke`),
    'the account is disabled': ({ id }) => world.ok('PATCH', `/v1/accounts/${id}`, { status: 'disabled' }),
    'the account is deleted': ({ id }) => world.ok('DELETE', `/v1/accounts/${id}`),
    'the client is revoked': ({ client }) => world.ok('POST', `/v1/clients/${client.clientId}/revoke`),
  }

  it.each(Object.entries(ends))('%s', async (_, end) => {
    const { id } = await account()
    const browser = await signIn(world, id)
    const client = await webClient()
    const token = (await redeem(client, await codeFor(browser, client))).body.access_token
    const { data } = (await browser.call('GET', '/v1/consents')).body
    expect(data).toMatchObject([{ accountId: id, clientId: client.clientId, audience, scope: 'orders:read' }])
    const second = await world.second()
    const ask = { body: { credential: token, audience }, server: second }
    expect((await world.call('POST', '/v1/verify', ask)).body.active).toBe(true)
    await end({ id, consentId: data[0]!.id, client, browser })
    expect((await world.verify(token)).active).toBe(false)
    await expect.poll(async () => (await world.call('POST', '/v1/verify', ask)).body.active).toBe(false)
  })

  it('given again it is another consent, and asked for again', async () => {
    const { id } = await account()
    const browser = await signIn(world, id)
    const client = await webClient()
    await codeFor(browser, client)
    const [before] = (await browser.call('GET', '/v1/consents')).body.data
    await world.ok('POST', `/v1/consents/${before!.id}/revoke`)
    expect((await open(browser, asking(client))).status).toBe(200)
    const token = (await redeem(client, await codeFor(browser, client))).body.access_token
    const [after] = (await browser.call('GET', '/v1/consents')).body.data
    expect(after!.id).not.toBe(before!.id)
    expect((await world.verify(token)).active).toBe(true)
  })

  it('a person sees and removes consents of their own alone', async () => {
    const [ann, bob] = [await account(), await account()]
    const [anns, bobs] = [await signIn(world, ann.id), await signIn(world, bob.id)]
    const client = await webClient()
    await codeFor(anns, client)
    const [consent] = (await anns.call('GET', '/v1/consents')).body.data
    expect((await bobs.call('GET', '/v1/consents')).body.data).toEqual([])
    expect((await bobs.call('GET', `/v1/consents?accountId=${ann.id}`)).status).toBe(403)
    expect((await bobs.call('POST', `/v1/consents/${consent!.id}/revoke`, {})).status).toBe(404)
  })
})

it('Allow that was shown to one account gives nothing of another that has signed in since', async () => {
  const [ann, bob] = [await account(), await account()]
  const browser = await signIn(world, ann.id)
  const client = await webClient()
  const page = await open(browser, asking(client))
  await signIn(world, bob.id, browser)
  const reply = await allow(browser, page)
  expect(reply.headers.Location).toMatch(/\/oauth\/consent\?request=/)
  expect((await open(browser, pathOf(reply.headers.Location as string))).text).toContain(String(bob.email))
})

it('CVE-2022-39222: who holds the link of a request gets nothing of what another has allowed by it', async () => {
  const [ann, mallory] = [await account(), await account()]
  const [anns, mallorys, nobodys] = [await signIn(world, ann.id), await signIn(world, mallory.id), openBrowser(world)]
  const link = pathOf((await mallorys.get(asking(await webClient()))).headers.Location as string)
  const shown = await open(anns, link)
  // Before Ann presses Allow as well: the request is her browser's.
  const early = [await open(mallorys, link), await open(nobodys, link)]
  expect(answerOf(await allow(anns, shown)).code).toMatch(/^cs_code_/)
  for (const reply of [...early, await open(mallorys, link), await open(nobodys, link)])
    expect([reply.status, reply.headers.Location]).toEqual([410, undefined])
  // Mallory has one that she opens first: Ann is shown nothing that she could allow.
  const taken = pathOf((await mallorys.get(asking(await webClient()))).headers.Location as string)
  await open(mallorys, taken)
  expect((await open(anns, taken)).status).toBe(410)
})
