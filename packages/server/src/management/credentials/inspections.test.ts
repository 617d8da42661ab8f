import { createHash } from 'node:crypto'
import type { Check } from '@countersign/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addPerson, makePerson, makeTeam, type Person } from '../../people/teams.fixture.ts'
import { audience, otherAudience, startAt, startWorld, type World } from '../../server.fixture.ts'
import type { Wire } from '../../wire.fixture.ts'

let world: World
let team: { readonly id: string }
let owner: Person

beforeAll(async () => {
  world = await startWorld()
  await world.ok('POST', '/v1/apis', { audience: otherAudience, name: 'Invoices', scopes: [{ name: 'invoices:read' }] })
  const paths = {
    '/orders': { get: { security: [{ k: ['orders:read'] }] }, post: { security: [{ k: ['orders:write'] }] } },
  }
  await world.ok('POST', `/v1/apis/${world.apiId}/openapi`, {
    openapi: '3.1.0',
    info: { title: 'x', version: '1' },
    paths,
  })
})
beforeEach(() => {
  world.now = startAt
})
afterAll(() => world.close())

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url')
const failed = (checks: readonly { readonly result: string }[]) => checks.filter(({ result }) => result === 'failed')

async function inspect(body: object, as?: string) {
  const reply = await world.call('POST', '/v1/inspections', { body, ...(as === undefined ? {} : { as }) })
  expect(reply.status, reply.text).toBe(200)
  return reply.body as Wire & { readonly checks: readonly Check[]; readonly answer: Wire }
}

