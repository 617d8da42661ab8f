/** The entry for browsers, as far as Node has what it needs; conformance/sign_in.test.ts has the rest, in Chromium. */
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSignIn, type SignIn, type SignInOptions } from './browser.ts'
import { bundle } from './bundle.fixture.ts'
import { lifeSeconds, type ScriptedIssuer, startIssuer } from './sign_in/issuer.fixture.ts'

let server: ScriptedIssuer
let left: string[]
let now: number
beforeEach(async () => {
  server = await startIssuer()
  left = []
  now = 1_000_000
  sessionStorage.clear()
})
afterEach(() => server.close())

const redirectUri = 'https://app.example/callback'

function tab(more: Partial<SignInOptions> = {}): SignIn {
  const { issuer } = server
  const navigate = (url: string) => void left.push(url)
  const options = { issuer, clientId: 'client_1', redirectUri, scope: 'openid orders:read', navigate, now: () => now }
  return createSignIn({ ...options, ...more })
}

/** The address at which the server lets the person go on. */
function answered(change: Record<string, string> = {}): string {
  const asked = new URL(left.at(-1) ?? '').searchParams
  const claims = {
    iss: server.issuer,
    sub: 'acct_1',
    aud: 'client_1',
    exp: now + 60,
    iat: now,
    nonce: asked.get('nonce'),
  }
  const answer = { code: server.giveCode(claims), state: asked.get('state') ?? '', iss: server.issuer, ...change }
  return `${redirectUri}?${new URLSearchParams(answer)}`
}

async function signedIn(more: Partial<SignInOptions> = {}): Promise<SignIn> {
  const signIn = tab(more)
  await signIn.begin()
  await signIn.finish(answered())
  return signIn
}

it('the entry needs nothing of Node, and is small', async () => {
  for (const entry of ['./browser.ts', './index.ts']) {
    const { code, imports } = await bundle(entry)
    expect(imports, entry).toEqual([])
    expect(code, entry).not.toMatch(/node:|require\(|process\.|Buffer/)
  }
  const { code } = await bundle('./browser.ts')
  expect(gzipSync(code).length).toBeLessThan(12_288)
})

describe('a page', () => {
  it('begins, finishes with the answer to its own request, and has a token', async () => {
    const seen: unknown[] = []
    const signIn = await signedIn({ onChange: (who) => seen.push(who) })
    expect(await signIn.token()).toBe('access-2')
    const who = { scope: 'orders:read', claims: { sub: 'acct_1' } }
    expect(await signIn.present()).toMatchObject(who)
    expect(seen).toMatchObject([who])
    expect(sessionStorage.length).toBe(0)
    expect(server.asked[0]).toMatchObject({ redirect_uri: redirectUri, client_id: 'client_1' })
  })

  it('takes an answer once, and none that it did not ask for', async () => {
    const signIn = tab()
    await expect(signIn.finish(`${redirectUri}?code=x&state=y`)).rejects.toMatchObject({ code: 'unexpected_answer' })
    await signIn.begin()
    const answer = answered()
    await signIn.finish(answer)
    await expect(signIn.finish(answer)).rejects.toMatchObject({ code: 'unexpected_answer' })
    for (const change of [{ state: 'other' }, { iss: 'https://evil.example' }]) {
      await signIn.begin()
      await expect(signIn.finish(answered(change))).rejects.toMatchObject({ code: 'unexpected_answer' })
    }
    expect(server.asked).toHaveLength(1)
  })

  it('that began at another issuer, client or address finishes nothing here', async () => {
    for (const more of [
      { clientId: 'client_2' },
      { issuer: 'https://auth.example' },
      { redirectUri: 'https://app.example/2' },
    ]) {
      await tab().begin()
      await expect(tab(more).finish(answered())).rejects.toMatchObject({ code: 'unexpected_answer' })
    }
    expect(server.asked).toEqual([])
  })

  it('leaves for the server’s sign-out with the ID token, after the tokens have ended', async () => {
    const signIn = await signedIn({ postLogoutRedirectUri: 'https://app.example/' })
    await signIn.signOut({ everywhere: true })
    expect(server.revoked).toEqual(['refresh-2'])
    const { origin, pathname, searchParams } = new URL(left.at(-1) ?? '')
    expect(origin + pathname).toBe(`${server.issuer}/oauth/logout`)
    expect(searchParams.get('id_token_hint')).toMatch(/^eyJ/)
    expect(searchParams.get('post_logout_redirect_uri')).toBe('https://app.example/')
    await expect(signIn.token()).rejects.toMatchObject({ code: 'sign_in_required' })
  })

  it('leaves for the server’s sign-out with the ID token even where the tokens could not be ended', async () => {
    const signIn = await signedIn()
    server.close()
    await expect(signIn.signOut({ everywhere: true })).rejects.toMatchObject({ code: 'unreachable' })
    const { pathname, searchParams } = new URL(left.at(-1) ?? '')
    expect(pathname).toBe('/oauth/logout')
    expect(searchParams.get('id_token_hint')).toMatch(/^eyJ/)
    expect(await signIn.present()).toBeUndefined()
  })

  it('sends no cookie, and takes nothing from a cache', async () => {
    const sent: (RequestInit | undefined)[] = []
    const recording: typeof fetch = (input, init) => {
      sent.push(init)
      return fetch(input, init)
    }
    const signIn = await signedIn({ fetch: recording })
    await signIn.signOut()
    for (const init of sent) expect(init).toMatchObject({ credentials: 'omit', cache: 'no-store', redirect: 'manual' })
    expect(sent).toHaveLength(2)
  })
})

describe('pages of one origin', () => {
  it('share who is signed in, and one refresh', async () => {
    const seen: unknown[] = []
    const one = await signedIn()
    const two = tab({ onChange: (who) => seen.push(who) })
    expect(await two.present()).toMatchObject({ claims: { sub: 'acct_1' } })
    now += lifeSeconds * 0.8
    const given = await Promise.all([one, two, tab()].map((each) => each.token()))
    expect(new Set(given)).toEqual(new Set(['access-3']))
    expect(server.asked.filter(({ grant_type }) => grant_type === 'refresh_token')).toHaveLength(1)
    await two.signOut()
    await expect(one.token()).rejects.toMatchObject({ code: 'sign_in_required' })
    expect(seen.at(-1)).toBeUndefined()
    await one.begin()
    await one.finish(answered())
    expect(await two.token()).toBe(await one.token())
  })

  it('of another issuer or client share nothing', async () => {
    await signedIn()
    for (const more of [{ issuer: `${server.issuer}/t/acme` }, { clientId: 'client_2' }])
      expect(await tab(more).present()).toBeUndefined()
  })
})
