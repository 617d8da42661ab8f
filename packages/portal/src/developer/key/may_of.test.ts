import { expect, it } from 'vitest'
import type { Key, Me } from '../../shared/api/queries.ts'
import { mayOf } from './may_of.ts'

const teams = [
  { id: 'a', name: 'A', role: 'developer' },
  { id: 'b', name: 'B', role: 'viewer' },
]
const me = { scope: 'keys:read keys:write', teams } as unknown as Me
const may = (status: Key['status'], teamId = 'a', who: { readonly me?: Me } = { me }) =>
  Object.entries(mayOf({ id: '0123456789AB', status }, who.me, { teamId }))
    .filter(([, isAllowed]) => isAllowed)
    .map(([act]) => act)

it('each act is offered for a key that it can be done to', () => {
  expect(may('active')).toEqual(['edit', 'roll', 'disable', 'revoke'])
  expect(may('disabled')).toEqual(['edit', 'enable', 'revoke'])
  expect([may('revoked'), may('expired')]).toEqual([[], ['edit']])
})

it('nothing is offered to a viewer of the team of the key, nor before it is known who asks', () => {
  expect(may('active', 'b')).toEqual([])
  expect(may('active', 'a', {})).toEqual([])
})
