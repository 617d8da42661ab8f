/** Changes after issue (docs/protocol/feed.md §5), seen through the whole engine. */
import type { Ancestor } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { apiId, clientId, createWorld, startAt, type World } from './authority.fixture.ts'

const both = 'orders:read orders:write'

async function withToken(): Promise<World & { readonly text: string }> {
  const world = await createWorld({ maxStalenessSeconds: 300 })
  return { ...world, text: await world.authority.issueJwt({ jti: 'tok_1', expiresAt: startAt + 1_000 }) }
}

describe('a JWT that is out already', () => {
  it('is narrowed, and widened again', async () => {
    const { say, codeOf, text } = await withToken()
    await say('token', 'tok_1', { status: 'active', scope: 'orders:read' })
    expect(await codeOf(text, 'orders:write')).toBe('insufficient_scope')
    expect(await codeOf(text, 'orders:read')).toBe('verified')
    await say('token', 'tok_1', { status: 'active', scope: `${both} orders:delete` })
    expect(await codeOf(text, 'orders:delete')).toBe('verified')
  })

  it('is widened only within what its client may have now', async () => {
    const { say, codeOf, text } = await withToken()
    await say('client', clientId, { status: 'active', access: { [apiId]: both }, cutOff: 0 })
    await say('token', 'tok_1', { status: 'active', scope: `${both} admin` })
    expect(await codeOf(text, 'admin')).toBe('insufficient_scope')
    expect(await codeOf(text, both)).toBe('verified')
  })

  it('is narrowed to nothing: an empty scope is no access', async () => {
    const { say, codeOf, text } = await withToken()
    await say('token', 'tok_1', { status: 'active', scope: '' })
    expect(await codeOf(text)).toBe('insufficient_scope')
  })

  it('ends earlier, and never beyond its signed exp', async () => {
    const { say, codeOf, text, time } = await withToken()
    await say('token', 'tok_1', { status: 'active', expiresAt: startAt + 100 })
    await time.advance(99_999)
    expect(await codeOf(text)).toBe('verified')
    await time.advance(1)
    expect(await codeOf(text)).toBe('expired')
    await say('token', 'tok_1', { status: 'active', expiresAt: startAt + 9_000 })
    expect(await codeOf(text)).toBe('verified')
    await time.advance(900_000)
    expect(await codeOf(text)).toBe('expired')
  })

  it('does not come back when the end that was set is over', async () => {
    const { say, codeOf, text, time } = await withToken()
    await say('token', 'tok_1', { status: 'active', expiresAt: startAt + 100 }, startAt + 1_000 + 310)
    for (let second = 0; second < 900; second += 50) {
      await time.advance(50_000)
      expect(await codeOf(text)).toBe(second < 50 ? 'verified' : 'expired')
    }
  })

  it('is forgotten only when its signed exp and the grace are past', async () => {
    const { say, keeper, engine, text, codeOf, time } = await withToken()
    await say('token', 'tok_1', { status: 'revoked' }, startAt + 1_000 + 310)
    for (let at = 0; at < 1_400; at += 100) {
      const isKept = keeper.book?.isRevoked('token', 'tok_1')
      if (at <= 1_300) expect(isKept).toBe(true)
      expect(await codeOf(text)).not.toBe('verified')
      await time.advance(100_000)
    }
    await time.advance(100_000)
    expect(keeper.book?.isRevoked('token', 'tok_1')).toBe(false)
    engine.clear()
    expect(await codeOf(text)).toBe('expired')
  })

  it('is disabled, and enabled again', async () => {
    const { say, codeOf, text } = await withToken()
    await say('token', 'tok_1', { status: 'disabled' })
    expect(await codeOf(text)).toBe('disabled')
    await say('token', 'tok_1', { status: 'active' })
    expect(await codeOf(text)).toBe('verified')
  })

  it('stays revoked, whatever is said later', async () => {
    const { say, codeOf, text } = await withToken()
    await say('token', 'tok_1', { status: 'revoked' })
    await say('token', 'tok_1', { status: 'active', scope: both })
    expect(await codeOf(text)).toBe('revoked')
  })
})

