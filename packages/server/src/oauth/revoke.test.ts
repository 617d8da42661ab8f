import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { audience, startAt, startWorld, type World } from '../server.fixture.ts'
import type { Reply } from '../wire.fixture.ts'

const opaqueAudience = 'https://opaque.test'
let world: World
let calls: string[] | undefined
let failing = ''
let isFailing = false

beforeAll(async () => {
  world = await startWorld({
    fails: (call) => {
      calls?.push(call)
      return isFailing && call === failing
    },
  })
  await world.ok('POST', '/v1/apis', { audience: opaqueAudience, name: 'Opaque', tokenFormat: 'opaque' })
})
beforeEach(() => {
  world.now = startAt
})
afterAll(() => world.close())

type Owner = { readonly client_id: string; readonly client_secret: string }

interface Made {
  readonly text: string
  readonly id: string
  readonly audience: string
  readonly owner: Owner
}

async function makeOwner(aud = audience) {
  const client = await world.signedClient({ access: [{ audience: aud, scope: 'orders:read' }] })
  const owner: Owner = { client_id: client.clientId, client_secret: client.clientSecret }
  return { client, owner }
}

const jtiOf = (jwt: string): string =>
  (JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }).jti

const kinds: Readonly<Record<string, () => Promise<Made>>> = {
  async 'an API key'() {
    const { owner } = await makeOwner()
    const { key, id } = await world.key({ clientId: owner.client_id })
    return { text: key, id, audience, owner }
  },
  async 'a JWT'() {
    const { owner } = await makeOwner()
    const { access_token: text } = (await world.token(owner)).body
    return { text, id: jtiOf(text), audience, owner }
  },
  async 'an opaque token'() {
    const { owner } = await makeOwner(opaqueAudience)
    const { access_token: text } = (await world.token(owner)).body
    return { text, id: text.split('_')[2] as string, audience: opaqueAudience, owner }
  },
  async 'a minted JWT'() {
    const { owner } = await makeOwner()
    const { token, jti } = await world.mint({ clientId: owner.client_id })
    return { text: token, id: jti, audience, owner }
  },
  async 'an exchanged token'() {
    const { owner } = await makeOwner()
    const { key } = await world.key({ clientId: owner.client_id })
    const { access_token: text } = (await world.exchange(key, owner)).body
    return { text, id: jtiOf(text), audience, owner }
  },
  async 'a self-issued JWT'() {
    const { client, owner } = await makeOwner()
    const text = await client.selfIssued()
    return { text, id: jtiOf(text), audience, owner }
  },
}

const revoke = (token: string, owner: Owner, more = {}): Promise<Reply> =>
  world.form('/oauth/revoke', { token, ...owner, ...more })
const isActive = async ({ text, audience: aud }: Made): Promise<boolean> =>
  (await world.verify(text, { audience: aud })).active

describe.each(Object.entries(kinds))('%s', (_, make) => {
  it('CVE-2016-6582 CVE-2018-1000211: after 200 it is dead, everywhere', async () => {
    const made = await make()
    const second = await world.second()
    expect(await isActive(made)).toBe(true)
    const reply = await revoke(made.text, made.owner)
    expect([reply.status, reply.text]).toEqual([200, ''])
    expect(reply.headers['Cache-Control']).toBe('no-store')
    const body = { credential: made.text, audience: made.audience }
    expect((await world.verify(made.text, { audience: made.audience })).code).toBe('revoked')
    await second.services.books.poll()
    expect((await world.call('POST', '/v1/verify', { body, server: second })).body).toMatchObject({
      active: false,
      code: 'revoked',
    })
    expect((await world.form('/oauth/introspect', { token: made.text, ...made.owner })).body).toEqual({ active: false })
  })

  it('said twice it is 200 twice, with one entry in feed and audit', async () => {
    const made = await make()
    await revoke(made.text, made.owner)
    const before = world.dump()
    expect((await revoke(made.text, made.owner)).status).toBe(200)
    expect(world.dump()).toBe(before)
  })

  it('a hint of the wrong kind changes nothing about it', async () => {
    const made = await make()
    expect((await revoke(made.text, made.owner, { token_type_hint: 'refresh_token' })).status).toBe(200)
    expect(await isActive(made)).toBe(false)
  })

  it('another client’s live one is unauthorized_client and stays alive', async () => {
    const made = await make()
    const { owner } = await makeOwner()
    const before = world.dump()
    expect(await revoke(made.text, owner)).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } })
    expect(world.dump()).toBe(before)
    expect(await isActive(made)).toBe(true)
  })

  it('its id alone, a part of it, and one with another secret or signature revoke nothing and are 200', async () => {
    const made = await make()
    const before = world.dump()
    const { text, id } = made
    const other = text.endsWith('A') ? 'B' : 'A'
    const forgeries = [
      id,
      text.slice(0, -1),
      `${text.slice(0, -1)}${other}`,
      `${text} `,
      text.toUpperCase(),
      `${text}\n`,
    ]
    for (const forged of [...forgeries, text.slice(0, text.lastIndexOf('.') + 1)]) {
      const reply = await revoke(forged, made.owner)
      expect([200, 400], forged).toContain(reply.status)
    }
    expect((await revoke(id, made.owner)).status).toBe(200)
    expect(world.dump()).toBe(before)
    expect(await isActive(made)).toBe(true)
  })

  it('CVE-2020-15223: while the store fails, at any of its calls, it is 503, never 200', async () => {
    const trial = await make()
    calls = []
    await revoke(trial.text, trial.owner)
    const made = [...new Set(calls)]
    calls = undefined
    expect(made).toContain('write')
    for (const call of made) {
      const each = await make()
      failing = call
      isFailing = true
      const reply = await revoke(each.text, each.owner)
      isFailing = false
      if (reply.status === 200) expect(await isActive(each), call).toBe(false)
      else expect(reply, call).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } })
      expect((await revoke(each.text, each.owner)).status, call).toBe(200)
      expect(await isActive(each)).toBe(false)
    }
  })
})

