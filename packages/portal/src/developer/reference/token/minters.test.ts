import { expect, it } from 'vitest'
import type { Client, Me } from '../../../shared/api/queries.ts'
import { mintersOf } from './minters.ts'

const api = { audience: 'https://a.example' }
const me = (role: string | null, ...teams: { id: string; name: string; role: string }[]) =>
  ({ role, scope: 'tokens:write teams:read', teams }) as unknown as Me
const client = (clientId: string, scope?: string) =>
  ({ clientId, name: clientId, status: 'active', access: scope === undefined ? [] : [{ ...api, scope }] }) as Client

it('a member mints for each team that lets them, with the team’s ceiling where it is known', () => {
  const teams = [
    { id: 'a', name: 'A', role: 'developer' },
    { id: 'b', name: 'B', role: 'viewer' },
    { id: 'c', name: 'C', role: 'owner' },
  ]
  const found = mintersOf(api, me(null, ...teams), [], [{ id: 'a', access: [{ ...api, scope: 'read write' }] }])
  expect(found.map(({ id, named, givable }) => [id, named, givable && [...givable]])).toEqual([
    ['a', { teamId: 'a' }, ['read', 'write']],
    ['c', { teamId: 'c' }, undefined],
  ])
  expect(mintersOf(api, { ...me(null, ...teams), scope: 'keys:read' } as Me, [], [])).toEqual([])
})

it('an operator mints for a client that has access to the API, and for none that is built in', () => {
  const clients = [client('client_1', 'read'), client('client_2'), client('client_portal', 'read')]
  expect(mintersOf(api, me('operator'), clients, []).map(({ named }) => named)).toEqual([{ clientId: 'client_1' }])
})
