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
  return { audience: name, name: 'Demo', description, documentText, gatewayUrl: name, keyScope: scopes.slice(0, 1) }
}

const api = async () => (await world.ok('GET', '/v1/apis?limit=100')).data.find(({ audience }) => audience === name)

it('a new API gets a client and a key that work at once; the second time nothing is made and no secret is shown', async () => {
  const { apiId, created } = await provisionApi(world.server.services, provisionOf('orders:read', 'orders:write'))
  const key = created?.key.reveal() ?? ''
  expect(key).toMatch(/^cs_test_/)
  const allowed = { audience: name, method: 'GET', path: '/orders' }
  expect(await world.verify(key, allowed)).toMatchObject({ active: true, grant: { scope: 'orders:read' } })
  const owner = { client_id: created?.clientId ?? '', client_secret: created?.clientSecret.reveal() ?? '' }
  expect((await world.token(owner)).body.scope).toBe('orders:read orders:write')
  const all = 'orders:read orders:write'
  expect(await api()).toMatchObject({ accountScope: all, selfServiceScope: all, onRequestScope: '', callUrl: name })

  const before = world.dump()
  const again = await provisionApi(world.server.services, provisionOf('orders:read', 'orders:write'))
  expect(again).toEqual({ apiId, credentialHeaders: [] })
  expect(world.dump()).toBe(before)
})

it('a changed document is brought up to date, and old credentials go on working', async () => {
  await provisionApi(world.server.services, provisionOf('orders:list'))
  const changed = await api()
  expect(changed).toMatchObject({
    scopes: [{ name: 'orders:list' }],
    accountScope: 'orders:list',
    selfServiceScope: 'orders:list',
  })
  const [event] = (await world.ok('GET', `/v1/audit?objectId=${changed?.id}`)).data
  expect(event).toMatchObject({ action: 'api.import', actor: { kind: 'system' } })
  expect((await world.store.verifyAudit('default')).brokenAt).toBeUndefined()
})

const moved = 'http://localhost:4901'

it('a gateway on another port is a name of the API and where it is called, and its former place is neither', async () => {
  await provisionApi(world.server.services, { ...provisionOf('orders:list'), gatewayUrl: moved })
  expect(await api()).toMatchObject({ callUrl: moved, resources: [moved] })
  const third = 'http://localhost:4902'
  await provisionApi(world.server.services, { ...provisionOf('orders:list'), gatewayUrl: third })
  expect(await api()).toMatchObject({ callUrl: third, resources: [third] })
  await provisionApi(world.server.services, { ...provisionOf('orders:list'), gatewayUrl: moved })
})

it('a gateway that stands before another API now names that one, unless its URL is the audience of the first', async () => {
  const own = { ...provisionOf('orders:list'), audience: 'urn:countersign:dev:own', gatewayUrl: moved }
  const { created } = await provisionApi(world.server.services, own)
  expect(await api()).toMatchObject({ callUrl: moved, resources: [] })
  const owner = { client_id: created?.clientId ?? '', client_secret: created?.clientSecret.reveal() ?? '' }
  expect((await world.token({ ...owner, resource: `${moved}/` })).status).toBe(200)
  await provisionApi(world.server.services, { ...own, gatewayUrl: name })
  expect((await world.token({ ...owner, resource: name })).body.error).toBe('invalid_target')
  expect((await world.store.verifyAudit('default')).brokenAt).toBeUndefined()
})

it.each([
  ['https://orders.example', 'https://orders.example'],
  ['http://127.0.0.1:9000/v1', 'http://127.0.0.1:9000/v1'],
  ['http://127.0.0.1:9000', name],
])('where the owner has calls of the API go stays, unless it looks like an earlier gateway: %s', async (url, kept) => {
  await world.ok('PATCH', `/v1/apis/${(await api())?.id}`, { callUrl: url, resources: [url] })
  await provisionApi(world.server.services, provisionOf('orders:list'))
  expect(await api()).toMatchObject({ callUrl: kept, resources: kept === url ? [url] : [] })
})

it('what the owner of the API has set stays', async () => {
  const owners = {
    callUrl: 'https://orders.example',
    accountScope: '',
    selfServiceScope: '',
    resources: ['urn:orders'],
  }
  await world.ok('PATCH', `/v1/apis/${(await api())?.id}`, owners)
  const before = await api()
  await provisionApi(world.server.services, provisionOf('orders:list'))
  expect(await api()).toEqual(before)
  await provisionApi(world.server.services, provisionOf('orders:list', 'orders:more'))
  expect(await api()).toMatchObject(owners)
})
