import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { accessTokenType, audience, otherAudience, startAt, startWorld, type World } from '../../server.fixture.ts'
import type { Wire } from '../../wire.fixture.ts'

const opaqueAudience = 'https://opaque.test'
let world: World
beforeAll(async () => {
  world = await startWorld()
  await world.ok('POST', '/v1/apis', { audience: otherAudience, name: 'Invoices' })
  await world.ok('POST', '/v1/apis', {
    audience: opaqueAudience,
    name: 'Opaque',
    tokenFormat: 'opaque',
    scopes: [{ name: 'orders:read' }, { name: 'orders:write' }],
  })
})
beforeEach(() => {
  world.now = startAt
})
afterAll(() => world.close())

interface Parent {
  readonly text: string
  readonly audience: string
  readonly owner: { readonly client_id: string; readonly client_secret: string }
  /** Ends it for good. */
  readonly revoke: () => Promise<unknown>
  readonly suspend?: () => Promise<unknown>
  readonly narrow?: () => Promise<unknown>
  readonly endAt?: (at: number) => Promise<unknown>
}

const rfc3339 = (seconds: number): string => new Date(seconds * 1000).toISOString()

async function makeClient(
  aud: string,
): Promise<{ clientId: string; owner: Parent['owner']; selfIssued: () => Promise<string> }> {
  const client = await world.signedClient({ access: [{ audience: aud, scope: 'orders:read orders:write' }] })
  return {
    clientId: client.clientId,
    owner: { client_id: client.clientId, client_secret: client.clientSecret },
    selfIssued: () => client.selfIssued({ scope: 'orders:read orders:write' }),
  }
}

const parents: Readonly<Record<string, () => Promise<Parent>>> = {
  async 'an API key'() {
    const { clientId, owner } = await makeClient(audience)
    const key = await world.key({ clientId, scope: 'orders:read orders:write' })
    const path = `/v1/keys/${key.id}`
    return {
      text: key.key,
      audience,
      owner,
      revoke: () => world.ok('POST', `${path}/revoke`),
      suspend: () => world.ok('POST', `${path}/disable`),
      narrow: () => world.ok('PATCH', path, { scope: 'orders:read' }),
      endAt: (at) => world.ok('PATCH', path, { expiresAt: rfc3339(at) }),
    }
  },
  async 'a JWT from the token endpoint'() {
    const { owner } = await makeClient(audience)
    const { access_token: text } = (await world.token(owner)).body
    return { text, audience, owner, revoke: () => world.form('/oauth/revoke', { ...owner, token: text }) }
  },
  async 'an opaque token'() {
    const { owner } = await makeClient(opaqueAudience)
    const { access_token: text } = (await world.token(owner)).body
    const path = `/v1/tokens/${text.split('_')[2]}`
    return {
      text,
      audience: opaqueAudience,
      owner,
      revoke: () => world.form('/oauth/revoke', { ...owner, token: text }),
      narrow: () => world.ok('PATCH', path, { scope: 'orders:read' }),
      endAt: (at) => world.ok('PATCH', path, { expiresAt: rfc3339(at) }),
    }
  },
  async 'a minted JWT'() {
    const { clientId, owner } = await makeClient(audience)
    const { token, jti } = await world.mint({ clientId, scope: 'orders:read orders:write', ttlSeconds: 86_400 })
    return {
      text: token,
      audience,
      owner,
      revoke: () => world.ok('POST', `/v1/tokens/${jti}/revoke`),
      narrow: () => world.ok('PATCH', `/v1/tokens/${jti}`, { scope: 'orders:read' }),
      endAt: (at) => world.ok('PATCH', `/v1/tokens/${jti}`, { expiresAt: rfc3339(at) }),
    }
  },
  async 'a self-issued JWT'() {
    const { owner, selfIssued } = await makeClient(audience)
    const text = await selfIssued()
    return { text, audience, owner, revoke: () => world.form('/oauth/revoke', { ...owner, token: text }) }
  },
}

const verify = (token: string, parent: Parent, more: object = {}): Promise<Wire> =>
  world.verify(token, { audience: parent.audience, ...more })

