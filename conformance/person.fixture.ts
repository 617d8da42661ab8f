/** A person at a browser without script, and the application that they let in: over HTTP alone. */
import { createHash, randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { type Answer, openBrowser } from './plain_browser.fixture.ts'
import { call, form, type Json, list, type Product, type Reply, text } from './product.fixture.ts'

export interface Person {
  readonly accountId: string
  readonly email: string
  /** A call of the management API by the page that the person sees. */
  api(method: string, path: string, body?: object): Promise<Reply>
  /** Opens a page. */
  open(path: string): Promise<Answer>
  /** Fills the form that sends to `path` on the page at `from`. */
  submit(from: string, path: string, fields?: Readonly<Record<string, string>>): Promise<Answer>
  /** Lets the application in: the answer of the token endpoint, and the code that gave it. */
  allow(application: Application, scope: string): Promise<{ readonly code: string; readonly answer: Json }>
}

/** An application with a secret. */
export interface Application {
  readonly clientId: string
  readonly clientSecret: string
}

const redirectUri = 'https://app.example/callback'

export async function makeApplication(product: Product, more: object = {}): Promise<Application> {
  const access = [{ audience: product.audience, scope: 'orders:read orders:write' }]
  const body = { name: 'Ledgerly', type: 'web', access, redirectUris: [redirectUri], offlineAccess: true, ...more }
  const made = await call(product, 'POST', '/v1/clients', body)
  return { clientId: text(made.body.clientId), clientSecret: text(made.body.clientSecret) }
}

export function asClient({ clientId, clientSecret }: Application): { client_id: string; client_secret: string } {
  return { client_id: clientId, client_secret: clientSecret }
}

export function refresh(product: Product, application: Application, token: string): Promise<Reply> {
  return form(product, '/oauth/token', { ...asClient(application), grant_type: 'refresh_token', refresh_token: token })
}

export function redeem(
  product: Product,
  application: Application,
  { code, verifier }: { readonly code: string; readonly verifier: string },
): Promise<Reply> {
  const fields = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri }
  return form(product, '/oauth/token', { ...asClient(application), ...fields })
}

/** The verifier of every request here, so that a code can be tried again. */
export const verifier = randomBytes(32).toString('base64url')
const challenge = createHash('sha256').update(verifier).digest('base64url')

let made = 0

export const password = 'correct horse battery'

/** A new account with that password. */
export async function makeAccount(
  product: Product,
  more: object = {},
): Promise<{ readonly accountId: string; readonly email: string }> {
  const email = `person${++made}@example.com`
  const fields = { email, emailVerified: true, name: 'Ann Example', password, ...more }
  const { status, body } = await call(product, 'POST', '/v1/accounts', fields)
  expect(status, JSON.stringify(body)).toBe(201)
  return { accountId: text(body.id), email }
}

/** Somebody with a new account without a password, who has opened a link that an operator made. */
export async function signInPerson(product: Product): Promise<Person> {
  const account = await makeAccount(product, { password: undefined })
  const link = await call(product, 'POST', `/v1/accounts/${account.accountId}/links`)
  return { ...account, ...(await signInAgain(product, text(link.body.url))) }
}

/** Another browser, at which that link was opened. */
export async function signInAgain(product: Product, url: string): Promise<Omit<Person, 'accountId' | 'email'>> {
  const browser = openBrowser(product.url)
  const submit: Person['submit'] = async (from, path, fields) => browser.submit(await browser.open(from), path, fields)
  const opened = await submit('/login/link', '/login/link', { code: new URL(url).hash.slice(1) })
  expect(opened.status).toBe(303)

  return {
    async api(method, path, body) {
      const sent = body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }
      return (await browser.open(path, { method, ...sent })) as unknown as Reply
    },
    open: browser.open,
    submit,
    async allow(application, scope) {
      const fields = {
        response_type: 'code',
        client_id: application.clientId,
        redirect_uri: redirectUri,
        code_challenge: challenge,
        code_challenge_method: 'S256',
        scope,
        resource: product.audience,
      }
      const shown = await browser.follow(`/oauth/authorize?${new URLSearchParams(fields)}`)
      const answered =
        shown.status === 200 ? await browser.submit(shown, '/oauth/consent', { decision: 'allow' }) : shown
      const code = new URL(answered.headers.get('location') ?? '').searchParams.get('code') ?? ''
      const given = await redeem(product, application, { code, verifier })
      expect(given.status, JSON.stringify(given.body)).toBe(200)
      return { code, answer: given.body }
    },
  }
}

/** The consents of somebody, as they see them. */
export async function consentsOf(person: Person): Promise<readonly Json[]> {
  return list((await person.api('GET', '/v1/consents')).body.data)
}
