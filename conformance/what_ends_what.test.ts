/** Each row of docs/people/what_ends_what.md, as an SDK in another process sees it: within a second, and without a network. */
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mailedCode } from './mail.fixture.ts'
import {
  type Application,
  asClient,
  consentsOf,
  makeApplication,
  type Person,
  redeem,
  refresh,
  signInAgain,
  signInPerson,
  verifier,
} from './person.fixture.ts'
import {
  call,
  eventually,
  form,
  type Json,
  makeVerifierKey,
  type Product,
  startProduct,
  text,
} from './product.fixture.ts'
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

async function isSeen(token: string, outcome: string, scope?: string): Promise<void> {
  await eventually(1_000, async () => (await sdk.outcome(token, scope)) === outcome)
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
  return { person, application, access: text(answer.access_token), refreshToken: text(answer.refresh_token), code }
}

const ceiling = () => [{ audience: product.audience, scope: 'orders:read orders:write' }]
const narrow = () => ({ access: [{ audience: product.audience, scope: 'orders:read' }] })

/** A developer of a team of their own, with a client and its key. */
async function inTeam(role = 'developer') {
  const access = ceiling()
  const teamId = text((await manage('POST', '/v1/teams', { name: 'Acme', access })).id)
  const person = await signInPerson(product)
  await manage('POST', `/v1/teams/${teamId}/members`, { email: person.email, role })
  const client = await person.api('POST', '/v1/clients', { name: 'Mine', type: 'service', access })
  const clientId = text(client.body.clientId)
  const scope = 'orders:read orders:write'
  const key = await person.api('POST', '/v1/keys', { clientId, audience: product.audience, scope, name: 'k' })
  return { teamId, person, clientId, key: text(key.body.key) }
}

let issuers = 0

/** An issuer that is trusted, and a JWT of it. */
async function trusted() {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const { clientId } = await makeApplication(product)
  const issuer = `https://ci${++issuers}.example`
  const { id } = await manage('POST', '/v1/issuers', {
    issuer,
    clientId,
    audience: product.audience,
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k' }] },
    rules: [{ when: { sub: 'repo:acme/*' }, scope: 'orders:read' }],
    scope: 'orders:read',
  })
  const token = await new SignJWT({ iss: issuer, sub: 'repo:acme/api', aud: product.audience })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'k' })
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('10m')
    .sign(privateKey)
  return { path: `/v1/issuers/${text(id)}`, token }
}

/** A credential, and what ends it. */
interface Ending {
  readonly token: string
  end(): Promise<unknown>
  /** The outcome once it has ended. Default: revoked. */
  readonly outcome?: string
  /** The scope that is asked for. */
  readonly scope?: string
  /** The status of a refresh then. */
  readonly refreshed?: { readonly by: LetIn; readonly status: number }
}

type Row = () => Promise<Ending>

function ofApplication(
  end: (of: LetIn) => Promise<unknown>,
  { refreshStatus = 400, ...more }: Pick<Ending, 'outcome' | 'scope'> & { readonly refreshStatus?: number } = {},
): Row {
  return async () => {
    const by = await letIn()
    return { token: by.access, end: () => end(by), refreshed: { by, status: refreshStatus }, ...more }
  }
}

function ofSession(end: (person: Person) => Promise<unknown>): Row {
  return async () => {
    // A second owner keeps the team alive, so that nothing but the session can have ended the token.
    const { person, teamId } = await inTeam()
    const other = await signInPerson(product)
    await manage('POST', `/v1/teams/${teamId}/members`, { email: other.email, role: 'owner' })
    const minting = { listed: false, audience: product.audience, scope: 'orders:read' }
    const token = text((await person.api('POST', '/v1/tokens', minting)).body.token)
    return { token, end: () => end(person) }
  }
}

function ofTeam(
  end: (of: Awaited<ReturnType<typeof inTeam>>) => Promise<unknown>,
  more: Pick<Ending, 'outcome' | 'scope'> = {},
): Row {
  return async () => {
    const of = await inTeam('owner')
    return { token: of.key, end: () => end(of), ...more }
  }
}

function ofIssuer(change: () => object, outcome: string): Row {
  return async () => {
    const { path, token } = await trusted()
    return { token, end: () => manage('PATCH', path, change()), outcome }
  }
}

