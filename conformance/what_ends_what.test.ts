/** Each row of docs/people/what_ends_what.md, as an SDK in another process sees it: within a second, and without a network. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mailedCode } from './mail.fixture.ts'
import {
  type Application,
  consentsOf,
  makeApplication,
  type Person,
  redeem,
  refresh,
  signInAgain,
  signInPerson,
  verifier,
} from './person.fixture.ts'
import { call, eventually, type Json, makeVerifierKey, type Product, startProduct, text } from './product.fixture.ts'
import { type Sdk, startSdk } from './sdk_process.fixture.ts'

let product: Product
let sdk: Sdk
let guard: string
beforeAll(async () => {
  product = await startProduct()
  guard = await makeVerifierKey(product)
  sdk = await startSdk(product, guard)
  const { body } = await call(product, 'GET', '/v1/apis')
  const api = (body.data as unknown as readonly Json[]).find((each) => text(each.audience) === product.audience)
  await call(product, 'PATCH', `/v1/apis/${text(api?.id)}`, { accountScope: 'orders:read orders:write' })
}, 60_000)
afterAll(async () => {
  sdk?.stop()
  await product?.stop()
})

const both = 'orders:read orders:write offline_access'
const manage = async (method: string, path: string, body?: object): Promise<Json> => {
  const reply = await call(product, method, path, body)
  expect(reply.status, `${method} ${path}: ${JSON.stringify(reply.body)}`).toBeLessThan(300)
  return reply.body
}

async function isSeen(token: string, outcome: string): Promise<void> {
  await eventually(1_000, async () => (await sdk.outcome(token)) === outcome)
}

/** Somebody who has let an application in. */
interface LetIn {
  readonly person: Person
  readonly application: Application
  readonly access: string
  readonly refreshToken: string
  readonly code: string
}

async function letIn(): Promise<LetIn> {
  const [person, application] = [await signInPerson(product), await makeApplication(product)]
  const { code, answer } = await person.allow(application, both)
  const access = text(answer.access_token)
  expect(await sdk.outcome(access)).toBe('verified')
  return { person, application, access, refreshToken: text(answer.refresh_token), code }
}

describe('the tokens that a person let an application have end at every verifier within a second', () => {
  const rows: Readonly<Record<string, (of: LetIn) => Promise<unknown>>> = {
    'signed out everywhere': ({ person }) => manage('POST', `/v1/accounts/${person.accountId}/revoke`),
    'signed out everywhere by the person': ({ person }) => person.submit('/account', '/account', { everywhere: '1' }),
    'a new password that the person sets': async ({ person }) => {
      const fields = { password: 'a better horse battery', applications: 'end' }
      expect((await person.submit('/account/password', '/account/password', fields)).status).toBe(303)
      expect((await person.api('GET', '/v1/me')).status).toBe(200)
    },
    'a new password': ({ person }) =>
      manage('PATCH', `/v1/accounts/${person.accountId}`, { emailVerified: true, password: 'a better horse battery' }),
    'the consent is removed by the person': async ({ person }) => {
      const [consent] = await consentsOf(person)
      expect((await person.api('POST', `/v1/consents/${text(consent?.id)}/revoke`, {})).status).toBe(200)
    },
    'the consent is removed by an operator': async ({ person }) =>
      manage('POST', `/v1/consents/${text((await consentsOf(person))[0]?.id)}/revoke`),
    'a refresh token is used again': async ({ application, refreshToken }) => {
      const second = text((await refresh(product, application, refreshToken)).body.refresh_token)
      await refresh(product, application, second)
      expect((await refresh(product, application, refreshToken)).status).toBe(400)
    },
    'a code is used twice': async ({ application, code }) =>
      expect((await redeem(product, application, { code, verifier })).status).toBe(400),
    'the account is disabled': ({ person }) =>
      manage('PATCH', `/v1/accounts/${person.accountId}`, { status: 'disabled' }),
    'the account is deleted': ({ person }) => manage('DELETE', `/v1/accounts/${person.accountId}`),
    'the client is revoked': ({ application }) => manage('POST', `/v1/clients/${application.clientId}/revoke`),
    'the client is deleted': ({ application }) => manage('DELETE', `/v1/clients/${application.clientId}`),
  }

  it.each(Object.entries(rows))('%s', async (_, end) => {
    const of = await letIn()
    await end(of)
    await isSeen(of.access, 'revoked')
    expect((await refresh(product, of.application, of.refreshToken)).status).toBeGreaterThanOrEqual(400)
  })

  it('CVE-2026-33124: the password is replaced by a mailed code', async () => {
    const { access, application, person, refreshToken } = await letIn()
    const asked = await person.submit('/recover', '/recover', { email: person.email })
    const page = String(asked.headers.get('Location')).slice(product.url.length)
    const code = await mailedCode(product, person.email)
    const done = await person.submit(page, '/recover', { code, password: 'a better horse battery' })
    expect([done.status, done.headers.get('Location')]).toEqual([303, `${product.url}/login?notice=recovered`])
    await isSeen(access, 'revoked')
    expect((await refresh(product, application, refreshToken)).status).toBeGreaterThanOrEqual(400)
  })

  it('the account is disabled and enabled again: nothing of before returns', async () => {
    const { person, access } = await letIn()
    for (const status of ['disabled', 'active']) await manage('PATCH', `/v1/accounts/${person.accountId}`, { status })
    await isSeen(access, 'revoked')
  })

  it('the client is disabled: they are disabled, and return with it', async () => {
    const { application, access } = await letIn()
    await manage('PATCH', `/v1/clients/${application.clientId}`, { status: 'disabled' })
    await isSeen(access, 'disabled')
    await manage('PATCH', `/v1/clients/${application.clientId}`, { status: 'active' })
    await isSeen(access, 'verified')
  })
})

