/** Requests for access: who asks, who decides, what the ceiling then has, and how it falls back. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { serverLimits } from '../limits.ts'
import { startAt, startWorld, type World } from '../server.fixture.ts'
import type { Browser } from '../sign_in.fixture.ts'
import type { Reply, Wire } from '../wire.fixture.ts'
import { endGivenAccess } from './given_access.ts'
import { addPerson, makePerson, makeTeam, mark, type Person } from './teams.fixture.ts'

let world: World
let audience: string
let apiId: string
let team: string
let developer: Person
let operator: Person
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

beforeEach(async () => {
  world.now = startAt
  audience = `https://${mark()}.test`
  const scopes = ['read', 'write', 'admin', 'secret'].map((name) => ({ name }))
  const api = { audience, name: 'x', scopes, onRequestScope: 'read write admin' }
  apiId = (await world.ok('POST', '/v1/apis', api)).id
  team = (await makeTeam(world, { access: [{ audience, scope: 'read' }] })).id
  developer = await addPerson(world, team, 'developer')
  operator = await makePerson(world, { role: 'operator', scope: 'teams:write teams:read' })
})

const day = 86_400
const at = (seconds: number): string => new Date((startAt + seconds) * 1000).toISOString()
const path = '/v1/access-requests'

function ask(more: object = {}, by: Browser = developer.browser): Promise<Reply> {
  return by.call('POST', path, { teamId: team, audience, scope: 'write', reason: 'Our shop writes', ...more })
}

/** Sessions end after half a day: later, the administrator asks and decides. */
const isLate = (): boolean => world.now > startAt + day / 2

async function asked(more: object = {}): Promise<string> {
  const body = { teamId: team, audience, scope: 'write', reason: 'x', ...more }
  const reply = isLate() ? await world.call('POST', path, { body }) : await ask(more)
  expect(reply.status, reply.text).toBe(201)
  return reply.body.id
}

async function approve(id: string, body: object = {}): Promise<Wire> {
  const target = `${path}/${id}/approve`
  const reply = isLate()
    ? await world.call('POST', target, { body })
    : await operator.browser.call('POST', target, body)
  expect(reply.status, reply.text).toBe(200)
  return reply.body
}

async function ceiling(): Promise<string | undefined> {
  const { access } = (await world.ok('GET', `/v1/teams/${team}`)) as unknown as {
    access: { audience: string; scope: string }[]
  }
  return access.find((each) => each.audience === audience)?.scope
}

async function passTo(seconds: number): Promise<void> {
  world.now = startAt + seconds
  await endGivenAccess(world.server.services)
}

describe('asking', () => {
  it('is a developer’s, for what the API has on request, and changes nothing', async () => {
    const reply = await ask({ scope: 'read write', until: at(30 * day) })
    expect(reply.body).toMatchObject({
      teamId: team,
      audience,
      scope: 'read write',
      reason: 'Our shop writes',
      until: '2027-02-14T08:00:00Z',
      status: 'pending',
      askedBy: developer.id,
      given: null,
    })
    expect(await ceiling()).toBe('read')
    const viewer = await addPerson(world, team, 'viewer')
    expect((await ask({}, viewer.browser)).status).toBe(403)
    const { data } = (await viewer.browser.call('GET', `${path}?status=pending`)).body
    expect(data.map(({ id }) => id)).toEqual([reply.body.id])
    expect((await world.ok('POST', path, { teamId: team, audience, scope: 'write', reason: 'x' })).status).toBe(
      'pending',
    )
  })

  it.each([
    ['a scope that is not on request', { scope: 'secret' }, '/scope'],
    ['a scope that the API does not have', { scope: 'delete' }, '/scope'],
    ['no scope', { scope: '' }, '/scope'],
    ['a time that has passed', { until: at(0) }, '/until'],
    ['an API that is not there', { audience: 'https://nowhere.test' }, '/audience'],
    ['another team', { teamId: 'team_x' }, '/teamId'],
  ])('is refused for %s, and says where', async (_, more, pointer) => {
    const reply = await ask(more)
    expect([reply.status, reply.body.errors], reply.text).toMatchObject([400, [{ pointer }]])
  })

  it('is refused for a disabled team, and beyond so many that wait', async () => {
    for (let count = 0; count < serverLimits.accessRequestsLiveMax; count++) await asked()
    expect([(await ask()).status, (await ask()).body.code]).toEqual([409, 'conflict'])
    await world.ok('PATCH', `/v1/teams/${team}`, { status: 'disabled' })
    expect(
      (await world.call('POST', path, { body: { teamId: team, audience, scope: 'write', reason: 'x' } })).body.code,
    ).toBe('disabled')
  })

  it('never makes the list of a team longer than its limit: the oldest decided ones make room', async () => {
    const first = await asked()
    await developer.browser.call('POST', `${path}/${first}/withdraw`, {})
    world.now += 1
    for (let count = 1; count <= serverLimits.accessRequestsMax; count++)
      await developer.browser.call('POST', `${path}/${await asked()}/withdraw`, {})
    const { data } = await world.ok('GET', `${path}?limit=100&teamId=${team}`)
    expect(data).toHaveLength(serverLimits.accessRequestsMax)
    expect(data.map(({ id }) => id)).not.toContain(first)
  })
})

