/**
 * An instance as these tests meet it: over HTTP alone. `CONFORMANCE_URL` and `CONFORMANCE_KEY`, an administrator's, name one that
 * is deployed, where everything that is made here stays; without them the product is started.
 */
import { createHash, randomBytes } from 'node:crypto'
import { type Answer, type Browser, openBrowser, readAnswer } from '../plain_browser.fixture.ts'
import { type Product, startProduct } from '../product.fixture.ts'

export type Fields = Readonly<Record<string, string | undefined>>

export interface Client {
  readonly clientId: string
  readonly clientSecret: string
}

export interface Person {
  readonly id: string
  readonly email: string
  readonly browser: Browser
}

export interface Instance {
  readonly issuer: string
  readonly metadata: Readonly<Record<string, unknown>>
  /** Two APIs, with the scopes `read` and `write`; a person may give both at either. */
  readonly audience: string
  readonly otherAudience: string
  manage(method: string, path: string, body?: object): Promise<Readonly<Record<string, unknown>>>
  /** A client of type `web` with both scopes at both APIs, and `redirectUri`. */
  client(more?: object): Promise<Client>
  person(more?: object): Promise<Person>
  /** A form, as the client where one is given. */
  post(path: string, fields: Fields, as?: Client): Promise<Answer>
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** Introspection, as a resource server of the first API asks. */
  introspect(token: unknown): Promise<Answer>
  /** The parameters that come back to the client. Presses Allow where the person is asked. */
  authorize(person: Pick<Person, 'browser'>, client: Client, more?: Fields): Promise<URL>
  /** The answer of the token endpoint to the code of a new sign-in. */
  signIn(person: Pick<Person, 'browser'>, client: Client, more?: Fields): Promise<Answer>
  redeem(client: Client, code: unknown, more?: Fields): Promise<Answer>
  refresh(client: Client, token: unknown, more?: Fields): Promise<Answer>
  stop(): Promise<unknown>
}

export const redirectUri = 'https://client.example/callback'
export const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
export const challengeOf = (text: string): string => createHash('sha256').update(text).digest('base64url')

export const authorizationFields: Fields = {
  response_type: 'code',
  redirect_uri: redirectUri,
  code_challenge: challengeOf(verifier),
  code_challenge_method: 'S256',
  state: 'af0ifjsldkj',
  scope: 'read',
}

/** `started`: one that a test has started, and stops by itself. */
export async function startInstance(started?: Pick<Product, 'issuer' | 'adminKey'>): Promise<Instance> {
  const { CONFORMANCE_URL, CONFORMANCE_KEY } = process.env
  const own = started === undefined && CONFORMANCE_URL === undefined ? await startProduct() : undefined
  const product = started ?? own
  const issuer = product?.issuer ?? String(CONFORMANCE_URL)
  const credential = product?.adminKey ?? CONFORMANCE_KEY
  const mark = randomBytes(6).toString('hex')
  const [audience, otherAudience] = [`urn:conformance:${mark}`, `urn:conformance:${mark}:other`]

  const manage: Instance['manage'] = async (method, path, body) => {
    const headers = { Authorization: `Bearer ${credential}`, 'Content-Type': 'application/json' }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const answer = await readAnswer(await fetch(`${issuer}${path}`, { method, headers, ...sent }))
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.body
  }
  const scopes = [{ name: 'read' }, { name: 'write' }]
  for (const [index, name] of [audience, otherAudience].entries())
    await manage('POST', '/v1/apis', { audience: name, name: `API ${index}`, scopes, accountScope: 'read write' })
  const access = [audience, otherAudience].map((name) => ({ audience: name, scope: 'read write' }))
  const client: Instance['client'] = async (more = {}) =>
    (await manage('POST', '/v1/clients', {
      name: 'Client',
      type: 'web',
      access,
      redirectUris: [redirectUri],
      ...more,
    })) as object as Client
  const management = { audience: `${issuer}/v1`, scope: 'credentials:verify' }
  const guard = await client({ type: 'service', redirectUris: [], access: [management], guards: [audience] })

  const post: Instance['post'] = async (path, fields, as) => {
    const authorization = as && `Basic ${Buffer.from(`${as.clientId}:${as.clientSecret}`).toString('base64')}`
    const headers = authorization === undefined ? {} : { headers: { authorization } }
    return readAnswer(
      await fetch(`${issuer}${path}`, { method: 'POST', body: given(fields), redirect: 'manual', ...headers }),
    )
  }
  let people = 0
  const instance: Instance = {
    issuer,
    metadata: (await readAnswer(await fetch(`${issuer}/.well-known/oauth-authorization-server`))).body,
    audience,
    otherAudience,
    manage,
    client,
    post,
    async person(more = {}) {
      const email = `${mark}-${++people}@example.com`
      const { id } = await manage('POST', '/v1/accounts', { email, emailVerified: true, name: 'Somebody', ...more })
      const { url } = await manage('POST', `/v1/accounts/${id}/links`)
      const browser = openBrowser(issuer)
      const page = await browser.open(`${issuer}/login/link`)
      await browser.submit(page, `${issuer}/login/link`, { code: new URL(String(url)).hash.slice(1) })
      return { id: String(id), email, browser }
    },
    get: async (path, headers = {}) => readAnswer(await fetch(`${issuer}${path}`, { redirect: 'manual', headers })),
    introspect: (token) => post('/oauth/introspect', { token: String(token) }, guard),
    async authorize({ browser }, { clientId }, more = {}) {
      const fields = { ...authorizationFields, client_id: clientId, audience, ...more }
      const shown = await browser.follow(`${issuer}/oauth/authorize?${given(fields)}`)
      const isAsked = shown.headers.get('location') === null
      const answer = isAsked ? await browser.submit(shown, `${issuer}/oauth/consent`, { decision: 'allow' }) : shown
      const location = answer.headers.get('location')
      if (location === null) throw new Error(`the browser came to no answer: ${answer.status} ${answer.text}`)
      return new URL(location)
    },
    async signIn(person, asked, more = {}) {
      const answer = await instance.authorize(person, asked, more)
      return instance.redeem(asked, answer.searchParams.get('code'))
    },
    redeem: (as, code, more = {}) =>
      post(
        '/oauth/token',
        {
          grant_type: 'authorization_code',
          code: String(code),
          redirect_uri: redirectUri,
          code_verifier: verifier,
          ...more,
        },
        as,
      ),
    refresh: (as, token, more = {}) =>
      post('/oauth/token', { grant_type: 'refresh_token', refresh_token: String(token), ...more }, as),
    stop: async () => own?.stop(),
  }
  return instance
}

export function given(fields: Fields): URLSearchParams {
  return new URLSearchParams(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
