import { formatTime } from '@countersign/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { audience, startAt, startWorld, type World } from '../server.fixture.ts'
import type { Wire } from '../wire.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
beforeEach(() => {
  world.now = startAt
})
afterAll(() => world.close())

const rfc3339 = (seconds: number): string => new Date(seconds * 1000).toISOString()
const isActive = async (key: Wire): Promise<boolean> => (await world.verify(key.key, { ip: '192.0.2.1' })).active

describe('create', () => {
  it('gives the key once, well-formed, and never again', async () => {
    const made = await world.key({ name: 'shown once', metadata: { team: 'a' } })
    expect(made.key).toMatch(/^cs_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$/)
    expect(made.key.split('_')[2]).toBe(made.id)
    const read = await world.ok('GET', `/v1/keys/${made.id}`)
    expect(read).toMatchObject({ name: 'shown once', metadata: { team: 'a' }, status: 'active', scope: 'orders:read' })
    expect(read).not.toHaveProperty('key')
    expect(JSON.stringify(await world.ok('GET', '/v1/keys?limit=100'))).not.toContain(made.key)
  })

  it('takes a scope as text, list or structure', async () => {
    for (const scope of ['orders:read', ['orders:read'], 'orders:read orders:write']) {
      expect((await world.key({ scope })).scope).toContain('orders:read')
    }
    const name = 'https://users.test'
    await world.ok('POST', '/v1/apis', { audience: name, name: 'Users' })
    const { clientId } = await world.client({ access: [{ audience: name, scope: 'read:users create:users' }] })
    const scope = { users: { actions: ['read', 'create'] } }
    expect((await world.key({ clientId, audience: name, scope })).scope).toBe('read:users create:users')
  })

  it('a scope, an audience or a client that does not fit is 400 with a pointer to it', async () => {
    for (const [more, pointer] of [
      [{ scope: 'orders:delete' }, '/scope'],
      [{ audience: 'https://none.test' }, '/audience'],
      [{ clientId: 'client_none' }, '/clientId'],
      [{ expiresAt: rfc3339(startAt) }, '/expiresAt'],
      [{ expiresAt: 'tomorrow' }, '/expiresAt'],
      [{ ipAllow: ['192.0.2.1/24'] }, '/ipAllow/0'],
      [{ rateLimit: { limit: -1, windowSeconds: 1 } }, '/rateLimit/limit'],
    ] as const) {
      const body = { clientId: world.clientId, audience, scope: 'orders:read', name: 'a key', ...more }
      const reply = await world.call('POST', '/v1/keys', { body })
      expect(reply.status, JSON.stringify(more)).toBe(400)
      expect(reply.body.errors.map((error) => error.pointer)).toContain(pointer)
    }
  })

  it('for a disabled client it is 409', async () => {
    const { clientId } = await world.client()
    await world.ok('PATCH', `/v1/clients/${clientId}`, { status: 'disabled' })
    const body = { clientId, audience, scope: 'orders:read', name: 'a key' }
    expect((await world.call('POST', '/v1/keys', { body })).status).toBe(409)
  })
})

describe('states', () => {
  it('disabled and enabled hold at once; revoked holds for good', async () => {
    const key = await world.key()
    const act = (action: string) => world.ok('POST', `/v1/keys/${key.id}/${action}`)
    expect(await act('disable')).toMatchObject({ id: key.id, status: 'disabled', feedSequence: expect.any(Number) })
    expect(await world.verify(key.key)).toMatchObject({ active: false, code: 'disabled' })
    expect((await act('enable')).status).toBe('active')
    expect(await isActive(key)).toBe(true)
    const { feedSequence } = await act('revoke')
    expect(await world.verify(key.key, { minSequence: feedSequence })).toMatchObject({ active: false, code: 'revoked' })
    expect((await act('revoke')).feedSequence).toBe(feedSequence)
    for (const action of ['enable', 'disable', 'roll']) {
      const reply = await world.call('POST', `/v1/keys/${key.id}/${action}`)
      expect([reply.status, reply.body.code]).toEqual([409, 'revoked'])
    }
    expect((await world.call('PATCH', `/v1/keys/${key.id}`, { body: { name: 'x' } })).status).toBe(409)
  })

  it('a body of {} or none is the same on actions', async () => {
    for (const body of [undefined, {}]) {
      const key = await world.key()
      for (const action of ['disable', 'enable', 'roll', 'revoke']) {
        const reply = await world.call('POST', `/v1/keys/${key.id}/${action}`, body === undefined ? {} : { body })
        if (action === 'roll') expect(reply.status).toBe(201)
        else expect(reply.status).toBe(200)
      }
    }
  })

  it('a key ends at the very second it expires', async () => {
    const key = await world.key({ expiresAt: rfc3339(startAt + 10) })
    world.now += 9
    expect(await isActive(key)).toBe(true)
    world.now += 1
    expect(await world.verify(key.key)).toMatchObject({ active: false, code: 'expired' })
    expect((await world.ok('GET', `/v1/keys/${key.id}`)).status).toBe('expired')
    const listed = await world.ok('GET', '/v1/keys?status=expired')
    expect(listed.data.map(({ id }) => id)).toContain(key.id)
    const ofEnded = async (ended: boolean) =>
      (await world.ok('GET', `/v1/keys?ended=${ended}&q=${key.id}`)).data.map(({ id }) => id)
    expect([await ofEnded(true), await ofEnded(false)]).toEqual([[key.id], []])
    expect((await world.call('POST', `/v1/keys/${key.id}/roll`)).body.code).toBe('expired')
  })
})