describe('a self-issued JWT', () => {
  it('may be narrowed and ended, never widened', async () => {
    const { authority, say, codeOf } = await createWorld()
    const text = await authority.selfIssue({ jti: 'j', scope: 'orders:read' })
    const id = `${clientId} j`
    await say('client_token', id, { status: 'active', scope: both })
    expect(await codeOf(text, 'orders:write')).toBe('insufficient_scope')
    await say('client_token', id, { status: 'active', scope: '' })
    expect(await codeOf(text)).toBe('insufficient_scope')
    await say('client_token', id, { status: 'active', expiresAt: startAt })
    expect(await codeOf(text)).toBe('expired')
  })
})

describe('what a client may have', () => {
  it('is taken from every live credential at once, and given back', async () => {
    const { authority, say, codeOf } = await createWorld()
    const key = authority.issueKey()
    const texts = [key.text, await authority.issueJwt(), await authority.selfIssue({ scope: both })]
    for (const text of texts) expect(await codeOf(text, both)).toBe('verified')
    const setAccess = async (scope: string): Promise<void> => {
      authority.change(key.text, { access: scope })
      if (authority.publicKey !== undefined) {
        authority.publicKey = { ...authority.publicKey, access: { [apiId]: scope } }
      }
      await say('client', clientId, { status: 'active', access: { [apiId]: scope }, cutOff: 0 })
    }
    await setAccess('orders:read')
    for (const text of texts) {
      expect(await codeOf(text, 'orders:write')).toBe('insufficient_scope')
      expect(await codeOf(text, 'orders:read')).toBe('verified')
    }
    await setAccess('')
    for (const text of texts) expect(await codeOf(text, 'orders:read')).toBe('insufficient_scope')
    await setAccess(both)
    for (const text of texts) expect(await codeOf(text, both)).toBe('verified')
  })

  it('for another API says nothing about this one', async () => {
    const { authority, say, codeOf } = await createWorld()
    await say('client', clientId, { status: 'active', access: { api_2: both }, cutOff: 0 })
    expect(await codeOf(await authority.issueJwt())).toBe('wrong_audience')
  })
})

describe('a cut-off', () => {
  it('refuses tokens issued before it and takes those after, in the same second', async () => {
    const { authority, say, codeOf } = await createWorld()
    const before = await authority.issueJwt({ position: authority.log.length })
    const opaque = { kind: 'access_token', environment: undefined } as const
    const opaqueBefore = authority.issueKey({ ...opaque, position: authority.log.length })
    expect(await codeOf(before)).toBe('verified')
    expect(await codeOf(opaqueBefore.text)).toBe('verified')
    const cutOff = authority.log.length + 1
    await say('client', clientId, { status: 'active', access: { [apiId]: both }, cutOff })
    expect(await codeOf(before)).toBe('revoked')
    expect(await codeOf(opaqueBefore.text)).toBe('revoked')
    expect(await codeOf(await authority.issueJwt({ position: cutOff - 1 }))).toBe('revoked')
    expect(await codeOf(await authority.issueJwt({ position: cutOff }))).toBe('verified')
    expect(await codeOf(authority.issueKey({ ...opaque, position: cutOff }).text)).toBe('verified')
  })

  it('does not ask what time it was: an iat ahead of the cut-off helps nobody', async () => {
    const { authority, say, codeOf } = await createWorld()
    const position = authority.log.length
    const text = await authority.issueJwt({ position, issuedAt: startAt + 9 })
    await say('client', clientId, { status: 'active', access: { [apiId]: both }, cutOff: position + 1 })
    expect(await codeOf(text)).toBe('revoked')
  })

  it('never goes back', async () => {
    const { authority, say, codeOf } = await createWorld()
    const text = await authority.issueJwt({ position: 3 })
    await say('client', clientId, { status: 'active', access: { [apiId]: both }, cutOff: 4 })
    await say('client', clientId, { status: 'active', access: { [apiId]: both }, cutOff: 0 })
    expect(await codeOf(text)).toBe('revoked')
  })

  it('leaves keys and what the client signs alone', async () => {
    const { authority, say, codeOf } = await createWorld()
    await say('client', clientId, { status: 'active', access: { [apiId]: both }, cutOff: 1_000 })
    expect(await codeOf(authority.issueKey().text)).toBe('verified')
    expect(await codeOf(await authority.selfIssue())).toBe('verified')
  })
})

