import { expect, it } from 'vitest'
import type { Client, Me, Team } from '../../shared/api/queries.ts'
import { holdersOf } from './holders.ts'

const access = [{ audience: 'https://orders.example', scope: 'orders:read' }]
const client = (clientId: string, teamId: string | null, more: object = {}) =>
  ({ clientId, name: clientId, status: 'active', teamId, access, ...more }) as unknown as Client

it('the holders offered are those of teams in which the person may write', () => {
  const teams = [
    { id: 'a', name: 'A', role: 'developer' },
    { id: 'b', name: 'B', role: 'viewer' },
  ]
  const me = { scope: 'keys:write clients:write teams:read', teams } as unknown as Me
  const clients = [
    client('own', 'a'),
    client('seen', 'b'),
    client('client_portal', null),
    client('off', 'a', { status: 'disabled' }),
  ]
  const holders = holdersOf(me, clients, [{ id: 'a', name: 'A', access } as unknown as Team])
  expect(holders.map(({ clientId, teamId }) => [clientId, teamId])).toEqual([
    ['own', undefined],
    ['new:a', 'a'],
  ])
})
