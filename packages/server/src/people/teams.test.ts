import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { serverLimits } from '../limits.ts'
import { audience, baseUrl, otherAudience, startAt, startWorld, type World } from '../server.fixture.ts'
import { signIn } from '../sign_in.fixture.ts'
import type { Wire } from '../wire.fixture.ts'
import { addPerson, ceiling, codeOf, makePerson, makeTeam, mark } from './teams.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  await world.ok('POST', '/v1/apis', { audience: otherAudience, name: 'Invoices', scopes: [{ name: 'invoices:read' }] })
})
afterAll(() => world.close())
beforeEach(() => {
  world.now = startAt
})

const clientOf = (teamId: string, more: object = {}): Promise<Wire> => world.client({ teamId, ...more })
const keyOf = (clientId: string, scope = 'orders:read orders:write'): Promise<Wire> => world.key({ clientId, scope })
const change = (id: string, body: object): Promise<Wire> => world.ok('PATCH', `/v1/teams/${id}`, body)
const read = (clientId: string): Promise<Wire> => world.ok('GET', `/v1/clients/${clientId}`)
const scopeOf = async (key: string): Promise<string> => {
  const { active, code, grant } = await world.verify(key)
  return active ? grant.scope : code
}

describe('a team', () => {
  it('is made, read, changed and deleted with its clients, and its external id is one team’s', async () => {
    const externalId = mark()
    const team = await makeTeam(world, { externalId, metadata: { plan: 'gold' } })
    expect(team).toMatchObject({ externalId, status: 'active', access: ceiling, metadata: { plan: 'gold' } })
    const twin = { name: 'x', access: [], externalId }
    expect((await world.call('POST', '/v1/teams', { body: twin })).body.detail).toContain('externalId')
    const { clientId } = await clientOf(team.id)
    const { key } = await keyOf(clientId)
    expect(await change(team.id, { name: 'New', externalId: null })).toMatchObject({ name: 'New', externalId: null })
    expect(await scopeOf(key)).toBe('orders:read orders:write')
    expect(await world.ok('DELETE', `/v1/teams/${team.id}`)).toMatchObject({ status: 'revoked', clients: 1 })
    expect(await scopeOf(key)).toBe('unknown')
    expect((await world.call('GET', `/v1/clients/${clientId}`)).status).toBe(404)
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['GET', '/members'],
      ['GET', '/invitations'],
    ] as const)
      expect(
        (await world.call(method, `/v1/teams/${team.id}${path}`, { body: method === 'PATCH' ? {} : undefined })).status,
      ).toBe(404)
  })

  it.each([
    ['the management API in its ceiling', { access: [{ audience: `${baseUrl}/v1`, scope: 'keys:read' }] }, '/access'],
    ['an API that is not there', { access: [{ audience: 'https://no.test', scope: 'a' }] }, '/access/0/audience'],
    ['a scope that the API does not have', { access: [{ audience, scope: 'no' }] }, '/access/0/scope'],
  ])('with %s is 400 with a pointer, and changes nothing', async (_, more, pointer) => {
    const team = await makeTeam(world)
    const before = world.dump()
    const made = await world.call('POST', '/v1/teams', { body: { name: 'x', ...more } })
    const changed = await world.call('PATCH', `/v1/teams/${team.id}`, { body: more })
    for (const reply of [made, changed]) expect([reply.status, reply.body.errors[0]?.pointer]).toEqual([400, pointer])
    expect(world.dump()).toBe(before)
  })

  it('has so many clients and no more, and each change of it writes no more than these', async () => {
    const team = await makeTeam(world)
    for (let made = 0; made < serverLimits.teamClientsMax; made++) await clientOf(team.id)
    const body = { name: 'x', type: 'service', access: ceiling, teamId: team.id }
    expect((await world.call('POST', '/v1/clients', { body })).status).toBe(409)
    const { clientId } = await world.client()
    const move = await world.call('PATCH', `/v1/clients/${clientId}`, { body: { teamId: team.id } })
    expect([move.status, (await read(clientId)).teamId]).toEqual([409, null])
    await change(team.id, { status: 'disabled' })
    const { data } = await world.ok('GET', `/v1/audit?objectId=${team.id}&limit=1`)
    expect(data[0]).toMatchObject({ action: 'team.update', after: { clients: serverLimits.teamClientsMax } })
  })
})

