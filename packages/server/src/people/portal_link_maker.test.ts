/** A portal link is good while its maker could make it: that is judged when it is used, and after the second factor. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { scopeOfRole } from '../caller/team_roles.ts'
import { baseUrl, startAt, startWorld, type World } from '../server.fixture.ts'
import { openBrowser } from '../sign_in.fixture.ts'
import { enrolTotp, person, signedIn } from './factors/factors.fixture.ts'
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

const scope = `accounts:write teams:write ${scopeOfRole.developer.join(' ')}`
const management = `${baseUrl}/v1`

/** A link, and its maker: the key, token or account. */
interface Made {
  readonly code: string
  readonly expiresAt: string
  readonly clientId: string
  readonly id: string
}

async function ask(as: string, subject = mark(), given?: string): Promise<Pick<Made, 'code' | 'expiresAt'>> {
  const body = { teamId: team, account: { subject, name: 'x' }, scope: given }
  const reply = await world.call('POST', '/v1/portal-links', { as, body })
  expect(reply.status, reply.text).toBe(201)
  return { code: new URL(reply.body.url).hash.slice(1), expiresAt: reply.body.expiresAt }
}

async function byKey(subject?: string, more: object = {}): Promise<Made> {
  const { clientId } = await world.client({ access: [{ audience: management, scope }] })
  const { id, key } = await world.key({ clientId, audience: management, scope, ...more })
  return { ...(await ask(key, subject)), clientId, id }
}

async function byToken(): Promise<Made> {
  const { clientId, clientSecret } = await world.client({ access: [{ audience: management, scope }] })
  const own = { client_id: clientId, client_secret: String(clientSecret) }
  const { body } = await world.form('/oauth/token', { grant_type: 'client_credentials', resource: management, ...own })
  const [, claims = ''] = body.access_token.split('.')
  const { jti } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { readonly jti: string }
  return { ...(await ask(body.access_token)), clientId, id: jti }
}

async function byOperator(): Promise<Made & { readonly sessionId: string }> {
  const { browser, id } = await makePerson(world, { role: 'operator', scope })
  const { body } = await browser.call('POST', '/v1/portal-links', {
    teamId: team,
    account: { subject: mark(), name: 'x' },
  })
  const sessionId = (await browser.call('GET', '/v1/me')).body.session.id
  const code = new URL(body.url).hash.slice(1)
  return { code, expiresAt: body.expiresAt, clientId: 'client_portal', id, sessionId }
}

async function redeem(code: string, browser = openBrowser(world)) {
  return browser.submit(await browser.get('/login/link'), '/login/link', { code })
}

const less = scopeOfRole.developer.join(' ')

it.each<[string, () => Promise<Made>, (made: Made) => Promise<unknown>, number]>([
  ['key: nothing', byKey, async () => {}, 303],
  ['key: revoked', byKey, ({ id }) => world.ok('POST', `/v1/keys/${id}/revoke`, {}), 410],
  ['key: disabled', byKey, ({ id }) => world.ok('POST', `/v1/keys/${id}/disable`, {}), 410],
  ['key: rolled', byKey, ({ id }) => world.ok('POST', `/v1/keys/${id}/roll`, { graceSeconds: 0 }), 410],
  ['key: narrowed', byKey, ({ id }) => world.ok('PATCH', `/v1/keys/${id}`, { scope: less }), 410],
  ['key: its client is narrowed', byKey, ({ clientId }) => narrow(clientId), 410],
  ['token: nothing', byToken, async () => {}, 303],
  ['token: revoked', byToken, ({ clientId, id }) => world.ok('POST', '/v1/revocations', { clientId, jti: id }), 410],
  ['token: its client is narrowed', byToken, ({ clientId }) => narrow(clientId), 410],
  ['token: its client is revoked', byToken, ({ clientId }) => world.ok('POST', `/v1/clients/${clientId}/revoke`), 410],
  ['operator: nothing', byOperator, async () => {}, 303],
  ['operator: none any more', byOperator, ({ id }) => world.ok('PATCH', `/v1/accounts/${id}`, { role: null }), 410],
  ['operator: narrowed', byOperator, ({ id }) => world.ok('PATCH', `/v1/accounts/${id}`, { scope: less }), 410],
  ['operator: signed out everywhere', byOperator, ({ id }) => world.ok('POST', `/v1/accounts/${id}/revoke`), 410],
  ['operator: the session is ended', byOperator, (made) => endSession(made), 410],
  ['its team is disabled', byKey, () => world.ok('PATCH', `/v1/teams/${team}`, { status: 'disabled' }), 410],
])('what becomes of a link by its maker: %s', async (_, make, work, status) => {
  const made = await make()
  await work(made)
  expect((await redeem(made.code)).status).toBe(status)
})

function narrow(clientId: string): Promise<unknown> {
  return world.ok('PATCH', `/v1/clients/${clientId}`, { access: [{ audience: management, scope: less }] })
}

function endSession(made: Made): Promise<unknown> {
  return world.ok('POST', `/v1/sessions/${(made as Awaited<ReturnType<typeof byOperator>>).sessionId}/revoke`, {})
}

it('after the second factor it is judged once more', async () => {
  const externalSubject = mark()
  const ann = await person(world, { externalSubject })
  const app = await enrolTotp(world, await signedIn(world, ann))
  const codes = async (work: (made: Made) => Promise<unknown>) => {
    const browser = openBrowser(world)
    const made = await byKey(externalSubject)
    const page = await redeem(made.code, browser)
    expect([page.status, page.text.includes('name="totp"')]).toEqual([200, true])
    await work(made)
    world.now += 60
    const reply = await browser.submit(page, '/login', { totp: app.code(world) })
    return [reply.status, browser.session !== undefined]
  }
  expect(await codes(async () => {})).toEqual([303, true])
  expect(await codes(({ id }) => world.ok('POST', `/v1/keys/${id}/revoke`, {}))).toEqual([410, false])
})

it('says that it ends with the credential that made it', async () => {
  const { expiresAt } = await byKey(undefined, { expiresAt: '2027-01-15T08:05:00Z' })
  expect(expiresAt).toBe('2027-01-15T08:05:00Z')
  expect((await byKey()).expiresAt).toBe('2027-01-15T08:15:00Z')
})

it('of an account that is a member elsewhere wants a maker who holds what it may there', async () => {
  const subject = mark()
  const owner = await makePerson(world, { externalSubject: subject })
  const { clientId } = await world.client({ access: [{ audience: management, scope }] })
  const narrow = 'accounts:write teams:write keys:read'
  const { key } = await world.key({ clientId, audience: management, scope: narrow })
  const [before, after] = [await ask(key, subject, 'keys:read'), await ask(key, subject, 'keys:read')]
  expect((await redeem(before.code)).status).toBe(303)
  await addPerson(world, (await makeTeam(world)).id, 'owner', owner)
  expect((await redeem(after.code)).status).toBe(410)
})
