import type { Server } from 'node:http'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ApiError, type ServerSignIn, type TokenSet } from '@countersign/client'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createWebApplication } from './application.ts'

const issuer = 'http://localhost:1'
const tokens: TokenSet = {
  issuer,
  clientId: 'c',
  accessToken: 'access',
  renewAt: 1e12,
  expiresAt: 1e12,
  scope: 'orders:read',
}
const pending = { issuer, clientId: 'c', redirectUri: '', state: 's', verifier: 'v' }
let server: Server
let url: string
let finished: string[]
let ended: number
let refusal: Error | undefined
let given: TokenSet | undefined
let fault: ApiError | undefined

/** The outside: a sign-in whose answer is chosen here. */
const signIn: ServerSignIn = {
  begin: async () => ({ url: `${issuer}/oauth/authorize?state=s`, pending }),
  async finish(address) {
    finished.push(address)
    if (given !== undefined) return given
    throw refusal ?? new ApiError({ status: 0, code: 'unexpected_answer', detail: '<b>not ours</b>' })
  },
  async renew() {
    if (fault !== undefined) throw fault
    return tokens
  },
  async end() {
    ended += 1
  },
  signOutUrl: () => issuer,
}

beforeAll(async () => {
  server = createWebApplication({ issuer, url: 'http://localhost:4802', apiUrl: issuer, signIn })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())
beforeEach(() => {
  finished = []
  ended = 0
  refusal = undefined
  given = undefined
  fault = undefined
})

interface Reply {
  readonly status: number
  readonly location: string | undefined
  readonly cookie: string | undefined
  readonly text: string
}

function ask(method: string, path: string, headers: Record<string, string> = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    request(`${url}${path}`, { method, headers }, async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      const { location, 'set-cookie': [cookie] = [] } = response.headers
      resolve({ status: response.statusCode ?? 0, location, cookie, text })
    })
      .on('error', reject)
      .end()
  })
}

const cookieOf = ({ cookie = '' }: Reply) => ({ Cookie: cookie.replace(/;.*/, '') })

describe('the demo application', () => {
  it('begins with one button, and sends the browser on', async () => {
    const page = await ask('GET', '/')
    expect([page.status, page.text.match(/<button/g)?.length]).toEqual([200, 1])
    const begun = await ask('POST', '/sign-in')
    expect(begun).toMatchObject({ status: 303, location: `${issuer}/oauth/authorize?state=s` })
  })

  it('takes an answer once, at the browser that asked, and shows what went wrong as text', async () => {
    const stranger = await ask('GET', '/callback?code=x&state=s')
    expect(stranger.location).toBe('/')
    expect((await ask('GET', '/', cookieOf(stranger))).text).toContain('No sign-in was begun in this browser.')
    const begun = cookieOf(await ask('POST', '/sign-in'))
    const answered = await ask('GET', '/callback?code=x&state=s', begun)
    expect(finished).toEqual(['/callback?code=x&state=s'])
    const page = await ask('GET', '/', cookieOf(answered))
    expect(page.text).toContain('&lt;b&gt;not ours&lt;/b&gt;')
    expect((await ask('GET', '/', cookieOf(answered))).text).not.toContain('not ours')
    for (const cookie of [begun, cookieOf(answered)]) await ask('GET', '/callback?code=x&state=s', cookie)
    expect(finished).toHaveLength(1)
  })

  it('tells nothing of an error that is not the server’s', async () => {
    refusal = new Error('a secret')
    const answered = await ask('GET', '/callback?code=x', cookieOf(await ask('POST', '/sign-in')))
    const page = await ask('GET', '/', cookieOf(answered))
    expect(page.text).toContain('could not be finished')
    expect(page.text).not.toContain('a secret')
  })

  it('keeps the person signed in while server or API is away, and lets them go once the sign-in has ended', async () => {
    given = tokens
    const cookie = cookieOf(await ask('GET', '/callback?code=x&state=s', cookieOf(await ask('POST', '/sign-in'))))
    const page = async () => (await ask('GET', '/', cookie)).text
    const kept = /The API could not be called[\s\S]*What you allowed/
    expect(await page()).toMatch(kept)
    fault = new ApiError({ status: 0, code: 'unreachable', detail: 'away' })
    expect(await page()).toMatch(kept)
    fault = new ApiError({ status: 0, code: 'sign_in_required', detail: 'over' })
    expect(await page()).toMatch(/Your sign-in has ended[\s\S]*Sign in with Countersign/)
    fault = undefined
    expect(await page()).toContain('Sign in with Countersign')
  })

  it('names its cookie by its port, so that another application on this machine keeps its session', async () => {
    expect((await ask('POST', '/sign-in')).cookie).toMatch(/^ledgerly_4802=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/)
  })

  it.each([
    [{ 'Sec-Fetch-Site': 'cross-site' }, 403],
    [{ 'Sec-Fetch-Site': 'same-site' }, 403],
    [{ Origin: 'https://evil.example' }, 403],
    [{ Origin: 'null' }, 403],
    [{ Origin: 'http://localhost:4801' }, 403],
    [{ Origin: 'http://localhost:4802' }, 303],
    [{ 'Sec-Fetch-Site': 'same-origin', Origin: 'null' }, 303],
    [{}, 303],
  ])('a form with %j is %i', async (headers, status) => {
    for (const path of ['/sign-in', '/sign-out'])
      expect((await ask('POST', path, headers as Record<string, string>)).status).toBe(status)
  })

  it('is nothing for a name that was made to point here, another path or another method', async () => {
    expect((await ask('GET', '/', { Host: 'rebound.example' })).status).toBe(421)
    for (const [method, path] of [
      ['GET', '/nothing'],
      ['POST', '/'],
      ['GET', '/sign-in'],
      ['PUT', '/sign-out'],
      ['GET', '/constructor'],
    ] as const)
      expect((await ask(method, path)).status, path).toBe(404)
  })

  it('signs out nobody who is not signed in, whatever the cookie', async () => {
    for (const Cookie of ['', 'ledgerly_4802=', `ledgerly_4802=${'a'.repeat(43)}`, 'ledgerly_4802=__proto__']) {
      expect((await ask('POST', '/sign-out', { Cookie })).location).toBe('/')
      expect((await ask('POST', '/order', { Cookie })).text).toContain('Sign in with Countersign')
    }
    expect(ended).toBe(0)
  })
})
