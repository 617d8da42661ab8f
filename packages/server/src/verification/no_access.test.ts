/** A client that lost its access to an API, or never had any, passes nowhere there, whatever an operation needs. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { audience, otherAudience, type SignedClient, startWorld, type World } from '../server.fixture.ts'

let world: World
let client: SignedClient
beforeEach(async () => {
  world = await startWorld()
  await world.ok('POST', '/v1/apis', { audience: otherAudience, name: 'Invoices', scopes: [{ name: 'invoices:read' }] })
  client = await world.signedClient()
})
afterEach(() => world.close())

const nginx = [
  ['X-Original-Method', 'GET'],
  ['X-Original-URI', '/orders'],
  ['X-Real-IP', '192.0.2.9'],
] as const

const grantFields = () => ({ client_id: client.clientId, client_secret: client.clientSecret })

const kinds: Readonly<Record<string, () => Promise<string>>> = {
  'an API key': async () => (await world.key({ clientId: client.clientId })).key,
  'a token of the token endpoint': async () => (await world.token(grantFields())).body.access_token,
  'an opaque token': async () => {
    await world.ok('PATCH', `/v1/apis/${world.apiId}`, { tokenFormat: 'opaque' })
    const { access_token } = (await world.token(grantFields())).body
    await world.ok('PATCH', `/v1/apis/${world.apiId}`, { tokenFormat: 'jwt' })
    return access_token
  },
  'a minted token': async () => (await world.mint({ clientId: client.clientId })).token,
  'an exchanged token': async () =>
    (await world.exchange((await world.key({ clientId: client.clientId })).key, grantFields())).body.access_token,
  'a self-issued JWT': () => client.selfIssued({ scope: '' }),
}

const accesses = {
  none: [],
  'none here': [{ audience: otherAudience, scope: 'invoices:read' }],
  empty: [{ audience, scope: '' }],
  present: [{ audience, scope: 'orders:read' }],
} as const

const setAccess = (name: keyof typeof accesses) =>
  world.ok('PATCH', `/v1/clients/${client.clientId}`, { access: accesses[name] })

const forwardAuth = (credential: string) =>
  world.call('GET', `/v1/forward-auth?audience=${encodeURIComponent(audience)}&proxy=nginx`, {
    as: credential,
    headers: [...nginx, ['X-Countersign-Verifier', world.admin]],
  })

describe.each(Object.keys(kinds))('%s', (kind) => {
  it.each(['none', 'none here'] as const)('with access %s is refused at every door', async (access) => {
    const text = await kinds[kind]!()
    expect(await world.verify(text)).toMatchObject({ active: true })
    await setAccess(access)
    expect(await world.verify(text)).toMatchObject({ active: false, code: 'wrong_audience' })
    const passed = await forwardAuth(text)
    expect(passed.status).toBe(401)
    expect(passed.headers).not.toHaveProperty('X-Countersign-Assertion')
    const vouched = await world.call('POST', '/v1/assertions', { body: { credential: text, audience } })
    expect(vouched).toMatchObject({ status: 422 })
    expect((await world.form('/oauth/introspect', { token: text, ...grantFields() })).body).toEqual({ active: false })
    expect((await world.exchange(text, grantFields())).status).toBe(400)
  })

  it.each(['empty', 'present'] as const)(
    'with access %s passes what needs no scope, and again after none',
    async (access) => {
      const text = await kinds[kind]!()
      await setAccess('none')
      await setAccess(access)
      expect(await world.verify(text)).toMatchObject({ active: true })
      expect(await forwardAuth(text)).toMatchObject({ status: 200 })
      const needing = await world.verify(text, { scope: 'orders:read' })
      const has = access === 'present' && kind !== 'a self-issued JWT'
      expect(needing).toMatchObject(has ? { active: true } : { active: false, code: 'insufficient_scope' })
    },
  )

  it('says at a look-up which of the two it is', async () => {
    if (kind !== 'an API key' && kind !== 'an opaque token') return
    const { digest } = await import('@countersign/core')
    const text = await kinds[kind]!()
    for (const [access, recorded] of [
      ['none', null],
      ['empty', ''],
      ['present', 'orders:read'],
    ] as const) {
      await setAccess(access)
      const { body } = await world.call('POST', '/v1/lookup', { body: { digest: await digest(text) } })
      expect(body).toMatchObject({ record: { access: recorded } })
    }
  })
})

it('a client that never had access passes nowhere there with what it signs itself', async () => {
  const stranger = await world.signedClient({ access: [{ audience: otherAudience, scope: 'invoices:read' }] })
  const text = await stranger.selfIssued({ aud: audience, scope: '' })
  expect(await world.verify(text)).toMatchObject({ active: false, code: 'wrong_audience' })
  expect((await forwardAuth(text)).status).toBe(401)
})

describe('an audience that is not named', () => {
  const both = [
    { audience, scope: 'orders:read' },
    { audience: otherAudience, scope: 'invoices:read' },
  ]
  const ask = async (access: readonly object[], scope?: string) => {
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { access })
    const { body } = await world.token({ ...grantFields(), ...(scope === undefined ? {} : { scope }) })
    if (body.error !== undefined) return body.error
    const { aud } = JSON.parse(Buffer.from(body.access_token.split('.')[1]!, 'base64url').toString()) as { aud: string }
    return aud
  }
  const management = { audience: 'http://localhost:4800/v1', scope: 'keys:read' }

  it('is the client’s only API', async () => {
    expect(await ask([both[0]!])).toBe(audience)
    expect(await ask([management])).toBe(management.audience)
  })

  it('is the one whose access holds every scope asked for', async () => {
    expect(await ask(both, 'invoices:read')).toBe(otherAudience)
    expect(await ask(both, 'orders:read')).toBe(audience)
  })

  it('is none where several hold it, none does, or no scope is asked', async () => {
    expect(await ask(both)).toBe('invalid_target')
    expect(await ask(both, '')).toBe('invalid_target')
    expect(await ask(both, 'orders:read invoices:read')).toBe('invalid_target')
    expect(await ask([both[0]!, { audience: otherAudience, scope: '' }], 'openid profile')).toBe('invalid_target')
  })

  it('is never the management API where there is a choice', async () => {
    expect(await ask([management, both[0]!])).toBe(audience)
    expect(await ask([management, both[0]!], 'keys:read')).toBe('invalid_target')
  })
})