describe('deciding', () => {
  it('widens the ceiling and the clients of the team at once, with their entries in the same change', async () => {
    const own = [{ audience, scope: 'read' }]
    const { clientId } = await world.client({ teamId: team, access: own })
    const { id: keyId, key } = await world.key({ clientId, audience, scope: 'read' })
    const id = await asked()
    expect(await approve(id)).toMatchObject({ status: 'approved', given: { scope: 'write', until: null } })
    expect(await ceiling()).toBe('read write')
    await world.ok('PATCH', `/v1/clients/${clientId}`, { access: [{ audience, scope: 'read write' }] })
    await world.ok('PATCH', `/v1/keys/${keyId}`, { scope: 'read write' })
    expect(await world.ok('POST', '/v1/verify', { credential: key, audience, scope: 'write' })).toMatchObject({
      active: true,
    })
    const [event] = (await world.ok('GET', `/v1/audit?objectId=${id}&action=access_request.approve`)).data
    expect(event).toMatchObject({ actor: { accountId: operator.id }, after: { given: { scope: 'write' } } })
  })

  it('is for those with reach over the tenant: an owner of the team cannot', async () => {
    const { browser } = await addPerson(world, team, 'owner')
    const id = await asked()
    for (const [action, body] of [
      ['approve', {}],
      ['refuse', { reason: 'x' }],
    ] as const)
      expect((await browser.call('POST', `${path}/${id}/${action}`, body)).body.code).toBe('forbidden')
    expect(await ceiling()).toBe('read')
  })

  it('by a session wants a proof of the last 10 minutes', async () => {
    const id = await asked()
    world.now += 601
    const reply = await operator.browser.call('POST', `${path}/${id}/approve`, {})
    expect([reply.status, reply.body.code]).toEqual([403, 'step_up_required'])
    expect((await operator.browser.call('POST', `${path}/${id}/refuse`, { reason: 'No' })).status).toBe(200)
  })

  it('gives less, and no more than was asked for', async () => {
    const id = await asked({ scope: 'write admin', until: at(30 * day) })
    for (const body of [{ scope: 'read' }, { scope: 'write secret' }, { until: at(31 * day) }, { until: at(-1) }])
      expect((await operator.browser.call('POST', `${path}/${id}/approve`, body)).status).toBe(400)
    expect(await approve(id, { scope: 'admin', until: at(day) })).toMatchObject({
      scope: 'write admin',
      given: { scope: 'admin', until: '2027-01-16T08:00:00Z' },
    })
    expect(await ceiling()).toBe('read admin')
  })

  it.each(['approve', 'refuse', 'withdraw'])('is done once: after it, %s is 409', async (action) => {
    const bodies = { approve: {}, refuse: { reason: 'No' }, withdraw: {} }
    const others = { approve: 'refuse', refuse: 'withdraw', withdraw: 'approve' } as const
    const id = await asked()
    const other = others[action as 'approve']
    await world.ok('POST', `${path}/${id}/${other}`, bodies[other])
    const before = await ceiling()
    const reply = await world.call('POST', `${path}/${id}/${action}`, { body: bodies[action as 'approve'] })
    expect([reply.status, reply.body.code]).toEqual([409, 'conflict'])
    expect(await ceiling()).toBe(before)
  })

  it('tells the team the reason of a refusal', async () => {
    const id = await asked()
    await operator.browser.call('POST', `${path}/${id}/refuse`, { reason: 'Not in the contract' })
    const { data } = (await developer.browser.call('GET', `${path}?teamId=${team}`)).body
    expect(data).toMatchObject([{ id, status: 'refused', refusal: 'Not in the contract' }])
    expect(await ceiling()).toBe('read')
  })

  it('comes too late once the time that was asked for has passed, or the API has lost the scope', async () => {
    const late = await asked({ until: at(60) })
    const retired = await asked({ scope: 'admin' })
    world.now += 60
    expect((await world.call('POST', `${path}/${late}/approve`, { body: {} })).body.code).toBe('expired')
    await world.ok('PATCH', `/v1/apis/${apiId}`, { scopes: [{ name: 'read' }, { name: 'write' }], onRequestScope: '' })
    expect((await world.call('POST', `${path}/${retired}/approve`, { body: {} })).status).toBe(400)
    expect(await ceiling()).toBe('read')
  })

  it('of a deleted team is no more: its requests go with it', async () => {
    const id = await asked()
    await world.ok('DELETE', `/v1/teams/${team}`)
    expect((await world.call('POST', `${path}/${id}/approve`, { body: {} })).status).toBe(404)
  })
})

