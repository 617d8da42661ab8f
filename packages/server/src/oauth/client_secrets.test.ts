import { afterAll, beforeAll, expect, it } from 'vitest'
import { startWorld, type World } from '../server.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

/** The status of a token request at a server, which then knows the secret. */
async function tokenAt(server: World['server'], clientId: string, secret: string): Promise<number> {
  const fields = { grant_type: 'client_credentials', client_id: clientId, client_secret: secret }
  return (await world.form('/oauth/token', fields, { server })).status
}

it('a secret that was read once ends everywhere when another takes its place', async () => {
  const second = await world.second()
  const { clientId, clientSecret } = await world.client()
  await second.services.books.poll()
  for (const server of [world.server, second]) expect(await tokenAt(server, clientId, clientSecret)).toBe(200)
  const added = await world.ok('POST', `/v1/clients/${clientId}/secrets`, { graceSeconds: 60 })
  for (const server of [world.server, second]) {
    await server.services.books.poll()
    expect(await tokenAt(server, clientId, clientSecret)).toBe(200)
    expect(await tokenAt(server, clientId, added.clientSecret)).toBe(200)
  }
  world.now += 61
  for (const server of [world.server, second]) {
    expect(await tokenAt(server, clientId, clientSecret)).toBe(401)
    expect(await tokenAt(server, clientId, added.clientSecret)).toBe(200)
  }
})

it('a client that is disabled, revoked or deleted gets nothing with a secret that was read before', async () => {
  const second = await world.second()
  for (const [method, path, body] of [
    ['PATCH', '', { status: 'disabled' }],
    ['POST', '/revoke', {}],
    ['DELETE', '', undefined],
  ] as const) {
    const { clientId, clientSecret } = await world.client()
    for (const server of [world.server, second]) {
      await server.services.books.poll()
      expect(await tokenAt(server, clientId, clientSecret)).toBe(200)
    }
    await world.ok(method, `/v1/clients/${clientId}${path}`, body)
    for (const server of [world.server, second]) {
      await server.services.books.poll()
      expect(await tokenAt(server, clientId, clientSecret), `${method} ${path}`).toBe(401)
    }
  }
})

it('a secret that was unknown a moment ago works as soon as it is made', async () => {
  const second = await world.second()
  const { clientId } = await world.client()
  await second.services.books.poll()
  const { clientSecret } = await world.ok('POST', `/v1/clients/${clientId}/secrets`, {})
  expect(await tokenAt(second, clientId, clientSecret)).toBe(200)
})
