import { expect, test } from 'vitest'
import { lookupsBesideReach } from './check_imports.ts'

const path = 'packages/server/src/management/keys.ts'

test('a record with an owner that management looks up without the caller’s reach is found', () => {
  for (const text of [
    'await transaction.clients.find(tenant.id, id)',
    'services.store.read.keys.list(tenant.id, {}, page)',
    'read.apis.findByAudience(tenant.id, audience)',
    'read.usage.series(tenant.id, filter)',
    'read.audit.list(tenant.id, {}, page)',
  ]) {
    expect(lookupsBesideReach({ path, text })).toHaveLength(1)
    expect(lookupsBesideReach({ path: path.replace('keys.ts', 'find.ts'), text })).toEqual([])
  }
  expect(lookupsBesideReach({ path, text: 'transaction.clients.find(wholeTenant(again.reach), id)' })).toEqual([])
  expect(lookupsBesideReach({ path, text: 'transaction.statusEntries.find(tenant.id, type, id)' })).toEqual([])
})