describe.each(Object.entries(parents))('from %s', (_, make) => {
  it('the child has the parent’s scope, or less when less is asked, never more', async () => {
    const parent = await make()
    const whole = await world.exchange(parent.text, parent.owner)
    expect(whole).toMatchObject({
      status: 200,
      body: { issued_token_type: accessTokenType, token_type: 'Bearer', scope: 'orders:read orders:write' },
    })
    const less = await world.exchange(parent.text, { ...parent.owner, scope: 'orders:read' })
    expect(less.body.scope).toBe('orders:read')
    expect(await verify(less.body.access_token, parent)).toMatchObject({ active: true })
    expect(await verify(less.body.access_token, parent, { scope: 'orders:write' })).toMatchObject({ active: false })
    const more = await world.exchange(less.body.access_token, { ...parent.owner, scope: 'orders:read orders:write' })
    expect(more).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })
    const again = await world.exchange(less.body.access_token, parent.owner)
    expect(again.body.scope).toBe('orders:read')
  })

  it('the child never lives longer', async () => {
    const parent = await make()
    const parentGrant = (await verify(parent.text, parent)).grant
    world.now += 5
    const child = await world.exchange(parent.text, parent.owner)
    const { grant } = await verify(child.body.access_token, parent)
    const parentEnd = parentGrant.expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(parentGrant.expiresAt)
    expect(Date.parse(grant.expiresAt)).toBeLessThanOrEqual(Math.min(parentEnd, (world.now + 3600) * 1000))
  })

  it('the child and its own child die with the parent, at once, and nothing more can be made of it', async () => {
    const parent = await make()
    const child = (await world.exchange(parent.text, parent.owner)).body.access_token
    const grandchild = (await world.exchange(child, parent.owner)).body.access_token
    expect((await verify(grandchild, parent)).active).toBe(true)
    await parent.revoke()
    for (const token of [parent.text, child, grandchild]) {
      expect(await verify(token, parent)).toMatchObject({ active: false, code: 'revoked' })
      expect(await world.exchange(token, parent.owner)).toMatchObject({
        status: 400,
        body: { error: 'invalid_request' },
      })
    }
  })

  it('the parent outlives its child, whose end ends the grandchild', async () => {
    const parent = await make()
    const child = (await world.exchange(parent.text, parent.owner)).body.access_token
    const grandchild = (await world.exchange(child, parent.owner)).body.access_token
    await world.form('/oauth/revoke', { ...parent.owner, token: child })
    expect(await verify(parent.text, parent)).toMatchObject({ active: true })
    expect(await verify(grandchild, parent)).toMatchObject({ active: false, code: 'revoked' })
  })

  it('suspended, narrowed and ended with the parent where the parent can be', async () => {
    const parent = await make()
    const child = (await world.exchange(parent.text, parent.owner)).body.access_token
    await parent.narrow?.()
    if (parent.narrow !== undefined) {
      const wide = await verify(child, parent, { scope: 'orders:write' })
      expect(wide).toMatchObject({ active: false, code: 'insufficient_scope' })
      const scopeNow = (await world.exchange(child, parent.owner)).body.scope
      expect(scopeNow).toBe('orders:read')
    }
    await parent.endAt?.(world.now + 100)
    if (parent.endAt !== undefined) {
      world.now += 99
      expect((await verify(child, parent)).active).toBe(true)
      world.now += 1
      expect(await verify(child, parent)).toMatchObject({ active: false, code: 'expired' })
      world.now = startAt
    }
    await parent.suspend?.()
    if (parent.suspend !== undefined) {
      expect(await verify(child, parent)).toMatchObject({ active: false, code: 'disabled' })
      expect((await world.exchange(child, parent.owner)).status).toBe(400)
    }
  })

  it('the client’s own end is the child’s: disabled, narrowed, revoked', async () => {
    const parent = await make()
    const child = (await world.exchange(parent.text, parent.owner)).body.access_token
    const path = `/v1/clients/${parent.owner.client_id}`
    await world.ok('PATCH', path, { access: [{ audience: parent.audience, scope: 'orders:read' }] })
    const wide = await verify(child, parent, { scope: 'orders:write' })
    expect(wide).toMatchObject({ active: false, code: 'insufficient_scope' })
    await world.ok('PATCH', path, { status: 'disabled' })
    expect(await verify(child, parent)).toMatchObject({ active: false, code: 'disabled' })
    await world.ok('PATCH', path, { status: 'active' })
    expect((await verify(child, parent)).active).toBe(true)
    await world.ok('POST', `${path}/revoke`)
    expect(await verify(child, parent)).toMatchObject({ active: false, code: 'revoked' })
  })

  it('a parent of another client is refused like one that was never there', async () => {
    const parent = await make()
    const other = await makeClient(parent.audience)
    const foreign = await world.exchange(parent.text, other.owner)
    const nothing = await world.exchange('cs_live_0123456789AB_0123456789ABCDEFGHIJKLMNOPQRSTUV000000', other.owner)
    expect(foreign).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect(foreign.text).toBe(nothing.text)
  })

  it('an audience that the parent is not for is invalid_target', async () => {
    const parent = await make()
    const access = [
      { audience: parent.audience, scope: 'orders:read orders:write' },
      { audience: otherAudience, scope: 'orders:read' },
    ]
    await world.ok('PATCH', `/v1/clients/${parent.owner.client_id}`, { access })
    for (const target of [
      { audience: otherAudience },
      { resource: otherAudience },
      { audience: 'https://none.test' },
    ]) {
      expect(await world.exchange(parent.text, { ...parent.owner, ...target })).toMatchObject({
        status: 400,
        body: { error: 'invalid_target' },
      })
    }
    expect((await world.exchange(parent.text, parent.owner)).status).toBe(200)
  })

  it('at most four ancestors; deeper is invalid_request', async () => {
    const parent = await make()
    let token = parent.text
    for (let depth = 1; depth <= 4; depth++) {
      const reply = await world.exchange(token, parent.owner)
      expect(reply.status, `depth ${depth}`).toBe(200)
      token = reply.body.access_token
    }
    expect((await verify(token, parent)).active).toBe(true)
    expect(await world.exchange(token, parent.owner)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    await parent.revoke()
    expect(await verify(token, parent)).toMatchObject({ active: false, code: 'revoked' })
  })
})