/** A developer of a team of their own, with a client and its key. */
async function inTeam(role = 'developer') {
  const ceiling = [{ audience: product.audience, scope: 'orders:read orders:write' }]
  const teamId = text((await manage('POST', '/v1/teams', { name: 'Acme', access: ceiling })).id)
  const person = await signInPerson(product)
  await manage('POST', `/v1/teams/${teamId}/members`, { email: person.email, role })
  const client = await person.api('POST', '/v1/clients', { name: 'Mine', type: 'service', access: ceiling })
  const clientId = text(client.body.clientId)
  const scope = 'orders:read orders:write'
  const key = await person.api('POST', '/v1/keys', { clientId, audience: product.audience, scope, name: 'k' })
  return { teamId, person, clientId, key: text(key.body.key) }
}

const minting = () => ({ listed: false, audience: product.audience, scope: 'orders:read' })

describe('what a session minted ends at every verifier within a second', () => {
  it.each<[string, (person: Person) => Promise<unknown>]>([
    ['its person signs out', (person) => person.submit('/logout', '/logout')],
    ['signed out everywhere', ({ accountId }) => manage('POST', `/v1/accounts/${accountId}/revoke`)],
    [
      'the account is disabled',
      ({ accountId }) => manage('PATCH', `/v1/accounts/${accountId}`, { status: 'disabled' }),
    ],
    ['the account is deleted', ({ accountId }) => manage('DELETE', `/v1/accounts/${accountId}`)],
  ])('%s', async (_, end) => {
    // A second owner keeps the team alive, so that nothing but the session can have ended it.
    const { person, teamId } = await inTeam()
    const other = await signInPerson(product)
    await manage('POST', `/v1/teams/${teamId}/members`, { email: other.email, role: 'owner' })
    const token = text((await person.api('POST', '/v1/tokens', minting())).body.token)
    expect(await sdk.outcome(token)).toBe('verified')
    await end(person)
    await isSeen(token, 'revoked')
  })
})

it('a new password that ends no applications ends the other sessions, and leaves tokens of applications', async () => {
  const { person, access, refreshToken, application } = await letIn()
  const { body } = await call(product, 'POST', `/v1/accounts/${person.accountId}/links`)
  const other = await signInAgain(product, text(body.url))
  const fields = { password: 'a better horse battery' }
  expect((await person.submit('/account/password', '/account/password', fields)).status).toBe(303)
  await eventually(1_000, async () => (await other.api('GET', '/v1/me')).status === 401)
  expect((await person.api('GET', '/v1/me')).status).toBe(200)
  expect(await sdk.outcome(access)).toBe('verified')
  expect((await refresh(product, application, refreshToken)).status).toBe(200)
})

describe('what is of a team', () => {
  it('is disabled while no active member is left, and returns with one', async () => {
    const { person, key } = await inTeam('owner')
    expect(await sdk.outcome(key)).toBe('verified')
    await manage('PATCH', `/v1/accounts/${person.accountId}`, { status: 'disabled' })
    await isSeen(key, 'disabled')
    await manage('PATCH', `/v1/accounts/${person.accountId}`, { status: 'active' })
    await isSeen(key, 'verified')
  })

  it('is disabled with the team, and narrowed with its ceiling', async () => {
    const { teamId, key } = await inTeam()
    await manage('PATCH', `/v1/teams/${teamId}`, { access: [{ audience: product.audience, scope: 'orders:read' }] })
    await eventually(1_000, async () => (await sdk.outcome(key, 'orders:write')) === 'insufficient_scope')
    expect(await sdk.outcome(key, 'orders:read')).toBe('verified')
    await manage('PATCH', `/v1/teams/${teamId}`, { status: 'disabled' })
    await isSeen(key, 'disabled')
  })

  it('a member who leaves, or whose role is lowered, loses reach at the next request, and the team keeps its keys', async () => {
    const { person, teamId, clientId, key } = await inTeam()
    const member = `/v1/teams/${teamId}/members/${person.accountId}`
    await manage('PATCH', member, { role: 'viewer' })
    expect((await person.api('PATCH', `/v1/clients/${clientId}`, { name: 'x' })).status).toBe(403)
    await manage('DELETE', member)
    expect((await person.api('GET', `/v1/clients/${clientId}`)).status).toBe(403)
    const other = await signInPerson(product)
    await manage('POST', `/v1/teams/${teamId}/members`, { email: other.email, role: 'owner' })
    await isSeen(key, 'verified')
  })
})

it('without a network, what has ended is refused within the bound', async () => {
  const bound = 3
  const away = await startSdk(product, guard, bound)
  try {
    const { person, access } = await letIn()
    expect(await away.outcome(access)).toBe('verified')
    away.cut()
    const cutAt = performance.now()
    await manage('POST', `/v1/accounts/${person.accountId}/revoke`)
    let verifiedAt = cutAt
    // An answer may wait for the server, so that what counts is when the last good one was there.
    while ((await away.outcome(access)) === 'verified') verifiedAt = performance.now()
    expect(verifiedAt - cutAt).toBeLessThan(bound * 1_000)
    expect(await away.outcome(access)).toBe('unavailable')
  } finally {
    away.stop()
  }
})
