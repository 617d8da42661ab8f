import { expect, it } from 'vitest'
import { exampleApi, exampleAudit, exampleClient, exampleKey, exampleTenant } from '../conformance/examples.ts'
import { createSqliteFile } from '../conformance/sqlite_file.ts'
import type { Store } from '../store.ts'

const management = 'api_management'
const before = 'apis:read apis:write'
const after = 'apis:read apis:write issuers:read issuers:write'

/** A tenant whose management API has two scopes, with whoever holds both and whoever holds one. */
async function fill(store: Store): Promise<void> {
  const scopes = before.split(' ').map((name) => ({ name, description: '', source: 'declared' as const }))
  await store.write(async (it) => {
    await it.tenants.insert(exampleTenant('acme'))
    await it.apis.insert(exampleApi('acme', management, { scopes, isBuiltIn: true }))
    await it.apis.insert(exampleApi('acme', 'api_1'))
    for (const [id, scope] of [
      ['all', before],
      ['some', 'apis:read'],
    ] as const) {
      const authority = { scope, guards: ['*'] }
      const access = { [management]: scope, api_1: before }
      const client = exampleClient('acme', `client_${id}`, { access, authority })
      await it.clients.insert(client)
      const key = exampleKey('acme', `key_${id}`, { clientId: client.id, apiId: management, scope })
      await it.keys.insert(key)
      await it.keys.insert(exampleKey('acme', `other_${id}`, { clientId: client.id, scope: before }))
      it.append({
        tenant: 'acme',
        audit: exampleAudit(client.id),
        objects: () => [
          {
            type: 'client',
            id: client.id,
            version: 1,
            state: { status: 'active', access, cutOff: 0 },
            dropAt: 2 ** 40,
          },
          { type: 'key', id: key.id, version: 1, state: { status: 'active', scope }, dropAt: 2 ** 40 },
        ],
      })
    }
  })
}

it('whoever held all management scopes holds the new ones after the migration, and nobody else does', async () => {
  const database = await createSqliteFile()
  const first = await database.open()
  await fill(first)
  await first.close()
  await database.execute('drop table issuers')
  await database.execute('alter table tokens drop column subject_issuer')
  await database.execute('delete from schema_migrations where number >= 16')

  const store = await database.open()
  const scopeOf = async (id: string) => (await store.read.keys.find('acme', id))?.scope
  const client = (id: string) => store.read.clients.find('acme', `client_${id}`)
  const said = async (type: 'client' | 'key', id: string) =>
    (await store.read.statusEntries.find('acme', type, id))?.state
  expect((await store.read.apis.find('acme', management))?.scopes.map(({ name }) => name).join(' ')).toBe(after)
  expect((await store.read.apis.find('acme', 'api_1'))?.scopes).toHaveLength(1)
  const rest = { api_1: before }
  expect(await client('all')).toMatchObject({
    access: { [management]: after, ...rest },
    authority: { scope: after, guards: ['*'] },
  })
  expect(await client('some')).toMatchObject({
    access: { [management]: 'apis:read', ...rest },
    authority: { scope: 'apis:read' },
  })
  expect([await scopeOf('key_all'), await scopeOf('key_some')]).toEqual([after, 'apis:read'])
  expect([await scopeOf('other_all'), await scopeOf('other_some')]).toEqual([before, before])
  expect(await said('client', 'client_all')).toMatchObject({ access: { [management]: after, ...rest } })
  expect(await said('client', 'client_some')).toMatchObject({ access: { [management]: 'apis:read', ...rest } })
  expect([await said('key', 'key_all'), await said('key', 'key_some')]).toMatchObject([
    { scope: after },
    { scope: 'apis:read' },
  ])
  await store.close()
  await database.drop()
})