describe('change', () => {
  it('metadata is one JSON object of at most 4 KiB in UTF-8', async () => {
    const { id } = await world.key()
    const change = async (metadata: unknown) =>
      (await world.call('PATCH', `/v1/keys/${id}`, { body: { metadata } })).status
    // {"a":""} has 8 bytes.
    expect(await change({ a: 'x'.repeat(4_088) })).toBe(200)
    expect(await change({ a: 'x'.repeat(4_089) })).toBe(400)
    expect(await change({ a: 'é'.repeat(2_044) })).toBe(200)
    expect(await change({ a: 'é'.repeat(2_045) })).toBe(400)
    for (const wrong of [[], 'text', 7, true, null]) expect(await change(wrong), String(wrong)).toBe(400)
  })

  it('scope, end, name, metadata, addresses, limit: each holds at once', async () => {
    const key = await world.key({ scope: 'orders:read orders:write' })
    const change = (body: object) => world.ok('PATCH', `/v1/keys/${key.id}`, body)
    expect((await world.verify(key.key, { scope: 'orders:write' })).active).toBe(true)
    await change({ scope: 'orders:read' })
    expect((await world.verify(key.key, { scope: 'orders:write' })).code).toBe('insufficient_scope')
    await change({ ipAllow: ['192.0.2.0/24'] })
    expect((await world.verify(key.key, { ip: '198.51.100.1' })).code).toBe('address_not_allowed')
    expect((await world.verify(key.key)).code).toBe('address_not_allowed')
    await change({ ipAllow: null, rateLimit: { limit: 1, windowSeconds: 60 } })
    expect((await world.verify(key.key)).active).toBe(true)
    expect((await world.verify(key.key)).code).toBe('rate_limited')
    await change({ rateLimit: null, name: 'new', metadata: { a: 1 }, expiresAt: rfc3339(startAt + 5) })
    expect((await world.verify(key.key)).grant.metadata).toEqual({ a: 1 })
    world.now += 5
    expect((await world.verify(key.key)).code).toBe('expired')
    await change({ expiresAt: null })
    expect(await isActive(key)).toBe(true)
  })

  it('beyond the client’s access it is 400', async () => {
    const key = await world.key()
    const reply = await world.call('PATCH', `/v1/keys/${key.id}`, { body: { scope: 'orders:delete' } })
    expect(reply).toMatchObject({ status: 400, body: { errors: [{ pointer: '/scope' }] } })
  })
})

describe('subject', () => {
  it('is the party that the key speaks for, in every answer about it, until it is taken away', async () => {
    const key = await world.key({ subject: 'customer-17' })
    expect(key.subject).toBe('customer-17')
    const subjectOf = async () => (await world.verify(key.key)).grant.subject
    expect(await subjectOf()).toBe('customer-17')
    const rolled = await world.ok('POST', `/v1/keys/${key.id}/roll`, { graceSeconds: 60 })
    expect([rolled.subject, (await world.verify(rolled.key)).grant.subject]).toEqual(['customer-17', 'customer-17'])
    expect((await world.ok('PATCH', `/v1/keys/${key.id}`, { subject: 'customer-18' })).subject).toBe('customer-18')
    expect(await subjectOf()).toBe('customer-18')
    expect((await world.ok('PATCH', `/v1/keys/${key.id}`, { name: 'same' })).subject).toBe('customer-18')
    expect((await world.ok('PATCH', `/v1/keys/${key.id}`, { subject: null })).subject).toBe(world.clientId)
    expect(await subjectOf()).toBe(world.clientId)
  })

  it.each(['client_x', 'acct_x', '', 'x'.repeat(256)])('%j is none that anybody may give', async (subject) => {
    const body = { clientId: world.clientId, audience, scope: 'orders:read', name: 'k', subject }
    expect(await world.call('POST', '/v1/keys', { body })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/subject' }] },
    })
    const minted = { clientId: world.clientId, audience, scope: 'orders:read', ttlSeconds: 60, subject }
    expect((await world.call('POST', '/v1/tokens', { body: minted })).status).toBe(400)
  })
})

