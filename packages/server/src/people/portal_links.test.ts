/** Links that sign a customer in to the portal: who makes them, whom they sign in, and what that person then reaches. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { scopeOfRole } from '../caller/team_roles.ts'
import { audience, baseUrl, startAt, startWorld, type World } from '../server.fixture.ts'
import { type Browser, openBrowser } from '../sign_in.fixture.ts'
import type { Reply } from '../wire.fixture.ts'
import { addPerson, makePerson, makeTeam, mark } from './teams.fixture.ts'

let world: World
let team: string
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())
beforeEach(async () => {
  world.now = startAt
  team = (await makeTeam(world)).id
})

const path = '/v1/portal-links'
const person = () => ({ subject: `customer-${mark()}`, name: mark() })

async function make(body: object = {}): Promise<string> {
  const { url } = await world.ok('POST', path, { teamId: team, account: person(), ...body })
  return new URL(url).hash.slice(1)
}

async function redeem(code: string, browser = openBrowser(world)): Promise<{ reply: Reply; browser: Browser }> {
  const reply = await browser.submit(await browser.get('/login/link'), '/login/link', { code })
  return { reply, browser }
}

async function comeBy(body: object = {}): Promise<Browser> {
  const { browser, reply } = await redeem(await make(body))
  expect([reply.status, reply.headers.Location], reply.text).toEqual([303, `${baseUrl}/portal`])
  return browser
}

const me = async (browser: Browser) => (await browser.call('GET', '/v1/me')).body

describe('a portal link', () => {
  it('signs in once, by a button, within 15 minutes, and leads to the portal', async () => {
    const { id, url, expiresAt } = await world.ok('POST', path, { teamId: team, account: person() })
    expect([id, url, expiresAt]).toEqual([
      expect.stringMatching(/^link_\w{20}$/),
      expect.stringMatching(`^${baseUrl}/login/link#\\w{32}$`),
      '2027-01-15T08:15:00Z',
    ])
    const code = new URL(url).hash.slice(1)
    expect((await openBrowser(world).get('/login/link')).text).toContain('<button class="primary" type="submit">')
    expect((await redeem(code)).reply.status).toBe(303)
    expect((await redeem(code)).reply.status).toBe(410)
    const late = await make()
    world.now += 900
    expect((await redeem(late)).reply.status).toBe(410)
  })

  it('gives what a developer may in that team alone, whatever else the account is in', async () => {
    const { subject, name } = person()
    const account = { email: `${mark()}@example.com`, emailVerified: true, name, externalSubject: subject }
    const { id } = await world.ok('POST', '/v1/accounts', account)
    const other = await makeTeam(world)
    await world.ok('POST', `/v1/teams/${other.id}/members`, { email: account.email, role: 'owner' })
    const browser = await comeBy({ account: { subject, name: 'Another name' } })
    expect(await me(browser)).toMatchObject({ subject: id, name, teams: [{ id: team, role: 'developer' }] })
    expect(new Set((await me(browser)).scope.split(' '))).toEqual(new Set(scopeOfRole.developer))
    expect((await browser.call('GET', `/v1/teams/${other.id}`)).status).toBe(404)
    expect((await browser.call('GET', '/v1/teams')).body.data.map((each) => each.id)).toEqual([team])
    expect((await browser.call('POST', '/v1/clients', { name: 'x', type: 'service', access: [] })).status).toBe(201)
    expect((await browser.call('PATCH', `/v1/teams/${team}`, { name: 'x' })).status).toBe(403)
  })

  it('gives the scope that it names, in the writing transaction too, and only reads once the team is disabled', async () => {
    const browser = await comeBy({ scope: 'teams:read teams:write keys:write' })
    expect((await browser.call('PATCH', `/v1/teams/${team}`, { name: 'x' })).status).toBe(200)
    expect((await browser.call('GET', '/v1/clients')).status).toBe(403)
    await world.ok('PATCH', `/v1/teams/${team}`, { status: 'disabled' })
    expect((await browser.call('GET', `/v1/teams/${team}`)).status).toBe(200)
    expect((await browser.call('PATCH', `/v1/teams/${team}`, { name: 'x' })).status).toBe(403)
    await world.ok('DELETE', `/v1/teams/${team}`)
    expect((await browser.call('GET', '/v1/teams')).body.code).toBe('insufficient_scope')
    expect(await me(browser)).toMatchObject({ teams: [], scope: '' })
  })

  it('counts as a sign-in for 10 minutes, then sensitive changes want another proof', async () => {
    const browser = await comeBy()
    const { clientId } = await world.client({ teamId: team, access: [{ audience, scope: 'orders:read' }] })
    const secret = () => browser.call('POST', `/v1/clients/${clientId}/secrets`, {})
    expect((await secret()).status).toBe(201)
    world.now += 600
    expect((await secret()).body).toMatchObject({ code: 'step_up_required' })
  })

  it('tells the portal where to lead back to', async () => {
    const returnUrl = 'https://shop.example/developers'
    expect((await me(await comeBy({ returnUrl }))).session).toMatchObject({ returnUrl })
    expect((await me(await comeBy())).session).not.toHaveProperty('returnUrl')
  })

  it.each(['http://shop.example/', 'javascript:alert(1)', 'https://u:p@shop.example/', '//shop.example', ''])(
    'leads back to no such place: %s',
    async (returnUrl) => {
      const reply = await world.call('POST', path, { body: { teamId: team, returnUrl } })
      expect([reply.status, reply.body.errors[0]?.pointer]).toEqual([400, '/returnUrl'])
    },
  )

  it('ends with its account, its team and its maker', async () => {
    const { subject, name } = person()
    const ended = await make({ account: { subject, name } })
    const [account] = (await world.ok('GET', `/v1/accounts?externalSubject=${subject}`)).data
    await world.ok('POST', `/v1/accounts/${account?.id}/revoke`, {})
    expect((await redeem(ended)).reply.status, 'account').toBe(410)
    const { browser, id } = await makePerson(world, { role: 'operator' })
    const reply = await browser.call('POST', path, { teamId: team, account: person() })
    await world.ok('POST', `/v1/accounts/${id}/revoke`, {})
    expect((await redeem(new URL(reply.body.url).hash.slice(1))).reply.status, 'maker').toBe(410)
    const gone = await make()
    await world.ok('DELETE', `/v1/teams/${team}`)
    expect((await redeem(gone)).reply.status, 'team').toBe(410)
  })
})

describe('an operator is signed in by no portal link', () => {
  it('neither when it is made', async () => {
    const { subject, name } = person()
    await makePerson(world, { externalSubject: subject, role: 'operator' })
    const reply = await world.call('POST', path, { body: { teamId: team, account: { subject, name } } })
    expect([reply.status, reply.body.code]).toEqual([403, 'forbidden'])
  })

  it('nor when it has become one since, and a session of before reaches nothing', async () => {
    const { subject, name } = person()
    const account = { subject, name }
    const { id } = await makePerson(world, { externalSubject: subject })
    const before = await comeBy({ account })
    const code = await make({ account })
    await world.ok('PATCH', `/v1/accounts/${id}`, { role: 'operator' })
    const { browser, reply } = await redeem(code)
    expect([reply.status, browser.session]).toEqual([403, undefined])
    expect((await redeem(code)).reply.status, 'and it is used up').toBe(410)
    expect(await me(before)).toMatchObject({ scope: '' })
    expect((await before.call('GET', '/v1/teams')).status).toBe(403)
  })
})

describe('teams and people', () => {
  it('are made by the owner’s ids at the first link, and found at the next, as they are', async () => {
    await world.ok('PATCH', `/v1/apis/${world.apiId}`, { selfServiceScope: 'orders:read' })
    const body = {
      team: { externalId: mark(), name: 'Partner' },
      account: { ...person(), email: `${mark()}@example.com` },
    }
    const first = await me(await comeBy({ teamId: undefined, ...body }))
    const again = { team: { ...body.team, name: 'Other', access: [] }, account: { ...body.account, name: 'Other' } }
    const second = await me(await comeBy({ teamId: undefined, ...again }))
    await world.ok('PATCH', `/v1/apis/${world.apiId}`, { selfServiceScope: '' })
    expect([second.subject, second.teams, second.name]).toEqual([first.subject, first.teams, body.account.name])
    const made = (first as unknown as { teams: { id: string }[] }).teams[0]?.id
    expect(await world.ok('GET', `/v1/teams/${made}`)).toMatchObject({
      name: 'Partner',
      externalId: body.team.externalId,
      access: [{ audience, scope: 'orders:read' }],
    })
    expect(await world.ok('GET', `/v1/accounts/${first.subject}`)).toMatchObject({
      externalSubject: body.account.subject,
      email: body.account.email,
      emailVerified: false,
      role: null,
    })
  })

  it('without a person, it is the team’s own account, one for all', async () => {
    const first = await me(await comeBy({ account: undefined }))
    const second = await me(await comeBy({ account: undefined }))
    expect(second.subject).toBe(first.subject)
    const account = await world.ok('GET', `/v1/accounts/${first.subject}`)
    expect(account).toMatchObject({ externalSubject: team, email: null })
    const changed = await world.ok('PATCH', `/v1/accounts/${first.subject}`, { name: 'x' })
    expect(changed).toMatchObject({ name: 'x', email: null })
  })

  it.each([
    ['both a team and its id', { team: { externalId: 'x', name: 'x' } }, '/team'],
    ['neither', { teamId: undefined }, '/teamId'],
    ['a team that is not there', { teamId: 'team_x' }, '/teamId'],
    ['more than an owner may', { scope: 'keys:read accounts:write' }, '/scope'],
    ['no scope', { scope: '' }, '/scope'],
    ['a ceiling with the management API', manage(), '/team/access'],
  ])('a link for %s is 400, and says where', async (_, more, pointer) => {
    const reply = await world.call('POST', path, { body: { teamId: team, account: person(), ...more } })
    expect([reply.status, reply.body.errors], reply.text).toMatchObject([400, [{ pointer }]])
  })

  it.each(['team', 'account'])('that are disabled have none: %s', async (which) => {
    const { subject, name } = person()
    const { id } = await makePerson(world, { externalSubject: subject })
    const target = which === 'team' ? `/v1/teams/${team}` : `/v1/accounts/${id}`
    await world.ok('PATCH', target, { status: 'disabled' })
    const reply = await world.call('POST', path, { body: { teamId: team, account: { subject, name } } })
    expect([reply.status, reply.body.code]).toEqual([409, 'disabled'])
  })
})

/** The management API is in no ceiling. */
function manage(): object {
  const access = [{ audience: `${baseUrl}/v1`, scope: 'keys:read' }]
  return { teamId: undefined, team: { externalId: 'none', name: 'x', access } }
}