describe('what is not there', () => {
  it('workers-oauth-provider PR #76: an unknown token is 200 and changes nothing', async () => {
    const { owner } = await makeOwner()
    const before = world.dump()
    for (const text of [
      'x',
      'a.b.c',
      'cs_live_0123456789AB_0123456789ABCDEFGHIJKLMNOPQRSTUV000000',
      owner.client_secret,
    ]) {
      expect((await revoke(text, owner)).status).toBe(200)
    }
    expect(world.dump()).toBe(before)
  })

  it('an expired JWT is 200, for its own client and for others', async () => {
    const { owner } = await makeOwner()
    const { owner: other } = await makeOwner()
    const { access_token: text } = (await world.token(owner)).body
    world.now += 4_000
    expect([(await revoke(text, other)).status, (await revoke(text, owner)).status]).toEqual([200, 200])
  })

  it('the jti of one client’s JWT is nothing to another client that uses the same jti', async () => {
    const one = await makeOwner()
    const two = await makeOwner()
    const first = await one.client.selfIssued({ jti: 'the-same' })
    const second = await two.client.selfIssued({ jti: 'the-same' })
    await revoke(first, one.owner)
    expect((await world.verify(first)).active).toBe(false)
    expect((await world.verify(second)).active).toBe(true)
  })
})

describe('limits of the feed (docs/protocol/feed.md §2.1)', () => {
  async function fill(type: 'token' | 'client_token', clientId: string, count: number): Promise<void> {
    const dropAt = startAt + 10_000
    await world.store.write(async (transaction) => {
      transaction.append({
        tenant: 'default',
        countedFor: clientId,
        audit: { actor: { kind: 'system' }, action: 'test', objectType: type, objectId: 'many', requestId: 'test' },
        objects: () =>
          Array.from({ length: count }, (_, index) => {
            const id = type === 'token' ? `${clientId}-${index}` : `${clientId} filler-${index}`
            return { type, id, version: 1, state: { status: 'revoked' as const }, dropAt }
          }),
      })
    })
  }

  it('the 1,001st revoked JWT of a client retires the public key that signed it', async () => {
    const { client, owner } = await makeOwner()
    const bystander = await makeOwner()
    const [last, next, sibling] = [await client.selfIssued(), await client.selfIssued(), await client.selfIssued()]
    await fill('client_token', client.clientId, 999)
    await revoke(last, owner)
    expect((await world.verify(last)).code).toBe('revoked')
    expect((await world.verify(sibling)).active).toBe(true)
    expect((await revoke(next, owner)).status).toBe(200)
    expect((await world.verify(next)).active).toBe(false)
    expect((await world.verify(sibling)).active).toBe(false)
    expect((await world.ok('GET', `/v1/clients/${client.clientId}`)).jwks).toEqual({ keys: [] })
    const count = await world.store.read.statusEntries.count('default', 'client_token', client.clientId)
    expect(count).toBe(1_000)
    expect((await world.verify(await bystander.client.selfIssued())).active).toBe(true)
  })

  it('the 10,001st revoked token of a client is a cut-off: all it has are dead, and new ones are good', async () => {
    const { owner } = await makeOwner()
    const token = async (): Promise<string> => (await world.token(owner)).body.access_token
    const key = await world.key({ clientId: owner.client_id })
    const [last, next, sibling] = [await token(), await token(), await token()]
    const minted = await world.mint({ clientId: owner.client_id })
    await fill('token', owner.client_id, 9_999)
    await revoke(last, owner)
    expect((await world.verify(sibling)).active).toBe(true)
    expect((await revoke(next, owner)).status).toBe(200)
    for (const text of [last, next, sibling, minted.token]) expect((await world.verify(text)).code).toBe('revoked')
    expect((await world.ok('GET', `/v1/tokens/${minted.jti}`)).status).toBe('revoked')
    expect((await world.verify(key.key)).active).toBe(true)
    expect((await world.verify(await token())).active).toBe(true)
    const count = await world.store.read.statusEntries.count('default', 'token', owner.client_id)
    expect(count).toBe(10_000)
  })
  it('a minted token is counted with them: its revocation is the cut-off, its change is refused', async () => {
    const { owner } = await makeOwner()
    const [one, two] = [
      await world.mint({ clientId: owner.client_id }),
      await world.mint({ clientId: owner.client_id }),
    ]
    await world.ok('PATCH', `/v1/tokens/${two.jti}`, { scope: '' })
    await fill('token', owner.client_id, 10_000)
    const change = await world.call('PATCH', `/v1/tokens/${one.jti}`, { body: { scope: '' } })
    expect(change).toMatchObject({ status: 409, body: { code: 'too_many_changes' } })
    expect((await world.call('PATCH', `/v1/tokens/${two.jti}`, { body: { scope: 'orders:read' } })).status).toBe(200)
    const { feedSequence } = await world.ok('POST', `/v1/tokens/${one.jti}/revoke`)
    expect(feedSequence).toBe((await world.store.feed.place('default')).sequence)
    for (const { token, jti } of [one, two]) {
      expect((await world.verify(token)).code).toBe('revoked')
      expect((await world.ok('GET', `/v1/tokens/${jti}`)).status).toBe('revoked')
    }
  })
})