describe('a credential in reach', () => {
  it('is shown as it is now beside what it was when issued, with each check, by its digest alone', async () => {
    const client = await world.client()
    const { key, id } = await world.key({ clientId: client.clientId, scope: 'orders:read orders:write' })
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { access: [{ audience, scope: 'orders:read' }] })
    const asked = { digest: digestOf(key), method: 'POST', path: '/orders' }
    const { answer, checks, ...rest } = await inspect(asked)
    expect(rest).toMatchObject({
      active: false,
      code: 'insufficient_scope',
      missingScope: 'orders:write',
      requires: [['orders:write']],
      grant: { credentialId: id, scope: 'orders:read' },
      issued: { scope: 'orders:read orders:write' },
      lineage: [],
    })
    expect(failed(checks)).toEqual([{ name: 'scope', result: 'failed', has: 'orders:read', needs: 'orders:write' }])
    expect(answer).toMatchObject({ status: 403 })
    expect(JSON.stringify(answer.headers)).toContain('orders:write')
    expect(await inspect({ ...asked, method: 'GET' })).toMatchObject({ active: true })
  })

  it('of each kind is found: opaque tokens by digest, JWTs of ours and of clients by their text, with their lineage', async () => {
    const client = await world.signedClient()
    const own = { client_id: client.clientId, client_secret: client.clientSecret }
    const { key, id } = await world.key({ clientId: client.clientId })
    const minted = await world.mint({ clientId: client.clientId })
    const exchanged = (await world.exchange(key, own)).body.access_token
    expect((await inspect({ jwt: minted.token })).grant).toMatchObject({ credentialId: minted.jti })
    expect(await inspect({ jwt: exchanged })).toMatchObject({ active: true, lineage: [{ type: 'key', id }] })
    expect((await inspect({ jwt: await client.selfIssued() })).grant).toMatchObject({ kind: 'self_issued_jwt' })
  })

  it('is told by checks that were made alone: of a digest not the format, of a JWT that its signature makes it known', async () => {
    const passed = async (asked: object): Promise<string> => {
      const { active, checks } = await inspect(asked)
      expect(active).toBe(true)
      return checks.flatMap(({ name, result }) => (result === 'passed' ? [name] : [])).join(' ')
    }
    const digest = digestOf((await world.key({ scope: 'orders:read' })).key)
    const { token } = await world.mint({ scope: 'orders:read', listed: false })
    expect(await passed({ digest })).toBe('known revoked disabled access')
    expect(await passed({ digest, audience })).toBe('known revoked disabled audience access')
    expect(await passed({ jwt: token })).toBe('format known signature issuer revoked disabled expiry start access')
    const { checks } = await inspect({ jwt: token })
    expect(checks.find(({ name }) => name === 'known')?.has).toBe('by its signature')
  })

  it('is refused as a gateway would where the document describes no such operation', async () => {
    const { key } = await world.key()
    const ask = (method: string, path: string) => inspect({ digest: digestOf(key), method, path })
    const [nowhere, wrongMethod] = [await ask('GET', '/nowhere'), await ask('DELETE', '/orders')]
    for (const { active, code, checks } of [nowhere, wrongMethod]) {
      expect([active, code]).toEqual([false, 'insufficient_scope'])
      expect(checks.map(({ result }) => result)).toEqual(['failed', ...Array(checks.length - 1).fill('skipped')])
    }
    expect(nowhere.answer.status).toBe(404)
    expect(wrongMethod.answer).toMatchObject({ status: 405, headers: { Allow: 'GET, HEAD, POST' } })
  })

  it('that this server has signed for an API that is gone is known by its signature, to those whose client it is of', async () => {
    const gone = { audience: 'https://gone.test', scope: '' }
    const { id } = await world.ok('POST', '/v1/apis', { audience: gone.audience, name: 'Gone' })
    const { clientId } = await world.client({ access: [gone] })
    const { token } = await world.mint({ clientId, ...gone })
    await world.ok('DELETE', `/v1/apis/${id}`)
    const { checks, answer, ...rest } = await inspect({ jwt: token })
    expect(rest).toMatchObject({ active: false, code: 'wrong_audience' })
    expect(checks.slice(1, 5)).toEqual([
      { name: 'format', result: 'passed' },
      { name: 'known', result: 'passed', has: 'by its signature' },
      { name: 'signature', result: 'passed' },
      { name: 'issuer', result: 'passed' },
    ])
    expect(answer.status).toBe(401)
    const member = await addPerson(world, (await makeTeam(world)).id, 'owner')
    const theirs = await member.browser.call('POST', '/v1/inspections', { jwt: token })
    expect(theirs.body).toMatchObject({ active: false, code: 'unknown' })
    const ofKeys = await world.caller('keys:read')
    expect(await inspect({ jwt: token }, ofKeys.key)).toMatchObject({ code: 'unknown' })
  })

  it('is revoked, disabled or expired as any verification would say, by what is known at that moment', async () => {
    const { key, id } = await world.key({ expiresAt: new Date((startAt + 60) * 1000).toISOString() })
    const digest = digestOf(key)
    await world.ok('POST', `/v1/keys/${id}/disable`)
    expect(failed((await inspect({ digest })).checks)).toEqual([
      { name: 'disabled', result: 'failed', has: 'disabled: credential' },
    ])
    await world.ok('POST', `/v1/keys/${id}/enable`)
    world.now = startAt + 60
    expect(await inspect({ digest })).toMatchObject({ active: false, code: 'expired' })
    await world.ok('POST', `/v1/keys/${id}/revoke`)
    expect(await inspect({ digest })).toMatchObject({ active: false, code: 'revoked' })
  })

  it('is judged for an address and an origin only where they are given', async () => {
    const { key } = await world.key({ ipAllow: ['192.0.2.0/24'], originAllow: ['https://app.test'] })
    const digest = digestOf(key)
    expect((await inspect({ digest })).active).toBe(true)
    expect((await inspect({ digest, ip: '192.0.2.9', origin: 'https://app.test' })).active).toBe(true)
    expect((await inspect({ digest, ip: '198.51.100.1' })).code).toBe('address_not_allowed')
    expect((await inspect({ digest, origin: 'https://evil.test' })).code).toBe('origin_not_allowed')
  })

  it('spends, counts and changes nothing', async () => {
    const { key, id } = await world.key({ rateLimit: { limit: 1, windowSeconds: 60 } })
    await world.server.services.usage.flush()
    const before = world.dump()
    for (let each = 0; each < 3; each++) expect((await inspect({ digest: digestOf(key) })).active).toBe(true)
    await world.server.services.usage.flush()
    const isOfAdmin = (await world.ok('GET', `/v1/usage?groupBy=keyId&keyId=${id}`)).data
    expect(isOfAdmin).toEqual([])
    expect((await world.verify(key)).active).toBe(true)
    expect(before).toContain(id)
  })
})

