import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audience, baseUrl, startWorld, type World } from '../server.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

type Owner = { readonly client_id: string; readonly client_secret: string }

async function makeOwner(): Promise<Owner> {
  const { clientId, clientSecret } = await world.client({ access: [{ audience, scope: 'orders:read orders:write' }] })
  return { client_id: clientId, client_secret: clientSecret }
}

/** A JWT that nothing lists. */
async function issue(owner: Owner): Promise<{ readonly text: string; readonly jti: string }> {
  const text: string = (await world.token({ ...owner, audience })).body.access_token
  return { text, jti: JSON.parse(Buffer.from(text.split('.')[1] as string, 'base64url').toString()).jti }
}

const end = (body: object) => world.ok('POST', '/v1/revocations', body)
const codeOf = async (text: string) => (await world.verify(text)).code

describe('by its text', () => {
  it('a key, a listed JWT and one that nothing lists end, with all that was made from them', async () => {
    const owner = await makeOwner()
    const key = await world.key({ clientId: owner.client_id })
    const minted = await world.mint({ clientId: owner.client_id })
    const { text } = await issue(owner)
    const child = (await world.exchange(text, owner)).body.access_token
    expect(await end({ credential: key.key })).toMatchObject({ matched: 1 })
    expect(await end({ credential: minted.token, reason: 'leaked' })).toMatchObject({ matched: 1 })
    const first = await end({ credential: text })
    expect(first).toMatchObject({ matched: null })
    for (const each of [key.key, minted.token, text, child]) expect(await codeOf(each)).toBe('revoked')
    // Said again, the answer names the entry that ended it.
    expect(await end({ credential: text })).toEqual(first)
  })

  it('a JWT that its client signed ends as well', async () => {
    const client = await world.signedClient({ access: [{ audience, scope: 'orders:read' }] })
    const text = await client.selfIssued()
    expect(await end({ credential: text })).toMatchObject({ matched: null })
    expect(await codeOf(text)).toBe('revoked')
  })

  it.each(['cs_live_0123456789AB_0123456789ABCDEFGHIJKLMNOPQRSTUV000000', 'no credential', 'a.b.c'])(
    '%s is 404 and changes nothing',
    async (credential) => {
      const before = world.dump()
      expect((await world.call('POST', '/v1/revocations', { body: { credential } })).status).toBe(404)
      expect(world.dump()).toBe(before)
    },
  )
})

describe('by client and jti', () => {
  it('a JWT that nothing lists ends, and whatever was made from it', async () => {
    const owner = await makeOwner()
    const { text, jti } = await issue(owner)
    const child = (await world.exchange(text, owner)).body.access_token
    const other = await issue(owner)
    const first = await end({ jti, clientId: owner.client_id })
    expect(first).toMatchObject({ matched: null, verifiers: { total: expect.any(Number) } })
    expect([await codeOf(text), await codeOf(child)]).toEqual(['revoked', 'revoked'])
    expect((await world.verify(other.text)).active).toBe(true)
    expect(await end({ jti, clientId: owner.client_id })).toEqual(first)
    expect((await world.exchange(text, owner)).status).toBe(400)
  })

  it('the pair hits no token of another client, whatever jti is named', async () => {
    const [owner, stranger] = [await makeOwner(), await makeOwner()]
    const { text, jti } = await issue(owner)
    const minted = await world.mint({ clientId: owner.client_id })
    await end({ jti, clientId: stranger.client_id })
    expect(await end({ jti: minted.jti, clientId: stranger.client_id })).toMatchObject({ matched: null })
    expect((await world.verify(text)).active).toBe(true)
    expect((await world.verify(minted.token)).active).toBe(true)
    expect(await end({ jti: minted.jti, clientId: owner.client_id })).toMatchObject({ matched: 1 })
    expect(await codeOf(minted.token)).toBe('revoked')
  })

  it('one that the client signed itself is named as such', async () => {
    const client = await world.signedClient({ access: [{ audience, scope: 'orders:read' }] })
    const text = await client.selfIssued({ jti: 'mine' })
    await end({ jti: 'mine', clientId: client.clientId })
    expect((await world.verify(text)).active).toBe(true)
    await end({ jti: 'mine', clientId: client.clientId, selfIssued: true })
    expect(await codeOf(text)).toBe('revoked')
  })

  it('beyond the 10,000 changes of a client it is 409 that names the way, and nothing else ends', async () => {
    const owner = await makeOwner()
    const [one, two] = [await issue(owner), await issue(owner)]
    const known = await issue(owner)
    await end({ jti: known.jti, clientId: owner.client_id })
    await fill(owner.client_id, 9_999)
    for (const body of [{ jti: one.jti, clientId: owner.client_id }, { credential: one.text }]) {
      const reply = await world.call('POST', '/v1/revocations', { body })
      expect(reply).toMatchObject({ status: 409, body: { code: 'too_many_changes' } })
      expect(reply.body.detail).toContain(`/v1/clients/${owner.client_id}/revoke`)
    }
    const narrowed = await world.call('PATCH', `/v1/tokens/${one.jti}`, {
      body: { clientId: owner.client_id, scope: '' },
    })
    expect(narrowed).toMatchObject({ status: 409, body: { code: 'too_many_changes' } })
    expect((await world.verify(one.text)).active).toBe(true)
    expect((await world.verify(two.text)).active).toBe(true)
    expect(await end({ jti: known.jti, clientId: owner.client_id })).toMatchObject({ matched: null })
  })
})

