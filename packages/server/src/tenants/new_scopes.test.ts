import { parseScope } from '@countersign/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { baseUrl, startWorld, type World } from '../server.fixture.ts'
import { managementApiId, portalClientId } from './tenant_setup.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const isNew = (scope: string): boolean => /^(?:accounts|issuers):/.test(scope)
const older = (scope: string): string =>
  parseScope(scope)
    .filter((token) => !isNew(token))
    .join(' ')

/** As an older version would have left the database: it knows none of the new scopes, and has no client of sessions. */
async function goBack(): Promise<void> {
  await world.store.write(async (transaction) => {
    const api = await transaction.apis.find('default', managementApiId)
    if (api === undefined) throw new Error('no management API')
    const scopes = api.scopes.filter(({ name }) => !isNew(name))
    await transaction.apis.update({ ...api, scopes, version: api.version + 1 })
    for (const client of await transaction.clients.listByApi('default', managementApiId, { limit: 100 })) {
      if (client.id === portalClientId) {
        await transaction.clients.delete('default', client.id)
        continue
      }
      const access = { ...client.access, [managementApiId]: older(client.access[managementApiId] ?? '') }
      await transaction.clients.update({ ...client, access, version: client.version + 1 })
      for (const key of await transaction.keys.list('default', { clientId: client.id, now: world.now }, { limit: 100 }))
        await transaction.keys.update({ ...key, scope: older(key.scope), version: key.version + 1 })
    }
  })
}

it('whoever had all management scopes has the new ones too at the first start, and nobody else does', async () => {
  const part = await world.caller('keys:read keys:write')
  await goBack()
  const before = await world.second()
  const asked = (as: string) => world.call('GET', '/v1/me', { as, server: before })
  const scope = (await asked(world.admin)).body.scope
  for (const token of ['accounts:read', 'accounts:write', 'issuers:write']) expect(scope.split(' ')).toContain(token)
  expect((await asked(part.key)).body.scope).toBe('keys:read keys:write')
  expect((await world.call('GET', '/v1/accounts', { server: before })).status).toBe(200)
  expect(await world.store.read.clients.find('default', portalClientId)).toMatchObject({ status: 'active' })
  // A verifier hears of it: the key's and the client's entries have the scope.
  const [event] = (await world.ok('GET', `/v1/audit?objectId=${managementApiId}`)).data
  expect(event).toMatchObject({ action: 'api.update', after: { newScopes: expect.arrayContaining(['accounts:read']) } })
  expect(await world.verify(world.admin, { audience: `${baseUrl}/v1`, scope: 'accounts:write' })).toMatchObject({
    active: true,
  })
})

it('a start that finds nothing missing writes nothing', async () => {
  const before = world.dump()
  await world.second()
  expect(world.dump()).toBe(before)
})