describe('anything else', () => {
  const unknown = {
    active: false,
    code: 'unknown',
    detail: 'no such credential here',
    checks: expect.any(Array),
  }

  beforeAll(async () => {
    team = await makeTeam(world, { access: [{ audience, scope: 'orders:read' }] })
    owner = await addPerson(world, team.id, 'owner')
  })

  it('is one answer: what nobody knows, another team’s, another tenant’s, a session, a JWT that nobody here signed', async () => {
    const theirs = await world.key()
    const minted = await world.mint()
    const forged = `${minted.token.slice(0, -8)}AAAAAAAA`
    const person = await makePerson(world)
    const asked = [
      { digest: digestOf('nothing') },
      { digest: digestOf(theirs.key) },
      { jwt: minted.token },
      { jwt: forged },
      { digest: digestOf(String(person.browser.session)) },
    ]
    const answers = await Promise.all(
      asked.map(async (body) => (await owner.browser.call('POST', '/v1/inspections', body)).body),
    )
    for (const answer of answers) expect(answer).toEqual({ ...unknown, checks: answers[0]?.checks })
    expect(await inspect({ jwt: forged })).toEqual(answers[0])
  })

  it('a member sees what is of the team, and may not ask what the document of another API says', async () => {
    const { clientId } = await world.client({ teamId: team.id, access: [{ audience, scope: 'orders:read' }] })
    const { key } = await world.key({ clientId, scope: 'orders:read' })
    const ask = (body: object) => owner.browser.call('POST', '/v1/inspections', { digest: digestOf(key), ...body })
    expect((await ask({ method: 'GET', path: '/orders' })).body).toMatchObject({ active: true })
    expect((await ask({ audience: otherAudience, method: 'GET', path: '/orders' })).status).toBe(400)
  })

  it('keys want keys:read and tokens want tokens:read, also of a caller who reaches the whole tenant', async () => {
    const [{ key }, { token }] = [await world.key(), await world.mint()]
    const [ofKeys, ofTokens] = [await world.caller('keys:read'), await world.caller('tokens:read')]
    expect(await inspect({ digest: digestOf(key) }, ofKeys.key)).toMatchObject({ active: true })
    expect(await inspect({ jwt: token }, ofKeys.key)).toMatchObject(unknown)
    expect(await inspect({ digest: digestOf(key) }, ofTokens.key)).toMatchObject(unknown)
    expect(await inspect({ jwt: token }, ofTokens.key)).toMatchObject({ active: true })
  })

  it('leaves when a refusal does, so that its time tells nothing', async () => {
    const began: number[] = []
    const server = await world.second(undefined, { refusalTimes: { wait: async (at: number) => void began.push(at) } })
    const { key } = await world.key()
    const ask = (digest: string) => world.call('POST', '/v1/inspections', { server, body: { digest } })
    await ask(digestOf(key))
    expect(began).toHaveLength(0)
    await ask(digestOf('nothing'))
    expect(began).toHaveLength(1)
  })
})

it('a text that is no JWT is malformed, both members or neither are 400, and a key’s text is taken nowhere', async () => {
  expect(await inspect({ jwt: 'x.y' })).toMatchObject({ active: false, code: 'malformed' })
  const { key } = await world.key()
  expect(await inspect({ jwt: key })).toMatchObject({ active: false, code: 'malformed' })
  const bodies = [
    {},
    { digest: digestOf('a'), jwt: 'a.b.c' },
    { credential: key },
    { digest: digestOf('a'), path: '/' },
  ]
  for (const body of bodies)
    expect((await world.call('POST', '/v1/inspections', { body })).status, JSON.stringify(body)).toBe(400)
})