describe('by subject', () => {
  it('its keys and tokens end, listed or not, with all that was made from them; those of others stay', async () => {
    const owner = await makeOwner()
    const { client_id: clientId } = owner
    const key = await world.key({ clientId, subject: 'ann' })
    const minted = await world.mint({ clientId, subject: 'ann' })
    const child = (await world.exchange(key.key, owner)).body.access_token
    const grandchild = (await world.exchange(child, owner)).body.access_token
    const ofMinted = (await world.exchange(minted.token, owner)).body.access_token
    const others = [
      (await world.key({ clientId, subject: 'anna' })).key,
      (await world.key({ clientId })).key,
      (await world.mint({ clientId, subject: 'bob' })).token,
      (await issue(owner)).text,
    ]
    const answer = await end({ subject: 'ann', reason: 'left' })
    expect(answer).toMatchObject({ matched: 2 })
    for (const each of [key.key, minted.token, child, grandchild, ofMinted]) expect(await codeOf(each)).toBe('revoked')
    for (const each of others) expect((await world.verify(each)).active).toBe(true)
    expect((await world.ok('GET', `/v1/keys/${key.id}`)).status).toBe('revoked')
    expect((await world.ok('GET', `/v1/tokens/${minted.jti}`)).status).toBe('revoked')
    const { data } = await world.ok('GET', '/v1/audit?objectId=ann')
    expect(data[0]).toMatchObject({ action: 'subject.revoke', after: { keys: 1, tokens: 1, reason: 'left' } })
  })

  it('what is issued for it afterwards is good, and a second time ends that too', async () => {
    const { client_id: clientId } = await makeOwner()
    const make = async () => [
      (await world.key({ clientId, subject: 'eve' })).key,
      (await world.mint({ clientId, subject: 'eve' })).token,
    ]
    const first = await make()
    const one = await end({ subject: 'eve' })
    const second = await make()
    for (const each of second) expect((await world.verify(each as string)).active).toBe(true)
    const two = await end({ subject: 'eve' })
    expect(two.feedSequence).toBeGreaterThan(one.feedSequence)
    for (const each of [...first, ...second]) expect(await codeOf(each as string)).toBe('revoked')
  })

  it('a token of a key that spoke for the subject when it ended dies with the key, whomever it names itself', async () => {
    const owner = await makeOwner()
    const key = await world.key({ clientId: owner.client_id, subject: 'before' })
    const child = (await world.exchange(key.key, owner)).body.access_token
    await world.ok('PATCH', `/v1/keys/${key.id}`, { subject: 'after' })
    await end({ subject: 'after' })
    expect([await codeOf(key.key), await codeOf(child)]).toEqual(['revoked', 'revoked'])
  })

  it('the longest one that may be given is taken, in any script', async () => {
    const { client_id: clientId } = await makeOwner()
    const subject = '漢'.repeat(255)
    const key = await world.key({ clientId, subject })
    const { token } = await world.mint({ clientId, subject })
    await end({ subject })
    expect([await codeOf(key.key), await codeOf(token)]).toEqual(['revoked', 'revoked'])
  })

  it('needs keys:write and tokens:write, and every client that it touches', async () => {
    const boss = await world.caller('keys:write tokens:write clients:write')
    await world.key({ clientId: boss.clientId, subject: 'zoe', audience: `${baseUrl}/v1`, scope: 'keys:write' })
    const ask = async (scope: string, subject: string) =>
      (await world.call('POST', '/v1/revocations', { as: (await world.caller(scope)).key, body: { subject } })).status
    expect([await ask('keys:write', 'yan'), await ask('tokens:write', 'yan')]).toEqual([403, 403])
    expect(await ask('keys:write tokens:write', 'yan')).toBe(200)
    const { key: as } = await world.caller('keys:write tokens:write')
    const before = world.dump()
    expect((await world.call('POST', '/v1/revocations', { as, body: { subject: 'zoe' } })).status).toBe(403)
    expect(world.dump()).toBe(before)
  })

  it('beyond 10,000 subjects of a tenant a new one is 409, and nothing ends', async () => {
    const { client_id: clientId } = await makeOwner()
    const { key } = await world.key({ clientId, subject: 'last' })
    await fillSubjects(10_000)
    const reply = await world.call('POST', '/v1/revocations', { body: { subject: 'last' } })
    expect(reply).toMatchObject({ status: 409, body: { code: 'too_many_changes' } })
    expect((await world.verify(key)).active).toBe(true)
    expect(await end({ subject: 'subject 1' })).toMatchObject({ matched: 0 })
  })
})