describe('roll', () => {
  const full = {
    scope: 'orders:read',
    name: 'rolled',
    environment: 'test',
    metadata: { team: 'a' },
    ipAllow: ['192.0.2.0/24'],
    originAllow: null,
    rateLimit: { limit: 100, windowSeconds: 60 },
  }
  const roll = (key: Wire, graceSeconds?: number): Promise<Wire> =>
    world.ok('POST', `/v1/keys/${key.id}/roll`, graceSeconds === undefined ? {} : { graceSeconds })

  it('keeps every field but id, secret and times', async () => {
    const old = await world.key({ ...full, expiresAt: rfc3339(startAt + 1_000) })
    world.now += 10
    const next = await roll(old, 60)
    const { id, key, createdAt, updatedAt, expiresAt, rolledFrom, ...same } = old
    expect(next).toMatchObject(same)
    expect(next.rolledFrom).toBe(old.id)
    expect(next.id).not.toBe(id)
    expect(next.key).not.toBe(key)
    expect(next.createdAt).toBe(rfc3339(world.now).replace('.000', ''))
    expect([createdAt, updatedAt, expiresAt, rolledFrom]).toHaveLength(4)
  })

  it('the new one lives as long as the old was given, from now', async () => {
    const old = await world.key({ expiresAt: rfc3339(startAt + 1_000) })
    world.now += 400
    expect(Date.parse((await roll(old)).expiresAt)).toBe((world.now + 1_000) * 1000)
    expect((await roll(await world.key())).expiresAt).toBeNull()
  })

  it('the old one works until the chosen second and not after', async () => {
    const old = await world.key()
    const next = await roll(old, 60)
    world.now += 59
    expect([await isActive(old), await isActive(next)]).toEqual([true, true])
    world.now += 1
    expect([await isActive(old), await isActive(next)]).toEqual([false, true])
  })

  it('without a grace the old one ends at once', async () => {
    const old = await world.key()
    const next = await roll(old)
    expect([await isActive(old), await isActive(next)]).toEqual([false, true])
  })

  it('the old one never ends later than its own end', async () => {
    const old = await world.key({ expiresAt: rfc3339(startAt + 30) })
    await roll(old, 3_600)
    world.now += 30
    expect(await isActive(old)).toBe(false)
  })

  it('the answer says when the old one ends, and the grace of an earlier roll that this one has cut', async () => {
    const old = await world.key({ expiresAt: rfc3339(startAt + 3_600) })
    const first = await roll(old, 600)
    expect(first).toMatchObject({ rolledFromExpiresAt: formatTime(startAt + 600), earlierGraceUntil: null })
    world.now += 10
    const second = await roll(old, 60)
    const cut = { rolledFromExpiresAt: formatTime(startAt + 70), earlierGraceUntil: formatTime(startAt + 600) }
    expect(second).toMatchObject(cut)
    expect(await roll(await world.key(), 5)).toMatchObject({ earlierGraceUntil: null })
  })

  it('tokens of the old one end with it', async () => {
    const old = await world.key()
    const child = (await world.exchange(old.key)).body.access_token
    await roll(old, 60)
    world.now += 59
    expect((await world.verify(child)).active).toBe(true)
    world.now += 1
    expect((await world.verify(child)).active).toBe(false)
  })

  it('something revoked, disabled or expired cannot be rolled, nor a disabled client’s', async () => {
    const before = async (action: string) => {
      const key = await world.key()
      await world.ok('POST', `/v1/keys/${key.id}/${action}`)
      return key
    }
    for (const [action, code] of [
      ['revoke', 'revoked'],
      ['disable', 'disabled'],
    ] as const) {
      const reply = await world.call('POST', `/v1/keys/${(await before(action)).id}/roll`)
      expect(reply).toMatchObject({ status: 409, body: { code } })
    }
    const { clientId } = await world.client()
    const key = await world.key({ clientId })
    await world.ok('PATCH', `/v1/clients/${clientId}`, { status: 'disabled' })
    expect((await world.call('POST', `/v1/keys/${key.id}/roll`)).status).toBe(409)
  })

  it('of 20 rolls at once each gives a working key, and the old one still ends', async () => {
    const old = await world.key()
    const path = `/v1/keys/${old.id}/roll`
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => world.call('POST', path, { body: { graceSeconds: 5 } })),
    )
    for (const { status } of replies) expect([201, 409]).toContain(status)
    expect(replies.some(({ status }) => status === 201)).toBe(true)
    world.now += 5
    expect(await isActive(old)).toBe(false)
  })
})
