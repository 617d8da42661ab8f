import type { Client, Team, TeamRole } from '@countersign/store'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { addPerson, codeOf, makeTeam, mark, type Person } from '../people/teams.fixture.ts'
import { audience, startWorld, type World } from '../server.fixture.ts'
import { type Taking, takeClient } from './taken.ts'
import { type LaterTeam, takeExternalId, takeTeam, takeTeamOf } from './taken_team.ts'

let world: World
let team: Team
let owner: Person
let viewer: Person
let invitation: string
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())
beforeEach(async () => {
  const { id } = await makeTeam(world)
  owner = await addPerson(world, id, 'owner')
  viewer = await addPerson(world, id, 'viewer')
  const invited = await world.ok('POST', `/v1/teams/${id}/members`, { email: `${mark()}@example.com`, role: 'viewer' })
  expect(codeOf(invited)).toMatch(/./)
  invitation = invited.invitation.id
  team = (await world.store.read.teams.find('default', id)) as Team
})

const cause = { actor: { kind: 'system' }, action: 'restore.merge', requestId: 'restore' } as const

async function inTransaction<T>(work: (taking: Taking) => Promise<T>): Promise<T> {
  const { value, entries } = await world.store.write((it) => work({ it, now: world.now, cause }))
  await world.server.services.books.settle(entries)
  return value
}

const take = (later: LaterTeam | undefined) => inTransaction((taking) => takeTeam(taking, team, later))
const same = (): LaterTeam => ({
  team,
  roles: new Map<string, TeamRole>([
    [owner.id, 'owner'],
    [viewer.id, 'viewer'],
  ]),
  invitations: new Set([invitation]),
})

async function left() {
  const { read } = world.store
  const members = await read.memberships.list('default', team.id, { limit: 10 })
  const invitations = await read.invitations.list('default', team.id, world.now, { limit: 10 })
  return {
    team: await read.teams.find('default', team.id),
    roles: Object.fromEntries(members.map(({ accountId, role }) => [accountId, role])),
    invitations: invitations.map(({ id }) => id),
  }
}

it('a restored team that is the same stays as it is', async () => {
  expect(await take(same())).toBe(false)
  expect(await left()).toEqual({
    team,
    roles: { [owner.id]: 'owner', [viewer.id]: 'viewer' },
    invitations: [invitation],
  })
})

it('loses the ceiling, members, roles and invitations that it lost since, and gains none', async () => {
  const later = {
    team: { ...team, access: { [world.apiId]: 'orders:read admin', api_other: 'x' }, status: 'disabled' as const },
    roles: new Map<string, TeamRole>([
      [owner.id, 'developer'],
      ['acct_other', 'owner'],
    ]),
    invitations: new Set(['invite_other']),
  }
  expect(await take(later)).toBe(true)
  expect(await left()).toMatchObject({
    team: { access: { [world.apiId]: 'orders:read' }, status: 'disabled' },
    roles: { [owner.id]: 'developer' },
    invitations: [],
  })
  team = (await world.store.read.teams.find('default', team.id)) as Team
  const wider = {
    ...same(),
    team: { ...team, access: { [world.apiId]: 'orders:read orders:write' }, status: 'active' as const },
  }
  expect(await take(wider)).toBe(false)
  expect(await left()).toMatchObject({
    team: { access: { [world.apiId]: 'orders:read' }, status: 'disabled' },
    roles: { [owner.id]: 'developer' },
  })
})

it.each([
  ['is deleted since', () => ({ ...same(), team: { ...team, status: 'revoked' as const } })],
  ['is not there since', () => undefined],
])('that %s is a tombstone, with nobody in it', async (_, later) => {
  const reason = { teamId: team.id, audience, scope: 'orders:read', reason: 'x' }
  await world.ok('PATCH', `/v1/apis/${world.apiId}`, { onRequestScope: 'orders:read' })
  expect((await owner.browser.call('POST', '/v1/access-requests', reason)).status).toBe(201)
  expect(await take(later())).toBe(true)
  const { data } = await world.ok('GET', '/v1/access-requests')
  expect(data.filter(({ teamId }) => teamId === team.id)).toEqual([])
  expect(await left()).toMatchObject({ team: { status: 'revoked', access: {}, name: '' }, roles: {}, invitations: [] })
  expect((await world.call('GET', `/v1/teams/${team.id}`)).status).toBe(404)
})

it('a client of a team loses by itself what it lost since, so that a wider ceiling gives none of it back', async () => {
  const { clientId } = await world.client({ teamId: team.id })
  const { key } = await world.key({ clientId, scope: 'orders:read orders:write' })
  const client = (await world.store.read.clients.find('default', clientId)) as Client
  const later = { ...client, own: { status: 'active' as const, access: { [world.apiId]: 'orders:read' } } }
  expect(await inTransaction((taking) => takeClient(taking, client, { ...later, access: later.own.access }))).toBe(true)
  const set = (scope: string) => world.ok('PATCH', `/v1/teams/${team.id}`, { access: [{ audience, scope }] })
  await set('')
  await set('orders:read orders:write')
  expect((await world.verify(key)).grant.scope).toBe('orders:read')
})

it('a client that left its team since is of no team, with what it has', async () => {
  const { clientId } = await world.client({ teamId: team.id })
  const client = (await world.store.read.clients.find('default', clientId)) as Client
  await inTransaction((taking) => takeTeamOf(taking, client))
  expect(await world.ok('GET', `/v1/clients/${clientId}`)).toMatchObject({
    teamId: null,
    access: [{ audience, scope: 'orders:read orders:write' }],
  })
  expect((await owner.browser.call('GET', `/v1/clients/${clientId}`)).status).toBe(404)
})

it('is known by the id of the owner’s that it has since, and not by one that is another’s now', async () => {
  const read = async () => (await world.store.read.teams.find('default', team.id)) as Team
  await world.ok('PATCH', `/v1/teams/${team.id}`, { externalId: 'crm-1' })
  expect(await inTransaction((taking) => takeExternalId(taking, team, 'crm-1'))).toBe(false)
  expect(await inTransaction((taking) => takeExternalId(taking, team, undefined))).toBe(true)
  team = await read()
  expect(team.externalId).toBeUndefined()
  expect(await take({ ...same(), team: { ...team, externalId: 'crm-2' } })).toBe(true)
  team = await read()
  expect(team.externalId).toBe('crm-2')
  expect(await take(same())).toBe(false)
})
