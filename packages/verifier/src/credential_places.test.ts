import { describe, expect, it, vi } from 'vitest'
import { audience, createAuthority, createTime, createWorld } from './authority.fixture.ts'
import { followPlaces, judgeRequest } from './credential_places.ts'
import { credentialHeadersOf } from './request.ts'
import { createConnection } from './testing/connection.ts'
import { startEngine } from './testing/engine.ts'

const rawFields = {
  credentials: credentialHeadersOf,
  names: (raw: readonly string[]) => raw.filter((_, index) => index % 2 === 0),
}
const expected = { audience, requires: [['orders:read']] }

describe('the places of an API', () => {
  it('are the same object until they change, and the book is asked once for each of its versions', async () => {
    const world = await createWorld()
    world.authority.nameHeaders(['X-Partner-Key'])
    await world.keeper.refresh()
    await world.keeper.reach(world.authority.log.length)
    const placesNow = followPlaces(world.keeper, audience)
    const asked = vi.spyOn(world.keeper.book!, 'apiByAudience')
    const places = placesNow()
    expect(places).toEqual({ names: ['x-partner-key'], isSchemeOptional: false })
    for (let count = 0; count < 100; count++) expect(placesNow()).toBe(places)
    expect(asked).toHaveBeenCalledTimes(1)
    await world.say('token', 'tok_1', { status: 'revoked' })
    asked.mockClear()
    for (let count = 0; count < 100; count++) expect(placesNow()).toBe(places)
    expect(asked).toHaveBeenCalledTimes(1)
  })

  it('are those proposed while nobody has set any, and an empty list is none at all', async () => {
    const world = await createWorld()
    const state = { status: 'active', audience, maxStalenessSeconds: 300, createdSequence: 0 } as const
    const placesNow = followPlaces(world.keeper, audience, ['X-Document-Key'])
    await world.say('api', 'api_1', state)
    expect(placesNow()?.names).toEqual(['x-document-key'])
    await world.say('api', 'api_1', { ...state, credentialHeaders: [] })
    expect(placesNow()).toBeUndefined()
    await world.say('api', 'api_1', { ...state, credentialHeaders: ['X-Set'] })
    expect(placesNow()?.names).toEqual(['x-set'])
  })
})

describe('a request that waits for its book', () => {
  async function staleVerifier() {
    const time = createTime()
    const authority = createAuthority(time)
    authority.nameHeaders(['X-Partner-Key'])
    const connection = createConnection(authority)
    const { engine, keeper } = await startEngine(authority, time, connection)
    const judge = { engine, keeper, placesNow: followPlaces(keeper, audience) }
    const ask = (raw: readonly string[]) => judgeRequest(judge, rawFields, raw, expected)
    const { text } = authority.issueKey()
    expect(await ask(['x-partner-key', text])).toMatchObject({ outcome: 'verified' })
    connection.isOpen = false
    await time.advance(20_000)
    connection.isOpen = true
    expect(keeper.isFresh()).toBe(false)
    return { authority, ask, text }
  }

  it('is not admitted by a header that the API no longer names', async () => {
    const { authority, ask, text } = await staleVerifier()
    authority.nameHeaders([])
    expect(await ask(['x-partner-key', text])).toMatchObject({ rejection: { code: 'missing_credential' } })
  })

  it('is refused for two credentials where the API names a second header by now', async () => {
    const { authority, ask, text } = await staleVerifier()
    authority.nameHeaders(['X-Partner-Key', 'X-Other'])
    const two = ['x-partner-key', text, 'x-other', authority.issueKey().text]
    expect(await ask(two)).toMatchObject({ rejection: { code: 'invalid_request' } })
    expect(await ask(['x-partner-key', text, 'x-other', 'theirs'])).toMatchObject({ outcome: 'verified' })
  })

  it('is refused where another of its credentials is the one by now', async () => {
    const { authority, ask, text } = await staleVerifier()
    authority.nameHeaders(['X-Other'])
    const two = ['x-partner-key', text, 'x-other', authority.issueKey().text]
    expect(await ask(two)).toMatchObject({ rejection: { code: 'invalid_request' } })
  })
})
