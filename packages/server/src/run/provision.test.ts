import { readDocument, readOperations } from '@countersign/openapi'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startWorld, type World } from '../server.fixture.ts'
import { provisionApi } from './provision.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const name = 'http://localhost:4801'
function provisionOf(...scopes: readonly string[]) {
  const get = { security: scopes.map((scope) => ({ k: [scope] })), responses: {} }
  const documentText = JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'Demo', version: '1' },
    paths: { '/orders': { get } },
  })
  const description = readOperations(readDocument(documentText))
  return { audience: name, name: 'Demo', description, documentText, keyScope: scopes.slice(0, 1) }
}

it('a new API gets a client and a key that work at once; the second time nothing is made and no secret is shown', async () => {
  const { apiId, created } = await provisionApi(world.server.services, provisionOf('orders:read', 'orders:write'))
  const key = created?.key.reveal() ?? ''
  expect(key).toMatch(/^cs_test_/)
  const allowed = { audience: name, method: 'GET', path: '/orders' }
  expect(await world.verify(key, allowed)).toMatchObject({ active: true, grant: { scope: 'orders:read' } })
  const owner = { client_id: created?.clientId ?? '', client_secret: created?.clientSecret.reveal() ?? '' }
  expect((await world.token(owner)).body.scope).toBe('orders:read orders:write')

  const before = world.dump()
  const again = await provisionApi(world.server.services, provisionOf('orders:read', 'orders:write'))
  expect(again).toEqual({ apiId, credentialHeaders: [] })
  expect(world.dump()).toBe(before)
})

it('a changed document is brought up to date, and old credentials go on working', async () => {
  await provisionApi(world.server.services, provisionOf('orders:list'))
  const api = (await world.ok('GET', '/v1/apis?limit=100')).data.find(({ audience }) => audience === name)
  expect(api?.scopes).toMatchObject([{ name: 'orders:list' }])
  const [event] = (await world.ok('GET', `/v1/audit?objectId=${api?.id}`)).data
  expect(event).toMatchObject({ action: 'api.import', actor: { kind: 'system' } })
  expect((await world.store.verifyAudit('default')).brokenAt).toBeUndefined()
})