describe('who may', () => {
  it('a key needs keys:write, everything else tokens:write', async () => {
    const owner = await makeOwner()
    const key = await world.key({ clientId: owner.client_id })
    const { text, jti } = await issue(owner)
    const [ofKeys, ofTokens] = [await world.caller('keys:write'), await world.caller('tokens:write')]
    const ask = async (as: string, body: object) => (await world.call('POST', '/v1/revocations', { as, body })).status
    const pair = { jti, clientId: owner.client_id }
    expect(await ask(ofTokens.key, { credential: key.key })).toBe(403)
    expect(await ask(ofKeys.key, { credential: text })).toBe(403)
    expect(await ask(ofKeys.key, pair)).toBe(403)
    expect([(await world.verify(key.key)).active, (await world.verify(text)).active]).toEqual([true, true])
    expect([await ask(ofKeys.key, { credential: key.key }), await ask(ofTokens.key, pair)]).toEqual([200, 200])
  })

  it('a jti that no entry can name is 400', async () => {
    const { client_id: clientId } = await makeOwner()
    const jti = 'ä'.repeat(200)
    expect((await world.call('POST', '/v1/revocations', { body: { jti, clientId } })).status).toBe(400)
    const body = { clientId, scope: '' }
    expect((await world.call('PATCH', `/v1/tokens/${encodeURIComponent(jti)}`, { body })).status).toBe(400)
  })

  it('CVE-2026-1609: nobody ends what belongs to a client with management scopes that the caller lacks', async () => {
    const boss = await world.caller('keys:write tokens:write clients:write')
    const { key } = await world.caller('tokens:write keys:write')
    for (const body of [{ credential: boss.key }, { jti: 'any', clientId: boss.clientId }]) {
      expect((await world.call('POST', '/v1/revocations', { as: key, body })).status).toBe(403)
    }
    expect((await world.call('GET', '/v1/keys', { as: boss.key })).status).toBe(403)
  })

  it.each([
    {},
    { jti: 'a' },
    { clientId: 'client_x' },
    { credential: 'a', jti: 'b', clientId: 'c' },
    { credential: '' },
    { subject: '' },
    { subject: 'client_x' },
    { subject: 'acct_x' },
    { subject: 'x'.repeat(256) },
    { subject: 'a', credential: 'b' },
    { subject: 'a', jti: 'b', clientId: 'c' },
    { subject: 'a', clientId: 'c' },
  ])('%j is 400', async (body) => {
    expect((await world.call('POST', '/v1/revocations', { body })).status).toBe(400)
  })
})