/** Each ends all that a person has. */
const ofPerson: Readonly<Record<string, (person: Person) => Promise<unknown>>> = {
  'signed out everywhere by an operator': ({ accountId }) => manage('POST', `/v1/accounts/${accountId}/revoke`),
  'signed out everywhere by the person': (person) => person.submit('/account', '/account', { everywhere: '1' }),
  'a new password that the person sets': async (person) => {
    const fields = { password: 'a better horse battery', applications: 'end' }
    expect((await person.submit('/account/password', '/account/password', fields)).status).toBe(303)
    expect((await person.api('GET', '/v1/me')).status).toBe(200)
  },
  'a new password that an operator sets': ({ accountId }) =>
    manage('PATCH', `/v1/accounts/${accountId}`, { emailVerified: true, password: 'a better horse battery' }),
  'a new password by a mailed code': async (person) => {
    const asked = await person.submit('/recover', '/recover', { email: person.email })
    const page = String(asked.headers.get('Location')).slice(product.url.length)
    const code = await mailedCode(product, person.email)
    const done = await person.submit(page, '/recover', { code, password: 'a better horse battery' })
    expect([done.status, done.headers.get('Location')]).toEqual([303, `${product.url}/login?notice=recovered`])
  },
  'the account is disabled': ({ accountId }) => manage('PATCH', `/v1/accounts/${accountId}`, { status: 'disabled' }),
  'the account is disabled and enabled again': async ({ accountId }) => {
    for (const status of ['disabled', 'active']) await manage('PATCH', `/v1/accounts/${accountId}`, { status })
  },
  'the account is deleted': ({ accountId }) => manage('DELETE', `/v1/accounts/${accountId}`),
}

const disable = { status: 'disabled' }
const disabled = { outcome: 'disabled' }
const lessScope = { outcome: 'insufficient_scope', scope: 'orders:write' }
const unknownClient = { refreshStatus: 401 }

const rows: Readonly<Record<string, Row>> = {
  ...Object.fromEntries(
    Object.entries(ofPerson).flatMap(([name, end]) => [
      [`${name}: a token of an application`, ofApplication(({ person }) => end(person))],
      [`${name}: a token that the session minted`, ofSession(end)],
    ]),
  ),
  'a sign-out: a token that the session minted': ofSession((person) => person.submit('/logout', '/logout')),
  'a sign-out at a client: a token that the session minted': ofSession(async (person) => {
    const { answer } = await person.allow(await makeApplication(product), 'openid orders:read')
    const left = await person.open(`/oauth/logout?id_token_hint=${text(answer.id_token)}`)
    expect(left.status).toBe(200)
  }),
  'the consent is removed by the person': ofApplication(async ({ person }) => {
    const [consent] = await consentsOf(person)
    expect((await person.api('POST', `/v1/consents/${text(consent?.id)}/revoke`, {})).status).toBe(200)
  }),
  'the consent is removed by an operator': ofApplication(async ({ person }) =>
    manage('POST', `/v1/consents/${text((await consentsOf(person))[0]?.id)}/revoke`),
  ),
  'a refresh token is used again': ofApplication(async ({ application, refreshToken }) => {
    const second = text((await refresh(product, application, refreshToken)).body.refresh_token)
    await refresh(product, application, second)
    expect((await refresh(product, application, refreshToken)).status).toBe(400)
  }),
  'a code is used twice': ofApplication(async ({ application, code }) =>
    expect((await redeem(product, application, { code, verifier })).status).toBe(400),
  ),
  'its refresh token is revoked at /oauth/revoke': ofApplication(({ application, refreshToken }) =>
    revokeText(application, refreshToken),
  ),
  'an access token is revoked at /oauth/revoke, and it alone': ofApplication(
    ({ application, access }) => revokeText(application, access),
    { refreshStatus: 200 },
  ),
  'the client may have less: people’s tokens': ofApplication(
    ({ application }) => manage('PATCH', `/v1/clients/${application.clientId}`, narrow()),
    { ...lessScope, refreshStatus: 200 },
  ),
  'the account may have less: its tokens': ofApplication(
    ({ person }) => manage('PATCH', `/v1/accounts/${person.accountId}`, narrow()),
    { ...lessScope, refreshStatus: 200 },
  ),
  'the client is disabled: people’s tokens': ofApplication(
    ({ application }) => manage('PATCH', `/v1/clients/${application.clientId}`, disable),
    { ...disabled, ...unknownClient },
  ),
  'the client is revoked: people’s tokens': ofApplication(
    ({ application }) => manage('POST', `/v1/clients/${application.clientId}/revoke`),
    unknownClient,
  ),
  'the client is deleted: people’s tokens': ofApplication(
    ({ application }) => manage('DELETE', `/v1/clients/${application.clientId}`),
    unknownClient,
  ),
  'the client is disabled: its key': ofTeam(
    ({ clientId }) => manage('PATCH', `/v1/clients/${clientId}`, disable),
    disabled,
  ),
  'the client is revoked: its key': ofTeam(({ clientId }) => manage('POST', `/v1/clients/${clientId}/revoke`)),
  'the client is deleted: its key': ofTeam(({ clientId }) => manage('DELETE', `/v1/clients/${clientId}`)),
  'the last member of a team is disabled: its key': ofTeam(
    ({ person }) => manage('PATCH', `/v1/accounts/${person.accountId}`, disable),
    disabled,
  ),
  'the last member of a team is deleted: its key': ofTeam(
    ({ person }) => manage('DELETE', `/v1/accounts/${person.accountId}`),
    disabled,
  ),
  'the team is disabled: its key': ofTeam(({ teamId }) => manage('PATCH', `/v1/teams/${teamId}`, disable), disabled),
  'the ceiling of the team is narrowed: its key': ofTeam(
    ({ teamId }) => manage('PATCH', `/v1/teams/${teamId}`, narrow()),
    lessScope,
  ),
  'a trusted issuer is disabled: its JWTs': ofIssuer(() => disable, 'disabled'),
  'a trusted issuer loses a key: its JWTs': ofIssuer(() => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return { jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'other' }] } }
  }, 'bad_signature'),
}