describe.each<Ancestor>([
  { type: 'key', id: 'parent000001' },
  { type: 'token', id: 'tok_parent' },
  { type: 'opaque_token', id: 'parent000002' },
  { type: 'client_token', id: `${clientId} parent` },
])('a child of a $type', ({ type, id }) => {
  async function withChild(depth: number): Promise<World & { readonly child: string }> {
    const world = await createWorld()
    const lineage: Ancestor[] = Array.from({ length: depth }, (_, index) => ({ type: 'token', id: `tok_${index}` }))
    return { ...world, child: await world.authority.issueJwt({ lineage: [...lineage, { type, id }] }) }
  }

  const say = (
    world: World,
    state: { status: 'active' | 'disabled' | 'revoked'; scope?: string; expiresAt?: number },
  ) => (type === 'key' ? world.say(type, id, { scope: both, ...state }) : world.say(type as 'token', id, state))

  it.each([0, 1, 3])('is revoked, suspended, narrowed and ended with it, %i between them', async (depth) => {
    const world = await withChild(depth)
    expect(await world.codeOf(world.child, both)).toBe('verified')
    await say(world, { status: 'disabled' })
    expect(await world.codeOf(world.child)).toBe('disabled')
    await say(world, { status: 'active', scope: 'orders:read' })
    expect(await world.codeOf(world.child, 'orders:write')).toBe('insufficient_scope')
    expect(await world.codeOf(world.child, 'orders:read')).toBe('verified')
    await say(world, { status: 'active', scope: `${both} admin` })
    expect(await world.codeOf(world.child, 'admin')).toBe('insufficient_scope')
    await say(world, { status: 'active', expiresAt: startAt })
    expect(await world.codeOf(world.child)).toBe('expired')
    await say(world, { status: 'active' })
    expect(await world.codeOf(world.child, both)).toBe('verified')
    await say(world, { status: 'revoked' })
    expect(await world.codeOf(world.child)).toBe('revoked')
  })

  it('is not touched by what is said of another type with the same id', async () => {
    const world = await withChild(0)
    for (const other of ['token', 'opaque_token', 'client_token'] as const) {
      if (other !== type) await world.say(other, id, { status: 'revoked' })
    }
    if (type !== 'key') await world.say('key', id, { status: 'revoked', scope: '' })
    expect(await world.codeOf(world.child)).toBe('verified')
  })

  it('says whose child it is', async () => {
    const world = await withChild(0)
    const bare = id.startsWith(clientId) ? 'parent' : id
    expect(await world.verify(world.child)).toMatchObject({ grant: { parent: bare } })
  })
})

describe('a child', () => {
  it('of a self-issued JWT ends with the key that signed its parent', async () => {
    const { authority, say, codeOf } = await createWorld()
    const lineage: readonly Ancestor[] = [
      { type: 'client_token', id: `${clientId} p` },
      { type: 'public_key', id: `${clientId} thumb` },
    ]
    const child = await authority.issueJwt({ lineage })
    expect(await codeOf(child)).toBe('verified')
    await say('public_key', `${clientId} thumb`, { status: 'revoked' })
    expect(await codeOf(child)).toBe('revoked')
  })

  it('of a key takes on the addresses that its parent is bound to now', async () => {
    const { authority, say, codeOf } = await createWorld()
    const child = await authority.issueJwt({ lineage: [{ type: 'key', id: 'parent000001' }] })
    expect(await codeOf(child)).toBe('verified')
    await say('key', 'parent000001', { status: 'active', scope: both, ipAllow: ['192.0.2.0/24'] })
    expect(await codeOf(child)).toBe('address_not_allowed')
  })
})

describe('minSequence', () => {
  it('is reached by asking, or the answer is unavailable', async () => {
    const { authority, codeOf } = await createWorld()
    const text = await authority.issueJwt({ jti: 'tok_1' })
    const sequence = authority.say('token', 'tok_1', { status: 'revoked' })
    expect(await codeOf(text)).toBe('verified')
    expect(await codeOf(text, '', { minSequence: sequence })).toBe('revoked')
    expect(await codeOf(text, '', { minSequence: sequence + 1 })).toBe('unavailable')
  })
})
