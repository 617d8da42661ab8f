import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addPerson, ceiling, makePerson, makeTeam } from '../../people/teams.fixture.ts'
import { audience, baseUrl, startAt, startWorld, type World } from '../../server.fixture.ts'
import type { Browser } from '../../sign_in.fixture.ts'
import type { Reply } from '../../wire.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const minting = (more: object = {}) => ({ listed: false, audience, scope: 'orders:read', ...more })
const mint = (browser: Browser, more: object = {}): Promise<Reply> => browser.call('POST', '/v1/tokens', minting(more))

async function developer() {
  const team = await makeTeam(world)
  const { id, browser } = await addPerson(world, team.id, 'developer')
  return { team: team.id, id, browser }
}

describe('a token that nothing lists', () => {
  it('speaks for the client, ends in 15 minutes, names the session that minted it, and is in no list', async () => {
    const { browser } = await developer()
    const { clientId } = (await browser.call('POST', '/v1/clients', { name: 'Mine', type: 'service', access: ceiling }))
      .body
    const { status, body, text } = await mint(browser, { clientId })
    expect(status, text).toBe(201)
    const session = browser.session?.split('_')[2]
    expect(body).toMatchObject({ clientId, subject: clientId, scope: 'orders:read', parent: session, format: 'jwt' })
    const claims = JSON.parse(Buffer.from(body.token.split('.')[1] as string, 'base64url').toString())
    expect([claims.exp - startAt, claims.cs_lineage]).toEqual([900, [`session:${session}`]])
    expect(await world.verify(body.token)).toMatchObject({ active: true, grant: { clientId, subject: clientId } })
    expect((await world.call('GET', '/v1/tokens')).text).not.toContain(body.jti)
    expect((await world.call('GET', `/v1/tokens/${body.jti}`)).status).toBe(404)
  })

  it('ends when its person signs out, is signed out everywhere, or is disabled', async () => {
    for (const end of [
      ({ browser }: { browser: Browser }) => browser.get('/logout').then((page) => browser.submit(page, '/logout')),
      ({ id }: { id: string }) => world.ok('POST', `/v1/accounts/${id}/revoke`),
      ({ id }: { id: string }) => world.ok('PATCH', `/v1/accounts/${id}`, { status: 'disabled' }),
    ]) {
      const { browser, id } = await developer()
      const { token } = (await mint(browser)).body
      expect((await world.verify(token)).active).toBe(true)
      await end({ browser, id })
      expect((await world.verify(token)).active).toBe(false)
    }
  })

  it('is minted by an API key for a client that it names, and ends with the key', async () => {
    const { key, id } = await world.key({ audience: `${baseUrl}/v1`, scope: 'tokens:write', clientId: await manager() })
    const { clientId } = await world.client()
    const reply = await world.call('POST', '/v1/tokens', { as: key, body: minting({ clientId }) })
    expect(reply.body.parent, reply.text).toBe(id)
    expect((await world.verify(reply.body.token)).active).toBe(true)
    await world.ok('POST', `/v1/keys/${id}/revoke`)
    expect((await world.verify(reply.body.token)).active).toBe(false)
  })

  it('ends no later than the key, and is good from the addresses of the key alone', async () => {
    const end = new Date((world.now + 60) * 1000).toISOString()
    const of = { audience: `${baseUrl}/v1`, scope: 'tokens:write', clientId: await manager() }
    const { key } = await world.key({ ...of, expiresAt: end, ipAllow: ['192.0.2.0/24'] })
    const { clientId } = await world.client()
    const { body } = await world.call('POST', '/v1/tokens', { as: key, body: minting({ clientId }), peer: '192.0.2.7' })
    expect(Date.parse(body.expiresAt)).toBeLessThanOrEqual(Date.parse(end))
    const from = async (ip: string) => (await world.verify(body.token, { ip })).active
    expect([await from('192.0.2.9'), await from('198.51.100.1')]).toEqual([true, false])
  })

  const manager = async (): Promise<string> =>
    String((await world.client({ access: [{ audience: `${baseUrl}/v1`, scope: 'tokens:write' }] })).clientId)
})

