/** The code flow of a test, step by step as browser and client take it. */
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { baseUrl, type World } from '../server.fixture.ts'
import { type Browser, signIn } from '../sign_in.fixture.ts'
import type { CallOptions, Reply, Wire } from '../wire.fixture.ts'

export const redirectUri = 'https://app.example/callback'
const verifier = 'v'.repeat(43)
const challenge = createHash('sha256').update(verifier).digest('base64url')

/** Parameters; one that is `undefined` is left out. */
export type Fields = Readonly<Record<string, string | undefined>>

export const pathOf = (location: string): string => location.slice(baseUrl.length)

/** The parameters of an answer of the authorization endpoint. */
export const answerOf = (reply: Reply) => Object.fromEntries(new URL(reply.headers.Location as string).searchParams)

/** The path of a request of this client. */
export function asking({ clientId }: Wire, more: Fields = {}): string {
  const fields: Fields = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: 's1',
    scope: 'orders:read',
    ...more,
  }
  return `/oauth/authorize?${new URLSearchParams(given(fields))}`
}

function given(fields: Fields): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** Opens a path and goes on until a page is shown, or another host is named. */
export async function open(browser: Browser, path: string): Promise<Reply> {
  let reply = await browser.get(path)
  for (let hops = 0; hops < 5 && reply.headers.Location?.startsWith(baseUrl) === true; hops++)
    reply = await browser.get(pathOf(reply.headers.Location))
  return reply
}

export async function allow(browser: Browser, page: Reply): Promise<Reply> {
  return browser.submit(page, '/oauth/consent', { decision: 'allow' })
}

/** Asks, presses Allow where somebody is asked, and gives the code. */
export async function codeFor(browser: Browser, client: Wire, more: Fields = {}): Promise<string> {
  const page = await open(browser, asking(client, more))
  const reply = page.status === 303 ? page : await allow(browser, page)
  expect(reply.status, reply.text).toBe(303)
  return answerOf(reply).code as string
}

/** The steps that need the world. */
export function codeFlow(world: () => World) {
  let count = 0
  const asClient = ({ clientId, clientSecret }: Wire): Fields => ({ client_id: clientId, client_secret: clientSecret })
  const steps = {
    account: (more: object = {}): Promise<Wire> =>
      world().ok('POST', '/v1/accounts', {
        email: `a${++count}@example.com`,
        emailVerified: true,
        name: 'Ann',
        ...more,
      }),
    webClient: (more: object = {}): Promise<Wire> =>
      world().client({ type: 'web', name: 'Ledgerly', redirectUris: [redirectUri], ...more }),
    redeem(client: Wire, code: string, more: Fields = {}, options: CallOptions = {}): Promise<Reply> {
      const fields = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier }
      return world().form('/oauth/token', given({ ...asClient(client), ...fields, ...more }), options)
    },
    refresh(client: Wire, token: unknown, more: Fields = {}, options: CallOptions = {}): Promise<Reply> {
      const fields = { grant_type: 'refresh_token', refresh_token: String(token) }
      return world().form('/oauth/token', given({ ...asClient(client), ...fields, ...more }), options)
    },
    /** A person, signed in, who has allowed the client, and the answer that the client got. */
    async signedIn(client: Wire, more: Fields = {}) {
      const { id } = await steps.account()
      const browser = await signIn(world(), id)
      const answer = await steps.redeem(client, await codeFor(browser, client, more), {
        ...(more.redirect_uri === undefined ? {} : { redirect_uri: more.redirect_uri }),
      })
      expect(answer.status, answer.text).toBe(200)
      return { id, browser, answer: answer.body as Readonly<Record<string, string>> }
    },
  }
  return steps
}