describe('what a child carries', () => {
  it('its parent’s addresses and origins, those set later as well', async () => {
    const key = await world.key({ ipAllow: ['192.0.2.0/24'], originAllow: ['https://app.test'] })
    const child = (await world.exchange(key.key)).body.access_token
    const at = { ip: '192.0.2.9', origin: 'https://app.test' }
    expect((await world.verify(child, at)).active).toBe(true)
    expect(await world.verify(child, { ...at, ip: '198.51.100.1' })).toMatchObject({ code: 'address_not_allowed' })
    expect(await world.verify(child, { origin: at.origin })).toMatchObject({ code: 'address_not_allowed' })
    expect(await world.verify(child, { ...at, origin: 'https://evil.test' })).toMatchObject({
      code: 'origin_not_allowed',
    })
    const grandchild = (await world.exchange(child)).body.access_token
    await world.ok('PATCH', `/v1/keys/${key.id}`, { ipAllow: ['203.0.113.0/24'] })
    expect(await world.verify(grandchild, at)).toMatchObject({ code: 'address_not_allowed' })
  })

  it('its parent’s environment', async () => {
    for (const environment of ['live', 'test']) {
      const key = await world.key({ environment })
      const child = (await world.exchange(key.key)).body.access_token
      expect((await world.verify(child)).grant.environment).toBe(environment)
    }
  })

  it('and spends from the oldest ancestor’s limit', async () => {
    const key = await world.key({ rateLimit: { limit: 3, windowSeconds: 60 } })
    const child = (await world.exchange(key.key)).body.access_token
    const grandchild = (await world.exchange(child)).body.access_token
    for (const credential of [key.key, child, grandchild]) expect((await world.verify(credential)).active).toBe(true)
    for (const credential of [key.key, child, grandchild]) {
      expect(await world.verify(credential)).toMatchObject({ active: false, code: 'rate_limited' })
    }
  })

  it('names its parent', async () => {
    const key = await world.key()
    const child = (await world.exchange(key.key)).body.access_token
    expect((await world.verify(child)).grant.parent).toBe(key.id)
  })
})

describe('refused as a request', () => {
  it('what is missing, unknown or not ours to do is invalid_request', async () => {
    const { key } = await world.key()
    for (const fields of [
      { subject_token: '' },
      { subject_token_type: '' },
      { subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' },
      { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      { actor_token: key },
      { subject_token: 'x' },
      { subject_token: world.clientSecret },
      { subject_token: `${key}x` },
    ]) {
      const reply = await world.exchange(key, fields)
      expect(reply, JSON.stringify(fields)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    }
  })

  it('a JWT for the exchanged one writes nothing to the database', async () => {
    const { key } = await world.key()
    const before = { dump: world.dump(), version: world.dataVersion() }
    expect((await world.exchange(key)).status).toBe(200)
    expect({ dump: world.dump(), version: world.dataVersion() }).toEqual(before)
  })
})

it('subject_token_type …:jwt is as good as …:access_token for a JWT, and for nothing else', async () => {
  const jwtType = 'urn:ietf:params:oauth:token-type:jwt'
  for (const [name, make] of Object.entries(parents)) {
    const { text, owner } = await make()
    const { status, body } = await world.exchange(text, { ...owner, subject_token_type: jwtType })
    const isJwt = text.split('.').length === 3
    expect({ status, error: body.error }, name).toEqual(
      isJwt ? { status: 200, error: undefined } : { status: 400, error: 'invalid_request' },
    )
  }
})

it('a child of a self-issued JWT whose times have fractions ends no later, in both formats', async () => {
  for (const aud of [audience, opaqueAudience]) {
    const client = await world.signedClient({ access: [{ audience: aud, scope: 'orders:read' }] })
    const owner = { client_id: client.clientId, client_secret: client.clientSecret }
    const parent = await client.selfIssued({ aud: [aud], iat: startAt - 0.5, exp: startAt + 60.75 })
    const { status, body } = await world.exchange(parent, owner)
    expect({ status, life: body.expires_in }, aud).toEqual({ status: 200, life: 60 })
    expect((await world.form('/oauth/revoke', { ...owner, token: parent })).status).toBe(200)
    for (const text of [parent, body.access_token]) {
      expect((await world.verify(text, { audience: aud })).active).toBe(false)
    }
  }
})
