import { afterAll, beforeAll, expect, it } from 'vitest'
import { startWorld, type World } from '../../server.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

it('fifty opaque tokens of one client are one audit event, which names the client', async () => {
  const audience = 'https://opaque.test'
  const scopes = [{ name: 'a' }]
  await world.ok('POST', '/v1/apis', { audience, name: 'opaque', scopes, tokenFormat: 'opaque' })
  const { clientId, clientSecret } = await world.client({ access: [{ audience, scope: 'a' }] })
  const own = { client_id: clientId as string, client_secret: clientSecret as string, audience, scope: 'a' }
  for (let index = 0; index < 50; index++) expect((await world.token(own)).status).toBe(200)
  const { body } = await world.call('GET', '/v1/audit?action=token.issue')
  expect(body.data).toMatchObject([{ objectType: 'client', objectId: clientId, after: { format: 'opaque' } }])
})
