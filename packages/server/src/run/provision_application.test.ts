import { afterAll, beforeAll, expect, it } from 'vitest'
import { startWorld, type World } from '../server.fixture.ts'
import { provisionApplication } from './provision_application.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const start = (port: number, clientId?: string) =>
  provisionApplication(world.server.services, {
    apiId: world.apiId,
    name: 'Ledgerly',
    redirectUri: `http://localhost:${port}/callback`,
    scope: 'orders:read orders:write',
    clientId,
  })

it('a second start changes the redirect URI and the secret, and undoes nothing that its owner has set', async () => {
  const first = await start(4802)
  const path = `/v1/clients/${first.clientId}`
  await world.ok('PATCH', path, {
    name: 'Mine',
    access: [{ audience: 'https://orders.test', scope: 'orders:read' }],
    postLogoutRedirectUris: ['http://localhost:4802/'],
    idTokenAlg: 'ES256',
    offlineAccess: false,
    consent: 'skip',
  })
  const set = await world.ok('GET', path)
  const second = await start(4902, first.clientId)
  expect(await world.ok('GET', path)).toEqual({
    ...set,
    redirectUris: ['http://localhost:4902/callback'],
    secrets: [expect.anything()],
  })
  expect(second.clientId).toBe(first.clientId)
  const secrets = [first, second].map(({ clientSecret }) => clientSecret.reveal())
  const answers = await Promise.all(
    secrets.map((secret) => world.token({ client_id: first.clientId, client_secret: secret })),
  )
  expect(answers.map(({ body }) => body.error ?? body.scope)).toEqual(['invalid_client', 'orders:read'])
})

it('a client that is gone, or is of another type, is left alone, and another is made', async () => {
  const { clientId } = await start(4802)
  await world.ok('DELETE', `/v1/clients/${clientId}`)
  const before = await world.ok('GET', `/v1/clients/${world.clientId}`)
  for (const known of [clientId, world.clientId]) expect((await start(4802, known)).clientId).not.toBe(known)
  expect(await world.ok('GET', `/v1/clients/${world.clientId}`)).toEqual(before)
})