describe('its maker', () => {
  const key = async (scope: string): Promise<string> => {
    const access = [{ audience: `${baseUrl}/v1`, scope }]
    const { clientId } = await world.client({ access })
    return (await world.key({ clientId, audience: `${baseUrl}/v1`, scope })).key
  }

  it.each([
    ['accounts:write', 403],
    [`teams:write ${scopeOfRole.developer.join(' ')}`, 403],
    [`accounts:write ${scopeOfRole.developer.join(' ')}`, 403],
    [`accounts:write teams:write ${scopeOfRole.viewer.join(' ')}`, 403],
    [`accounts:write teams:write ${scopeOfRole.developer.join(' ')}`, 201],
  ])('holds accounts:write, teams:write and all that the link gives: with %s it is %i', async (scope, status) => {
    const as = await key(scope)
    expect((await world.call('POST', path, { as, body: { teamId: team, account: person() } })).status).toBe(status)
  })

  it('holds what the account may in its other teams, since a link lets into the account', async () => {
    const { subject, name } = person()
    const owner = await makePerson(world, { externalSubject: subject })
    await addPerson(world, (await makeTeam(world)).id, 'owner', owner)
    const as = await key('accounts:write teams:write keys:read')
    const ask = (account: object) =>
      world.call('POST', path, { as, body: { teamId: team, account, scope: 'keys:read' } })
    expect((await ask({ subject, name })).status).toBe(403)
    expect((await ask(person())).status).toBe(201)
  })

  it('reaches the tenant, and by a session has proven lately to be it', async () => {
    const member = await addPerson(world, team, 'owner')
    expect((await member.browser.call('POST', path, { teamId: team })).status).toBe(403)
    const { browser } = await makePerson(world, { role: 'operator' })
    expect((await browser.call('POST', path, { teamId: team, account: person() })).status).toBe(201)
    world.now += 601
    const reply = await browser.call('POST', path, { teamId: team, account: person() })
    expect(reply.body.code).toBe('step_up_required')
  })
})

it('a session that cannot be found reaches nothing, not all that its account reaches', async () => {
  const { subject, name } = person()
  const account = { email: `${mark()}@example.com`, emailVerified: true, name, externalSubject: subject }
  await world.ok('POST', '/v1/accounts', account)
  const other = await makeTeam(world)
  await world.ok('POST', `/v1/teams/${other.id}/members`, { email: account.email, role: 'owner' })
  const browser = await comeBy({ account: { subject, name } })
  const { sessions } = world.server.services.store.read
  const held = vi.spyOn(sessions, 'find').mockResolvedValueOnce(undefined)
  const reply = await browser.call('GET', '/v1/teams')
  expect(held).toHaveBeenCalled()
  held.mockRestore()
  expect(reply.body.code).toBe('insufficient_scope')
})