describe('the client explorer of a team', () => {
  it('is made at first use, and has the ceiling of its team at every moment', async () => {
    const { browser, team } = await developer()
    const first = (await mint(browser, { scope: 'orders:read orders:write' })).body
    const second = (await mint(browser)).body
    expect(second.clientId).toBe(first.clientId)
    expect((await browser.call('GET', `/v1/clients/${first.clientId}`)).body).toMatchObject({
      teamId: team,
      access: ceiling,
    })
    await world.ok('PATCH', `/v1/teams/${team}`, { access: [{ audience, scope: 'orders:read' }] })
    expect((await world.verify(first.token)).grant?.scope).toBe('orders:read')
    expect((await mint(browser, { scope: 'orders:write' })).status).toBe(400)
    await world.ok('PATCH', `/v1/teams/${team}`, { access: ceiling })
    expect((await mint(browser, { scope: 'orders:write' })).status).toBe(201)
  })

  it('can be disabled and enabled, and nothing else', async () => {
    const { browser } = await developer()
    const { clientId, token } = (await mint(browser)).body
    for (const [method, path, body] of [
      ['PATCH', '', { name: 'Other' }],
      ['PATCH', '', { access: [] }],
      ['PATCH', '', { redirectUris: ['https://evil.example/'] }],
      ['DELETE', '', undefined],
      ['POST', '/secrets', {}],
    ] as const) {
      const reply = await browser.call(method, `/v1/clients/${clientId}${path}`, body)
      expect([reply.status, reply.body.code], `${method} ${path}`).toEqual([409, 'built_in'])
    }
    const key = await browser.call('POST', '/v1/keys', { clientId, audience, scope: 'orders:read', name: 'k' })
    expect([key.status, key.body.code]).toEqual([409, 'built_in'])
    expect((await browser.call('PATCH', `/v1/clients/${clientId}`, { status: 'disabled' })).status).toBe(200)
    expect((await world.verify(token)).active).toBe(false)
    expect((await mint(browser)).body.code).toBe('client_disabled')
    await browser.call('PATCH', `/v1/clients/${clientId}`, { status: 'active' })
    expect((await mint(browser)).status).toBe(201)
  })

  it('is of one team: who mints in two names it, and a viewer mints in none', async () => {
    const [one, two] = [await makeTeam(world), await makeTeam(world)]
    const person = await makePerson(world)
    await addPerson(world, one.id, 'developer', person)
    await addPerson(world, two.id, 'viewer', person)
    const inOne = await mint(person.browser)
    expect(inOne.status, inOne.text).toBe(201)
    expect((await mint(person.browser, { teamId: two.id })).status).toBe(403)
    await addPerson(world, (await makeTeam(world)).id, 'owner', person)
    expect((await mint(person.browser)).status).toBe(400)
    expect((await mint(person.browser, { teamId: one.id })).body.clientId).toBe(inOne.body.clientId)
    expect((await mint(person.browser, { teamId: (await makeTeam(world)).id })).status).toBe(400)
  })
})

it.each<[string, object, number]>([
  ['more than 15 minutes', { ttlSeconds: 901 }, 400],
  ['a subject', { subject: 'ann' }, 403],
  ['a name', { name: 'mine' }, 400],
  ['metadata', { metadata: { a: 1 } }, 400],
  ['the management API', { audience: `${baseUrl}/v1`, scope: 'keys:read' }, 400],
  ['an API beyond the ceiling', { audience: 'https://nobody.example' }, 400],
  ['the client of sessions', { clientId: 'client_portal' }, 400],
  ['a scope beyond the ceiling', { scope: 'orders:delete' }, 400],
])('%s is refused, and makes no client', async (_, more, status) => {
  const { browser, team } = await developer()
  const reply = await mint(browser, more)
  expect([reply.status, status === 403 ? 400 : reply.status], reply.text).toContain(400)
  expect((await world.ok('GET', '/v1/clients?limit=100')).data.filter((each) => each.teamId === team)).toEqual([])
})

it('a token mints none, an operator names a client, and a listed one needs client and life', async () => {
  const client = await world.client({ access: [{ audience: `${baseUrl}/v1`, scope: 'tokens:write' }] })
  const own = { client_id: String(client.clientId), client_secret: String(client.clientSecret) }
  const { access_token } = (await world.token(own)).body
  const { clientId } = await world.client()
  const byToken = await world.call('POST', '/v1/tokens', { as: access_token, body: minting({ clientId }) })
  expect(byToken.body.errors?.[0]).toMatchObject({ pointer: '/listed' })
  expect((await world.call('POST', '/v1/tokens', { body: minting() })).body.errors?.[0]).toMatchObject({
    pointer: '/clientId',
  })
  for (const [body, pointer] of [
    [{ audience, scope: 'orders:read', ttlSeconds: 60 }, '/clientId'],
    [{ audience, scope: 'orders:read', clientId }, '/ttlSeconds'],
  ] as const)
    expect((await world.call('POST', '/v1/tokens', { body })).body.errors?.[0]).toMatchObject({ pointer })
})
