import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addPerson, makeTeam, type Person } from '../../people/teams.fixture.ts'
import { audience, otherAudience, startAt, startWorld, type World } from '../../server.fixture.ts'
import type { Wire } from '../../wire.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  await world.ok('POST', '/v1/apis', { audience: otherAudience, name: 'Invoices', scopes: [{ name: 'invoices:read' }] })
})
beforeEach(() => {
  world.now = startAt
})
afterAll(() => world.close())

const rfc3339 = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000', '')
const list = async (query = ''): Promise<readonly Wire[]> => (await world.ok('GET', `/v1/refusals?${query}`)).data

let count = 0
const report = (as: string | undefined, refusals: readonly object[]) =>
  world.call('POST', '/v1/usage', {
    ...(as === undefined ? {} : { as }),
    body: {
      batchId: `refusals-${++count}`,
      counts: [],
      refusals: refusals.map((each) => ({ at: rfc3339(startAt), code: 'expired', requestId: `r-${++count}`, ...each })),
    },
  })

describe('what the server refuses itself', () => {
  it('is found by its request id, with the route, the missing scope and why, and nothing is written before', async () => {
    const paths = { '/orders/{id}': { get: { security: [{ k: ['orders:write'] }] } } }
    await world.ok('POST', `/v1/apis/${world.apiId}/openapi`, {
      openapi: '3.1.0',
      info: { title: 'x', version: '1' },
      paths,
    })
    const { key, id } = await world.key({ scope: 'orders:read' })
    const before = world.dump()
    const asked = { credential: key, audience, method: 'GET', path: '/orders/7?token=secret', ip: '192.0.2.9' }
    const { headers } = await world.call('POST', '/v1/verify', { body: { ...asked, path: '/orders/7' } })
    expect(world.dump()).toBe(before)
    await world.server.services.usage.flush()
    const [refusal, ...others] = await list(`keyId=${id}`)
    expect(others).toEqual([])
    const { checks, requestId, ...rest } = refusal as Wire & { readonly checks: readonly { readonly result: string }[] }
    expect(rest).toEqual({
      at: '2027-01-15T08:00:00Z',
      keyId: id,
      clientId: world.clientId,
      method: 'GET',
      route: '/orders/{id}',
      code: 'insufficient_scope',
      missingScope: 'orders:write',
      scope: 'orders:write',
      address: '192.0.2.9',
    })
    expect(checks.filter(({ result }) => result === 'failed')).toEqual([
      { name: 'scope', result: 'failed', needs: 'orders:write' },
    ])
    expect(await list(`requestId=${requestId}`)).toHaveLength(1)
    expect(headers).toBeDefined()
  })

  it('tells the holder of a credential for one API nothing of another that it was sent to', async () => {
    const { clientId } = await world.client({ access: [{ audience: otherAudience, scope: '' }] })
    const { key, id } = await world.key({ clientId, audience: otherAudience, scope: '' })
    const asked = { credential: key, audience, method: 'GET', path: '/orders/7', scope: 'orders:read' }
    await world.ok('POST', '/v1/verify', asked)
    await world.ok('POST', `/v1/keys/${id}/revoke`)
    await world.ok('POST', '/v1/verify', asked)
    await world.server.services.usage.flush()
    const examples = await list(`keyId=${id}`)
    expect(examples.map(({ code }) => code).toSorted()).toEqual(['revoked', 'wrong_audience'])
    for (const example of examples) {
      expect(example).toMatchObject({ scope: '', missingScope: '' })
      expect(example).not.toHaveProperty('route')
      expect(example).not.toHaveProperty('method')
    }
    const { data } = await world.ok('GET', `/v1/usage?groupBy=scope&keyId=${id}&to=2027-01-15T09:00:00Z`)
    expect(data.map(({ scope }) => scope)).toEqual([''])
  })

  it('holds no credential and no path, whatever was presented', async () => {
    const secret = `cs_live_0123456789AB_${'0'.repeat(38)}`
    await world.verify(secret)
    await world.server.services.usage.flush()
    expect(JSON.stringify(await list())).not.toContain('0123456789AB')
  })
})