async function revokeText(application: Application, token: string): Promise<void> {
  expect((await form(product, '/oauth/revoke', { ...asClient(application), token })).status).toBe(200)
}

describe('ends at every verifier within a second (CVE-2026-33124: with a new password, too)', () => {
  it.each(Object.entries(rows))('%s', async (_, make) => {
    const { end, outcome = 'revoked', refreshed, scope, token } = await make()
    await isSeen(token, 'verified', scope)
    await end()
    await isSeen(token, outcome, scope)
    if (refreshed === undefined) return
    const { application, refreshToken } = refreshed.by
    expect((await refresh(product, application, refreshToken)).status).toBe(refreshed.status)
  })
})

describe('ends within the bound at a verifier that has lost its network (docs/protocol/feed.md)', () => {
  const bound = 3
  /** When each end was acknowledged, when a request that was let in after it began, and what was said at last. */
  const seen = new Map<string, { readonly endedAt: number; readonly letInAt: number; readonly outcome: string }>()
  beforeAll(async () => {
    const away = await startSdk(product, guard, bound)
    try {
      const made: [string, Ending][] = []
      for (const [name, make] of Object.entries(rows)) made.push([name, await make()])
      for (const [, { token, scope }] of made)
        await eventually(1_000, async () => (await away.outcome(token, scope)) === 'verified')
      away.cut()
      await Promise.all(
        made.map(async ([name, { end, scope, token }]) => {
          await end()
          const endedAt = performance.now()
          let letInAt = endedAt
          for (;;) {
            const askedAt = performance.now()
            const outcome = await away.outcome(token, scope)
            if (outcome !== 'verified') return void seen.set(name, { endedAt, letInAt, outcome })
            letInAt = askedAt
            await new Promise((resolve) => setTimeout(resolve, 10))
          }
        }),
      )
    } finally {
      away.stop()
    }
  }, 60_000)

  it.each(Object.keys(rows))('%s', (name) => {
    const { endedAt, letInAt, outcome } = seen.get(name) ?? expect.fail('it was not tried')
    expect(letInAt - endedAt).toBeLessThan(bound * 1_000)
    // That it has ended was never heard there.
    expect(outcome).toBe('unavailable')
  })
})

it('the client is disabled: what it had returns with it', async () => {
  const { application, access } = await letIn()
  const path = `/v1/clients/${application.clientId}`
  await manage('PATCH', path, disable)
  await isSeen(access, 'disabled')
  await manage('PATCH', path, { status: 'active' })
  await isSeen(access, 'verified')
})

it('a sign-out at a client leaves what applications were allowed', async () => {
  const { person, application, access, refreshToken } = await letIn()
  expect((await person.submit('/oauth/logout', '/logout')).status).toBe(303)
  expect((await person.api('GET', '/v1/me')).status).toBe(401)
  expect(await sdk.outcome(access)).toBe('verified')
  expect((await refresh(product, application, refreshToken)).status).toBe(200)
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