describe('the ceiling', () => {
  it('cuts every credential of every client of the team at once, here and at another server, and gives it back', async () => {
    const team = await makeTeam(world)
    const clients = [await clientOf(team.id), await clientOf(team.id)]
    const keys = await Promise.all(clients.map(async ({ clientId }) => (await keyOf(clientId)).key))
    const { token } = await world.mint({ clientId: clients[0]?.clientId, scope: 'orders:read orders:write' })
    const outside = (await keyOf(world.clientId)).key
    const other = await world.second()
    const there = async (credential: string) => {
      const body = { credential, audience }
      const { active, code, grant } = (await world.call('POST', '/v1/verify', { server: other, body })).body
      return active ? grant.scope : code
    }
    const every = [...keys, token]
    for (const credential of every) expect(await there(credential)).toBe('orders:read orders:write')
    const { feedSequence: before } = await world.ok('POST', `/v1/keys/${(await world.key()).id}/disable`, {})
    await change(team.id, { access: [{ audience, scope: 'orders:read' }] })
    for (const credential of every) {
      expect(await scopeOf(credential)).toBe('orders:read')
      await expect.poll(() => there(credential)).toBe('orders:read')
    }
    const { feedSequence: after } = await world.ok('POST', `/v1/keys/${(await world.key()).id}/disable`, {})
    expect(after - before, 'one entry for each client, and no other').toBe(3)
    expect(await scopeOf(outside)).toBe('orders:read orders:write')
    expect(await read(clients[0]?.clientId as string)).toMatchObject({ access: [{ audience, scope: 'orders:read' }] })
    await change(team.id, { access: [] })
    for (const credential of every) expect(await scopeOf(credential)).toBe('wrong_audience')
    await change(team.id, { access: ceiling })
    for (const credential of every) {
      expect(await scopeOf(credential)).toBe('orders:read orders:write')
      await expect.poll(() => there(credential)).toBe('orders:read orders:write')
    }
  })

  it('is what a client can be given, now and at a change: beyond is 400, and nothing is cut in silence', async () => {
    const team = await makeTeam(world, { access: [{ audience, scope: 'orders:read' }] })
    const beyond = { access: [{ audience, scope: 'orders:read orders:write' }] }
    const elsewhere = { access: [{ audience: otherAudience, scope: '' }] }
    const management = { access: [{ audience: `${baseUrl}/v1`, scope: 'keys:read' }] }
    const { clientId } = await clientOf(team.id, { access: [{ audience, scope: 'orders:read' }] })
    const before = world.dump()
    for (const more of [beyond, elsewhere, management]) {
      const body = { name: 'x', type: 'service', teamId: team.id, ...more }
      expect((await world.call('POST', '/v1/clients', { body })).body.errors[0]?.pointer).toMatch(/^\/access\/0\//)
      expect((await world.call('PATCH', `/v1/clients/${clientId}`, { body: more })).body.errors[0]?.pointer).toMatch(
        /^\/access\/0\//,
      )
    }
    expect(world.dump()).toBe(before)
  })

  it('holds at the token endpoint, for a client that had more when it asked before', async () => {
    const team = await makeTeam(world)
    const { clientId: client_id, clientSecret: client_secret } = await clientOf(team.id)
    const ask = async () => (await world.token({ client_id, client_secret })).body
    expect((await ask()).scope).toBe('orders:read orders:write')
    await change(team.id, { access: [{ audience, scope: 'orders:read' }] })
    expect((await ask()).scope).toBe('orders:read')
    expect((await world.token({ client_id, client_secret, scope: 'orders:write' })).body.error).toBe('invalid_scope')
    await change(team.id, { status: 'disabled' })
    expect((await ask()).error).toBe('invalid_client')
    await change(team.id, { status: 'active' })
    expect((await ask()).scope).toBe('orders:read')
  })

  it('that is widened while a client is changed to have less gives it back no more than it has by itself', async () => {
    const team = await makeTeam(world)
    const { clientId } = await clientOf(team.id)
    const { key } = await keyOf(clientId)
    await change(team.id, { access: [] })
    await world.ok('PATCH', `/v1/clients/${clientId}`, { access: [], status: 'disabled' })
    await change(team.id, { access: ceiling })
    expect(await scopeOf(key)).toBe('disabled')
    await world.ok('PATCH', `/v1/clients/${clientId}`, { status: 'active' })
    expect(await scopeOf(key)).toBe('wrong_audience')
  })
})

describe('a team that is disabled', () => {
  it('disables every client of it, and brings back those that were not disabled by themselves', async () => {
    const team = await makeTeam(world)
    const [plain, off] = [await clientOf(team.id), await clientOf(team.id)]
    await world.ok('PATCH', `/v1/clients/${off.clientId}`, { status: 'disabled' })
    const keys = [(await keyOf(plain.clientId)).key]
    await change(team.id, { status: 'disabled' })
    expect(await scopeOf(keys[0] as string)).toBe('disabled')
    // Enabling the client while its team is disabled is kept, and does nothing yet.
    expect(await world.ok('PATCH', `/v1/clients/${plain.clientId}`, { status: 'active' })).toMatchObject({
      status: 'disabled',
    })
    expect((await clientOf(team.id)).status).toBe('disabled')
    const body = { clientId: plain.clientId, audience, scope: 'orders:read', name: 'x' }
    expect((await world.call('POST', '/v1/keys', { body })).body.code).toBe('client_disabled')
    expect(await change(team.id, { status: 'active' })).toMatchObject({ status: 'active' })
    expect([(await read(plain.clientId)).status, (await read(off.clientId)).status]).toEqual(['active', 'disabled'])
    expect(await scopeOf(keys[0] as string)).toBe('orders:read orders:write')
  })

  it('ends its invitations for good', async () => {
    const team = await makeTeam(world)
    const invited = await makePerson(world, { emailVerified: false })
    const code = codeOf(await world.ok('POST', `/v1/teams/${team.id}/members`, { email: invited.email, role: 'owner' }))
    await world.ok('PATCH', `/v1/accounts/${invited.id}`, { emailVerified: true })
    await change(team.id, { status: 'disabled' })
    await change(team.id, { status: 'active' })
    expect((await invited.browser.call('POST', '/v1/invitations/accept', { code })).status).toBe(404)
  })

  it('leaves its members reading', async () => {
    const team = await makeTeam(world)
    const { browser } = await addPerson(world, team.id, 'owner')
    const body = { name: 'x', type: 'service', access: [] }
    expect((await browser.call('POST', '/v1/clients', body)).status).toBe(201)
    await change(team.id, { status: 'disabled' })
    expect((await browser.call('POST', '/v1/clients', body)).status).toBe(403)
    expect((await browser.call('GET', `/v1/teams/${team.id}`)).body.status).toBe('disabled')
  })
})

describe('a client goes into a team, or out of one', () => {
  it('with what it has left and no more, within the ceiling of the new one', async () => {
    const [wide, narrow] = [
      await makeTeam(world),
      await makeTeam(world, { access: [{ audience, scope: 'orders:read' }] }),
    ]
    const { clientId } = await clientOf(wide.id)
    const path = `/v1/clients/${clientId}`
    const { key } = await keyOf(clientId)
    const into = (teamId: string | null, more: object = {}) => world.call('PATCH', path, { body: { teamId, ...more } })
    expect((await into(narrow.id)).body.errors[0]?.pointer).toBe('/teamId')
    expect((await into('team_unknown')).body.errors[0]?.pointer).toBe('/teamId')
    await change(wide.id, { access: [{ audience, scope: 'orders:read' }] })
    expect((await into(narrow.id)).body).toMatchObject({ teamId: narrow.id })
    await change(narrow.id, { access: ceiling })
    expect(await scopeOf(key), 'what the former team had cut does not come back').toBe('orders:read')
    expect((await into(null)).body).toMatchObject({ teamId: null, access: [{ audience, scope: 'orders:read' }] })
    await change(narrow.id, { access: [], status: 'disabled' })
    expect(await scopeOf(key)).toBe('orders:read')
  })

  it('unless it had access to the management API since its last revoke', async () => {
    const team = await makeTeam(world)
    const { clientId } = await world.caller('keys:read')
    await world.ok('PATCH', `/v1/clients/${clientId}`, { access: [] })
    const move = () => world.call('PATCH', `/v1/clients/${clientId}`, { body: { teamId: team.id } })
    expect((await move()).status).toBe(409)
    await world.ok('POST', `/v1/clients/${clientId}/revoke`, {})
    expect((await move()).status).toBe(200)
  })
})

describe('members', () => {
  it('an account with the verified address is added at once, and others are invited', async () => {
    const team = await makeTeam(world)
    const ann = await makePerson(world)
    const path = `/v1/teams/${team.id}/members`
    const added = await world.ok('POST', path, { email: ann.email.toUpperCase(), role: 'developer' })
    expect(added).toMatchObject({
      member: { accountId: ann.id, role: 'developer', status: 'active' },
      invitation: null,
    })
    expect((await world.call('POST', path, { body: { email: ann.email, role: 'viewer' } })).status).toBe(409)
    expect((await ann.browser.call('GET', '/v1/me')).body).toMatchObject({
      scope: expect.stringContaining('clients:write'),
      teams: [{ id: team.id, name: team.name, role: 'developer' }],
    })
    const email = `${mark()}@example.com`
    const invited = await world.ok('POST', path, { email, role: 'viewer' })
    expect(invited).toMatchObject({
      member: null,
      invitation: { email, role: 'viewer', expiresAt: '2027-01-22T08:00:00Z' },
    })
    expect(new URL(invited.invitation.url).pathname).toBe('/invite')
    expect(world.bytes(), 'the code is nowhere in the database').not.toContain(codeOf(invited))
    const { data } = await world.ok('GET', `/v1/teams/${team.id}/invitations`)
    expect(JSON.stringify(data)).not.toContain(codeOf(invited))
    expect(data).toMatchObject([{ id: invited.invitation.id, email }])
  })

  it('nobody gives, changes or takes a role that can do more than they can', async () => {
    const team = await makeTeam(world)
    const { id: owner } = await addPerson(world, team.id, 'owner')
    await addPerson(world, team.id, 'owner')
    const { key: as } = await world.caller('teams:read teams:write accounts:write accounts:read')
    const { email } = await makePerson(world)
    const before = world.dump()
    for (const [method, path, body] of [
      ['POST', `/v1/teams/${team.id}/members`, { email, role: 'viewer' }],
      ['POST', `/v1/teams/${team.id}/members`, { email: `${mark()}@example.com`, role: 'owner' }],
      ['PATCH', `/v1/teams/${team.id}/members/${owner}`, { role: 'viewer' }],
      ['DELETE', `/v1/teams/${team.id}/members/${owner}`, undefined],
      ['DELETE', `/v1/teams/${team.id}`, undefined],
      ['POST', `/v1/accounts/${owner}/links`, undefined],
      ['PATCH', `/v1/accounts/${owner}`, { password: 'correct horse battery' }],
      ['POST', `/v1/accounts/${owner}/revoke`, {}],
    ] as const)
      expect((await world.call(method, path, { as, body })).body.code, `${method} ${path}`).toBe('insufficient_scope')
    expect(world.dump()).toBe(before)
  })

  it('the last owner who can sign in cannot leave or be lowered, by anybody', async () => {
    const team = await makeTeam(world)
    const [first, second] = [await addPerson(world, team.id, 'owner'), await addPerson(world, team.id, 'owner')]
    const path = `/v1/teams/${team.id}/members`
    await world.ok('PATCH', `/v1/accounts/${second.id}`, { status: 'disabled' })
    const before = world.dump()
    expect((await first.browser.call('DELETE', `${path}/${first.id}`)).status).toBe(409)
    expect((await first.browser.call('PATCH', `${path}/${first.id}`, { role: 'viewer' })).status).toBe(409)
    expect((await world.call('DELETE', `${path}/${first.id}`)).status).toBe(409)
    expect((await world.call('PATCH', `${path}/${first.id}`, { body: { role: 'developer' } })).status).toBe(409)
    expect(world.dump()).toBe(before)
    await world.ok('PATCH', `/v1/accounts/${second.id}`, { status: 'active' })
    expect((await first.browser.call('DELETE', `${path}/${first.id}`)).status).toBe(200)
  })

  it('one of two owners that leave at once is the last', async () => {
    for (let round = 0; round < 5; round++) {
      const team = await makeTeam(world)
      const owners = [await addPerson(world, team.id, 'owner'), await addPerson(world, team.id, 'owner')]
      const left = await Promise.all(
        owners.map(({ id, browser }) => browser.call('DELETE', `/v1/teams/${team.id}/members/${id}`)),
      )
      expect(left.map(({ status }) => status).sort()).toEqual([200, 409])
    }
  })

  it('who leaves or is lowered has lost it at the next request, and the team keeps its keys', async () => {
    const team = await makeTeam(world)
    await addPerson(world, team.id, 'owner')
    const { id, browser } = await addPerson(world, team.id, 'developer')
    const { clientId } = (await browser.call('POST', '/v1/clients', { name: 'x', type: 'service', access: ceiling }))
      .body
    const { key } = await keyOf(clientId, 'orders:read')
    const rename = (name: string) => browser.call('PATCH', `/v1/clients/${clientId}`, { name })
    expect((await rename('y')).status).toBe(200)
    await world.ok('PATCH', `/v1/teams/${team.id}/members/${id}`, { role: 'viewer' })
    expect([(await rename('z')).status, (await browser.call('GET', `/v1/clients/${clientId}`)).status]).toEqual([
      403, 200,
    ])
    expect((await browser.call('DELETE', `/v1/teams/${team.id}/members/${id}`)).status, 'a viewer leaves').toBe(200)
    expect((await browser.call('GET', `/v1/clients/${clientId}`)).status).toBe(403)
    expect((await browser.call('GET', '/v1/me')).body).toMatchObject({ scope: '', teams: [] })
    expect(await scopeOf(key)).toBe('orders:read')
  })

  it.each([
    ['is taken out of the team', (team: string, id: string) => world.ok('DELETE', `/v1/teams/${team}/members/${id}`)],
    [
      'is lowered',
      (team: string, id: string) => world.ok('PATCH', `/v1/teams/${team}/members/${id}`, { role: 'viewer' }),
    ],
    ['loses the team', (team: string) => world.ok('DELETE', `/v1/teams/${team}`)],
    ['loses the ceiling', (team: string) => change(team, { access: [] })],
    ['sees the team disabled', (team: string) => change(team, { status: 'disabled' })],
    ['is disabled', (_: string, id: string) => world.ok('PATCH', `/v1/accounts/${id}`, { status: 'disabled' })],
  ])('a request under way does nothing once its person %s: all is read again in its transaction', async (_, end) => {
    const team = await makeTeam(world)
    await addPerson(world, team.id, 'owner')
    const { id, browser } = await addPerson(world, team.id, 'developer')
    const count = async () => (await world.ok('GET', '/v1/audit?action=client.create')).data[0]?.sequence
    const before = await count()
    const reply = await world.call('POST', '/v1/clients', {
      as: null,
      headers: [
        ['Cookie', browser.cookie()],
        ['Sec-Fetch-Site', 'same-origin'],
      ],
      body: { name: 'x', type: 'service', access: ceiling },
      whileReading: () => end(team.id, id),
    })
    expect(reply.status, reply.text).toBeGreaterThanOrEqual(400)
    expect(await count()).toBe(before)
  })
})

describe('an invitation', () => {
  const invite = async (role = 'developer') => {
    const team = await makeTeam(world)
    const owner = await addPerson(world, team.id, 'owner')
    const email = `${mark()}@example.com`
    const reply = await owner.browser.call('POST', `/v1/teams/${team.id}/members`, { email, role })
    return { team, owner, email, code: codeOf(reply.body), id: reply.body.invitation.id }
  }
  const person = async (email: string, emailVerified = true) => {
    const { id } = await world.ok('POST', '/v1/accounts', { email, emailVerified, name: 'Bob' })
    return { id, browser: await signIn(world, id) }
  }

  it('makes the person a member who has the address, verified, once', async () => {
    const { team, email, code } = await invite()
    const { browser } = await person(email.toUpperCase())
    const accept = () => browser.call('POST', '/v1/invitations/accept', { code })
    const replies = await Promise.all(Array.from({ length: 20 }, accept))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(replies.find(({ status }) => status === 200)?.body).toEqual({
      id: team.id,
      name: team.name,
      role: 'developer',
    })
    expect((await browser.call('GET', '/v1/me')).body.teams).toMatchObject([{ id: team.id, role: 'developer' }])
    expect((await accept()).status).toBe(404)
  })

  it('to a disabled team waits until the team is enabled', async () => {
    const team = await makeTeam(world)
    await world.ok('PATCH', `/v1/teams/${team.id}`, { status: 'disabled' })
    const email = `${mark()}@example.com`
    const code = codeOf(await world.ok('POST', `/v1/teams/${team.id}/members`, { email, role: 'owner' }))
    const { browser } = await person(email)
    const accept = async () => (await browser.call('POST', '/v1/invitations/accept', { code })).status
    expect(await accept()).toBe(409)
    await world.ok('PATCH', `/v1/teams/${team.id}`, { status: 'active' })
    expect(await accept()).toBe(200)
  })

  it('is for nobody else, who does not use it up either', async () => {
    const { email, code } = await invite()
    const before = world.dump()
    const unverified = await person(email, false)
    const stranger = await makePerson(world)
    const strangers = world.dump()
    for (const { browser } of [unverified, stranger])
      expect((await browser.call('POST', '/v1/invitations/accept', { code })).body.code).toBe('forbidden')
    expect((await world.call('POST', '/v1/invitations/accept', { body: { code } })).body.code).toBe('forbidden')
    expect([world.dump() === strangers, before === strangers]).toEqual([true, false])
    await world.ok('PATCH', `/v1/accounts/${unverified.id}`, { emailVerified: true })
    expect((await unverified.browser.call('POST', '/v1/invitations/accept', { code })).status).toBe(200)
  })

  it.each([
    [
      '7 days have passed',
      async () => {
        world.now = startAt + serverLimits.invitationSeconds
      },
    ],
    ['it is taken back', ({ team, id }) => world.ok('DELETE', `/v1/teams/${team.id}/invitations/${id}`)],
    [
      'the address is invited again',
      ({ team, email }) => world.ok('POST', `/v1/teams/${team.id}/members`, { email, role: 'viewer' }),
    ],
    [
      'whoever made it is lowered',
      async ({ team, owner }) => {
        await addPerson(world, team.id, 'owner')
        await world.ok('PATCH', `/v1/teams/${team.id}/members/${owner.id}`, { role: 'viewer' })
      },
    ],
    [
      'whoever made it leaves',
      async ({ team, owner }) => {
        await addPerson(world, team.id, 'owner')
        await owner.browser.call('DELETE', `/v1/teams/${team.id}/members/${owner.id}`)
      },
    ],
    ['whoever made it signs out everywhere', ({ owner }) => world.ok('POST', `/v1/accounts/${owner.id}/revoke`, {})],
    [
      'whoever made it is disabled',
      ({ owner }) => world.ok('PATCH', `/v1/accounts/${owner.id}`, { status: 'disabled' }),
    ],
    ['whoever made it is deleted', ({ owner }) => world.ok('DELETE', `/v1/accounts/${owner.id}`)],
    ['the team is deleted', ({ team }) => world.ok('DELETE', `/v1/teams/${team.id}`)],
  ] as [string, (made: Awaited<ReturnType<typeof invite>>) => Promise<unknown>][])(
    'is none once %s',
    async (_, end) => {
      const made = await invite()
      await end(made)
      const { browser } = await person(made.email)
      const before = world.dump()
      expect((await browser.call('POST', '/v1/invitations/accept', { code: made.code })).status).toBe(404)
      expect(world.dump()).toBe(before)
    },
  )

  it('and its members, together, are so many and no more', async () => {
    const team = await makeTeam(world)
    for (let made = 0; made < serverLimits.teamMembersMax; made++)
      await world.ok('POST', `/v1/teams/${team.id}/members`, { email: `${mark()}@example.com`, role: 'viewer' })
    const body = { email: `${mark()}@example.com`, role: 'viewer' }
    expect((await world.call('POST', `/v1/teams/${team.id}/members`, { body })).status).toBe(409)
    world.now = startAt + serverLimits.invitationSeconds
    expect((await world.call('POST', `/v1/teams/${team.id}/members`, { body })).status).toBe(201)
  })
})

describe('a team without an active member', () => {
  it('is disabled, never revoked, and returns with its member', async () => {
    const team = await makeTeam(world)
    const [ann, bob] = [await addPerson(world, team.id, 'owner'), await addPerson(world, team.id, 'viewer')]
    const { key } = await keyOf((await clientOf(team.id)).clientId)
    const status = async () => [(await world.ok('GET', `/v1/teams/${team.id}`)).status, await scopeOf(key)]
    const set = ({ id }: { readonly id: string }, to: string) => world.ok('PATCH', `/v1/accounts/${id}`, { status: to })
    await set(ann, 'disabled')
    expect(await status()).toEqual(['active', 'orders:read orders:write'])
    await set(bob, 'disabled')
    expect(await status()).toEqual(['disabled', 'disabled'])
    await set(bob, 'active')
    expect(await status()).toEqual(['active', 'orders:read orders:write'])
  })

  it('stays disabled once its only account is deleted, until somebody is given it', async () => {
    const team = await makeTeam(world)
    const { id } = await addPerson(world, team.id, 'owner')
    const { key } = await keyOf((await clientOf(team.id)).clientId)
    await world.ok('DELETE', `/v1/accounts/${id}`)
    expect([(await world.ok('GET', `/v1/teams/${team.id}`)).status, await scopeOf(key)]).toEqual([
      'disabled',
      'disabled',
    ])
    expect((await world.ok('GET', `/v1/teams/${team.id}/members`)).data).toEqual([])
    await addPerson(world, team.id, 'owner')
    expect([(await world.ok('GET', `/v1/teams/${team.id}`)).status, await scopeOf(key)]).toEqual([
      'active',
      'orders:read orders:write',
    ])
  })

  it('that an operator disabled as well does not return with its member', async () => {
    const team = await makeTeam(world)
    const { id } = await addPerson(world, team.id, 'owner')
    await change(team.id, { status: 'disabled' })
    await world.ok('PATCH', `/v1/accounts/${id}`, { status: 'disabled' })
    await world.ok('PATCH', `/v1/accounts/${id}`, { status: 'active' })
    expect((await world.ok('GET', `/v1/teams/${team.id}`)).status).toBe('disabled')
  })

  it('is one that had members: a team that was made without any is active', async () => {
    const team = await makeTeam(world)
    expect(await scopeOf((await keyOf((await clientOf(team.id)).clientId)).key)).toBe('orders:read orders:write')
  })
})

it('a team that gives a verified client another name or place has it no longer known here', async () => {
  const team = await makeTeam(world)
  const { browser } = await addPerson(world, team.id, 'developer')
  const without = { type: 'web', teamId: team.id, access: ceiling }
  const made = { ...without, redirectUris: ['https://app.example/cb'], verified: true }
  const elsewhere = { redirectUris: ['https://evil.example/cb'] }
  for (const [before, change] of [
    [made, { name: 'Your bank' }],
    [made, elsewhere],
    [without, elsewhere],
  ] as const) {
    const client = await world.client(before)
    const { body, text } = await browser.call('PATCH', `/v1/clients/${client.clientId}`, change)
    expect(body.verified, text).toBe(false)
  }
  const client = await world.client(made)
  const { body } = await browser.call('PATCH', `/v1/clients/${client.clientId}`, { metadata: { a: 1 } })
  expect(body.verified).toBe(true)
})