describe('what verifiers report', () => {
  it('is under the credential only where the verifier guards its API', async () => {
    const { key: mine } = await world.caller('credentials:verify', [audience])
    const { key: others } = await world.caller('credentials:verify', [otherAudience])
    const { id } = await world.key()
    const of = { credentialId: id, clientId: world.clientId }
    await report(mine, [{ ...of, requestId: 'seen-by-mine' }])
    await report(others, [{ ...of, requestId: 'made-up' }])
    expect((await list(`keyId=${id}`)).map(({ requestId }) => requestId)).toEqual(['seen-by-mine'])
    expect(await list('requestId=made-up')).toMatchObject([{ keyId: '', clientId: '' }])
  })

  it('is at most 20 in a batch, of bounded members, and a time beyond what is kept counts as now', async () => {
    const many = Array.from({ length: 21 }, () => ({}))
    expect((await report(undefined, many)).status).toBe(400)
    for (const bad of [{ requestId: 'a\nb' }, { requestId: '' }, { route: 'x'.repeat(256) }, { more: 1 }])
      expect((await report(undefined, [bad])).status, JSON.stringify(bad)).toBe(400)
    await report(undefined, [{ requestId: 'future', at: '2099-01-01T00:00:00Z' }])
    expect(await list('requestId=future')).toMatchObject([{ at: '2027-01-15T08:00:00Z' }])
  })

  it('a code that only a newer verifier knows is shown, without checks', async () => {
    await report(undefined, [{ requestId: 'newer', code: 'of_tomorrow' }])
    expect(await list('requestId=newer')).toMatchObject([{ code: 'of_tomorrow', checks: [] }])
  })
})

describe('bounds', () => {
  it('a client in a loop leaves its newest hundred, for a day, and hides no other’s', async () => {
    const { id, clientId } = await world.key()
    await report(undefined, [{ requestId: 'quiet', credentialId: id, clientId }])
    for (let batch = 0; batch < 6; batch++) {
      world.now = startAt + 10 * batch
      const refusals = Array.from({ length: 20 }, (_, each) => ({
        requestId: `many-${batch}-${each}`,
        at: rfc3339(world.now),
      }))
      expect((await report(undefined, refusals)).status).toBe(200)
    }
    const all: string[] = []
    for (let next: string | null = ''; next !== null; ) {
      const page = await world.ok('GET', `/v1/refusals?limit=100${next === '' ? '' : `&after=${next}`}`)
      all.push(...page.data.map(({ requestId }) => requestId as string))
      next = page.next
    }
    const many = all.filter((requestId) => requestId.startsWith('many-'))
    expect(new Set(many).size).toBe(100)
    expect(many[0]).toMatch(/^many-5-/)
    expect(all).toContain('quiet')
    world.now += 86_400
    expect(await list()).toEqual([])
  })

  it('a verifier that reports without end writes no more than its share', async () => {
    const { key } = await world.caller('usage:write')
    world.now = startAt + 200_000
    for (let batch = 0; batch < 30; batch++)
      await report(
        key,
        Array.from({ length: 20 }, () => ({ at: rfc3339(world.now), clientId: `client_${batch}` })),
      )
    let length = 0
    for (let next: string | null = ''; next !== null; ) {
      const page = await world.ok('GET', `/v1/refusals?limit=100${next === '' ? '' : `&after=${next}`}`)
      length += page.data.length
      next = page.next
    }
    expect(length).toBeLessThanOrEqual(250)
  })
})

describe('a member of a team', () => {
  let viewer: Person
  it('sees those of the team’s credentials, and none of what nobody knows', async () => {
    world.now = startAt + 400_000
    const team = await makeTeam(world)
    viewer = await addPerson(world, team.id, 'viewer')
    const { clientId } = await world.client({ teamId: team.id, access: [{ audience, scope: 'orders:read' }] })
    const ours = await world.key({ clientId, scope: 'orders:read' })
    const theirs = await world.key()
    const at = rfc3339(world.now)
    await report(undefined, [
      { at, requestId: 'ours', credentialId: ours.id, clientId },
      { at, requestId: 'theirs', credentialId: theirs.id, clientId: world.clientId },
      { at, requestId: 'nobodys' },
    ])
    const seen = async (query: string) => (await viewer.browser.call('GET', `/v1/refusals?${query}`)).body.data
    expect((await seen('')).map(({ requestId }) => requestId)).toEqual(['ours'])
    for (const query of ['requestId=theirs', 'requestId=nobodys', `keyId=${theirs.id}`])
      expect(await seen(query)).toEqual([])
  })
})