describe('an approval with an end', () => {
  it('falls back by itself at that second, in every credential of the team, and says so in the audit log', async () => {
    const id = await asked({ until: at(day) })
    await approve(id)
    const { clientId } = await world.client({ teamId: team, access: [{ audience, scope: 'read write' }] })
    const { key } = await world.key({ clientId, audience, scope: 'read write' })
    const verify = () => world.ok('POST', '/v1/verify', { credential: key, audience, scope: 'write' })
    await passTo(day - 1)
    expect([await ceiling(), await verify()]).toMatchObject(['read write', { active: true }])
    await passTo(day)
    expect([await ceiling(), await verify()]).toMatchObject(['read', { active: false, code: 'insufficient_scope' }])
    const { data } = await world.ok('GET', `${path}?teamId=${team}`)
    expect(data).toMatchObject([{ id, status: 'ended', given: { scope: 'write' } }])
    const { data: events } = await world.ok('GET', `/v1/audit?objectId=${id}&action=access_request.end`)
    expect(events).toMatchObject([{ actor: { kind: 'system' }, after: { clients: 1 } }])
    await passTo(day + 1)
    expect((await world.ok('GET', `/v1/audit?objectId=${id}&action=access_request.end`)).data).toHaveLength(1)
  })

  it('leaves what the ceiling had before, and takes the API away of which nothing is left', async () => {
    await approve(await asked({ scope: 'read write', until: at(day) }))
    await passTo(day)
    expect(await ceiling()).toBe('read')
    await world.ok('PATCH', `/v1/teams/${team}`, { access: [] })
    await approve(await asked({ until: at(2 * day) }))
    expect(await ceiling()).toBe('write')
    await passTo(2 * day)
    expect(await ceiling()).toBeUndefined()
  })

  it('gives way to a later one for the same scope, whichever was approved first', async () => {
    const [short, long] = [await asked({ until: at(day) }), await asked({ until: at(2 * day) })]
    for (const order of [
      [short, long],
      [await asked({ until: at(4 * day) }), await asked({ until: at(3 * day) })],
    ])
      for (const id of order) await approve(id)
    const seen: (string | undefined)[] = []
    for (const days of [1, 2, 3, 4]) {
      await passTo(days * day)
      seen.push(await ceiling())
    }
    expect(seen).toEqual(['read write', 'read write', 'read write', 'read'])
  })

  it('ends nothing that was given for good since', async () => {
    await approve(await asked({ scope: 'write admin', until: at(day) }))
    await approve(await asked({ scope: 'write' }))
    await passTo(day)
    expect(await ceiling()).toBe('read write')
  })

  it('ends nothing that an operator took away and gave again', async () => {
    await approve(await asked({ until: at(day) }))
    await world.ok('PATCH', `/v1/teams/${team}`, { access: [{ audience, scope: 'read' }] })
    await world.ok('PATCH', `/v1/teams/${team}`, { access: [{ audience, scope: 'read write' }] })
    await passTo(day)
    expect(await ceiling()).toBe('read write')
  })

  it('ends once where two servers look at the same moment', async () => {
    const id = await asked({ until: at(day) })
    await approve(id)
    world.now = startAt + day
    const other = await world.second()
    await Promise.all([world.server, other].map(({ services }) => endGivenAccess(services)))
    expect(await ceiling()).toBe('read')
    expect((await world.ok('GET', `/v1/audit?objectId=${id}&action=access_request.end`)).data).toHaveLength(1)
  })
})