describe('a JWT that nothing lists is changed', () => {
  const change = (jti: string, body: object) => world.call('PATCH', `/v1/tokens/${jti}`, { body })

  it('to less than was signed, and back to no more than that', async () => {
    const owner = await makeOwner()
    const text: string = (await world.token({ ...owner, audience, scope: 'orders:read' })).body.access_token
    const { jti } = JSON.parse(Buffer.from(text.split('.')[1] as string, 'base64url').toString())
    const may = async (scope: string) => (await world.verify(text, { scope })).active
    const { client_id: clientId } = owner
    expect(await change(jti, { clientId, scope: 'orders:write' })).toMatchObject({
      status: 200,
      body: { jti, clientId, scope: 'orders:write', expiresAt: null },
    })
    expect([await may('orders:read'), await may('orders:write')]).toEqual([false, false])
    await change(jti, { clientId, scope: 'orders:read orders:write' })
    expect([await may('orders:read'), await may('orders:write')]).toEqual([true, false])
  })

  it('to end earlier, never later, and not at all once it is revoked', async () => {
    const owner = await makeOwner()
    const { text, jti } = await issue(owner)
    const { client_id: clientId } = owner
    const end = Math.floor(world.now) + 60
    const at = (seconds: number) => new Date(seconds * 1000).toISOString()
    expect((await change(jti, { clientId, expiresAt: at(end) })).status).toBe(200)
    world.now += 59
    expect((await world.verify(text)).active).toBe(true)
    world.now += 1
    expect(await codeOf(text)).toBe('expired')
    await change(jti, { clientId, expiresAt: at(end + 86_400) })
    expect((await world.verify(text)).active).toBe(true)
    world.now += 3_600
    expect(await codeOf(text)).toBe('expired')
    await world.ok('POST', '/v1/revocations', { jti, clientId })
    expect(await change(jti, { clientId, scope: '' })).toMatchObject({ status: 409, body: { code: 'revoked' } })
  })

  it('only where its client is named: without it, and of another client, it is not there', async () => {
    const [owner, stranger] = [await makeOwner(), await makeOwner()]
    const { text, jti } = await issue(owner)
    expect((await change(jti, { scope: '' })).status).toBe(404)
    expect((await change(jti, { scope: '', clientId: stranger.client_id })).status).toBe(200)
    expect((await world.verify(text, { scope: 'orders:read' })).active).toBe(true)
  })
})

async function fillSubjects(count: number): Promise<void> {
  await world.store.write(async (transaction) => {
    const actor = { kind: 'system' } as const
    const audit = { actor, action: 'subject.revoke', objectType: 'subject', objectId: 'x', requestId: 'x' }
    const objects = (sequence: number) =>
      Array.from({ length: count }, (_, index) => ({
        type: 'subject' as const,
        id: `subject ${index}`,
        version: 1,
        state: { status: 'active' as const, cutOff: sequence },
        dropAt: Math.ceil(world.now) + 9_999,
      }))
    transaction.append({ tenant: 'default', audit, objects })
  })
}

async function fill(clientId: string, count: number): Promise<void> {
  await world.store.write(async (transaction) => {
    const objects = Array.from({ length: count }, (_, index) => ({
      type: 'token' as const,
      id: `filler ${index}`,
      version: 1,
      state: { status: 'revoked' as const },
      dropAt: Math.ceil(world.now) + 9_999,
    }))
    const audit = {
      actor: { kind: 'system' },
      action: 'token.revoke',
      objectType: 'token',
      objectId: 'x',
      requestId: 'x',
    } as const
    transaction.append({ tenant: 'default', countedFor: clientId, audit, objects: () => objects })
  })
}
