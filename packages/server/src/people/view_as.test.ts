import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { startAt, startWorld, type World } from '../server.fixture.ts'
import type { Reply, Wire } from '../wire.fixture.ts'
import { addPerson, makePerson, makeTeam, type Person } from './teams.fixture.ts'

let world: World
let team: Wire
let operator: Person
let member: Person
beforeAll(async () => {
  world = await startWorld()
  team = await makeTeam(world)
  member = await addPerson(world, team.id, 'owner')
  operator = await makePerson(world, { role: 'operator' })
})
beforeEach(() => {
  world.now = startAt
})
afterAll(() => world.close())

type Headers = readonly (readonly [string, string])[]
const viewing = (...ids: readonly string[]): Headers => ids.map((id) => ['X-Countersign-View-As', id])
const get = (person: Person, path: string, headers: Headers): Promise<Reply> =>
  person.browser.call('GET', path, undefined, headers)
const views = async (): Promise<readonly Wire[]> =>
  (await world.ok('GET', `/v1/audit?action=team.view&objectId=${team.id}`)).data

it('an operator is told whom it views as, and that it only reads there', async () => {
  const { body } = await get(operator, '/v1/me', viewing(team.id))
  expect(body.teams).toEqual([{ id: team.id, name: team.name, role: 'viewer' }])
  expect(body).not.toHaveProperty('role')
  expect(body.scope).not.toContain('write')
  const change = await operator.browser.call('PATCH', `/v1/teams/${team.id}`, { name: 'x' }, [
    ...viewing(team.id),
    ['Sec-Fetch-Site', 'same-origin'],
  ])
  expect([change.status, change.body.code]).toEqual([403, 'forbidden'])
})

it('its own sessions are not shown as the team’s', async () => {
  const own = await get(operator, '/v1/sessions', [])
  expect(own.body.data).toHaveLength(1)
  expect((await get(operator, '/v1/sessions', viewing(team.id))).status).toBe(403)
})

it('the team finds who looked, once an hour for each operator, and not for each request', async () => {
  const before = (await views()).length
  world.now = startAt + 7_200
  for (let each = 0; each < 3; each++) await get(operator, '/v1/keys', viewing(team.id))
  const other = await makePerson(world, { role: 'operator' })
  await get(other, '/v1/keys', viewing(team.id))
  expect((await views()).length - before).toBe(2)
  world.now = startAt + 7_200 + 3_599
  await get(operator, '/v1/keys', viewing(team.id))
  expect((await views()).length - before).toBe(2)
  world.now = startAt + 7_200 + 3_600
  await get(operator, '/v1/keys', viewing(team.id))
  expect((await views()).length - before).toBe(3)
  const seen = await get(member, `/v1/audit?action=team.view`, [])
  expect(seen.body.data).toHaveLength(before + 3)
  expect(seen.body.data[0]?.actor).toEqual({ kind: 'credential', accountId: operator.id })
})

it('nobody else does: a member is 403, and so is an operator without the scope to read teams', async () => {
  const narrow = await makePerson(world, { role: 'operator', scope: 'keys:read' })
  for (const person of [member, narrow])
    expect((await get(person, '/v1/keys', viewing(team.id))).body.code).toBe('forbidden')
})

it('a team that is not there is 404, two teams are 400, and what no viewer reads is 403', async () => {
  const gone = await makeTeam(world)
  await world.ok('DELETE', `/v1/teams/${gone.id}`)
  const answers = await Promise.all([
    get(operator, '/v1/keys', viewing('team_none')),
    get(operator, '/v1/keys', viewing(gone.id)),
    get(operator, '/v1/keys', viewing(team.id, team.id)),
    get(operator, '/v1/issuers', viewing(team.id)),
  ])
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 400, 403])
})

it('where the log cannot be written, nothing is shown', async () => {
  let isDown = false
  const failing = await startWorld({ fails: (call) => isDown && call === 'write' })
  const { id } = await makeTeam(failing)
  isDown = true
  const answer = await failing.call('GET', '/v1/keys', { headers: viewing(id) })
  expect(answer.status).toBe(503)
  await failing.close()
})
