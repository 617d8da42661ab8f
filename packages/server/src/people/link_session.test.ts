/** A session that a portal link began is for the portal: the account itself and what it may give are beyond it. */
import { formatScope, parseScope } from '@countersign/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cookieName } from '../caller/session_cookie.ts'
import type { TenantContext } from '../context.ts'
import { createMac } from '../keys/mac.ts'
import { audience, baseUrl, startAt, startWorld, type World } from '../server.fixture.ts'
import { type Browser, openBrowser } from '../sign_in.fixture.ts'
import type { Reply, Wire } from '../wire.fixture.ts'
import { allow } from './authorization.ts'
import { answerOf, asking, codeFlow, open, pathOf, allow as pressAllow } from './code_flow.fixture.ts'
import { password } from './factors/factors.fixture.ts'
import { type AtOwn, readOwnSession, readPresentSession } from './factors/own_session.ts'
import { codeOf, makeTeam, mark } from './teams.fixture.ts'

let world: World
let team: string
let person: { readonly id: string; readonly email: string }
let browser: Browser
beforeAll(async () => {
  world = await startWorld()
  await world.ok('PATCH', `/v1/apis/${world.apiId}`, { accountScope: 'orders:read' })
})
afterAll(() => world.close())
beforeEach(async () => {
  world.now = startAt
  team = (await makeTeam(world)).id
  const [subject, email] = [mark(), `${mark()}@example.com`]
  const account = { email, emailVerified: true, name: mark(), password, externalSubject: subject }
  person = { id: (await world.ok('POST', '/v1/accounts', account)).id, email }
  const link = await world.ok('POST', '/v1/portal-links', { teamId: team, account: { subject, name: 'x' } })
  browser = openBrowser(world)
  const code = new URL(link.url).hash.slice(1)
  const reply = await browser.submit(await browser.get('/login/link'), '/login/link', { code })
  expect([reply.status, reply.headers.Location]).toEqual([303, `${baseUrl}/portal`])
})

const { redeem, webClient } = codeFlow(() => world)

/** The form's token as the page would carry it. */
function tokenOf(form: string): string {
  const cookies = Object.fromEntries(
    browser
      .cookie()
      .split('; ')
      .map((pair) => pair.split('=')),
  )
  const shownTo = ['default', cookies[cookieName(baseUrl, 'browser')], browser.session, form]
  return createMac(world.server.services.master.derive('form_tokens')).of(JSON.stringify(shownTo))
}

const kept = () => world.store.read.sessions.list('default', { accountId: person.id }, { limit: 10 })
const theSession = async () => {
  const [session] = await kept()
  if (session === undefined) throw new Error('there is no session')
  return session
}

describe('the account', () => {
  const pages = ['', '/password', '/passkeys', '/authenticator', '/recovery-codes', '/address']

  it.each(pages)('is not shown: /account%s', async (page) => {
    const reply = await browser.get(`/account${page}`)
    expect([reply.status, reply.text.includes('data-error="forbidden"')]).toEqual([403, true])
    expect(reply.text).not.toContain(person.email)
  })

  it.each<[string, string, Readonly<Record<string, string>>]>([
    ['/account', 'account', { everywhere: '1' }],
    ['/account/password', 'password', { password: 'another good password' }],
    ['/account/recovery-codes', 'recovery_codes', {}],
  ])('is not changed, though the form is ours: %s', async (path, form, fields) => {
    await browser.get(path)
    const before = world.dump()
    const reply = await browser.post(path, { csrf: tokenOf(form), ...fields })
    expect([reply.status, reply.text.includes('data-error="forbidden"')]).toEqual([403, true])
    expect(world.dump()).toBe(before)
  })

  it('is not changed in the writing transaction either, which gives the session for a proof alone', async () => {
    const { services } = world.server
    const session = await theSession()
    const at = {
      services,
      tenant: services.tenantById('default'),
      sessionText: browser.session,
      signedIn: { session },
    } as unknown as AtOwn
    const { value } = await world.store.write(async (it) => [
      await readOwnSession(at, it),
      (await readPresentSession(at, it))?.session.id,
    ])
    expect(value).toEqual([undefined, session.id])
  })

  it('is out of reach at the management API: its sessions, its consents, and invitations to it', async () => {
    const { id } = await theSession()
    const other = await makeTeam(world)
    const email = `${mark()}@example.com`
    const invited = await world.ok('POST', `/v1/teams/${other.id}/members`, { email, role: 'viewer' })
    await world.ok('PATCH', `/v1/accounts/${person.id}`, { email, emailVerified: true })
    const asked: readonly [Reply, number][] = [
      [await browser.call('GET', '/v1/sessions'), 403],
      [await browser.call('GET', '/v1/consents'), 403],
      [await browser.call('POST', `/v1/sessions/${id}/revoke`, {}), 404],
      [await browser.call('POST', '/v1/invitations/accept', { code: codeOf(invited) }), 403],
    ]
    expect(asked.map(([{ status }]) => status)).toEqual(asked.map(([, status]) => status))
  })
})

describe('an application', () => {
  let client: Wire
  beforeEach(async () => {
    client = await webClient()
  })

  it('is given nothing: the person is asked to sign in, and then gives what they like', async () => {
    const page = await open(browser, asking(client))
    expect(page.text).toContain('<h1>Sign in</h1>')
    const reply = await browser.submit(page, '/login', { email: person.email, password })
    const asked = await open(browser, pathOf(String(reply.headers.Location)))
    expect(asked.text).toContain('Ledgerly wants to use your account')
    const given = await redeem(client, String(answerOf(await pressAllow(browser, asked)).code))
    expect(given.status).toBe(200)
  })

  it('that asks nobody is told that nobody is signed in', async () => {
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { consent: 'skip' })
    expect((await open(browser, asking(client))).text).toContain('<h1>Sign in</h1>')
    const reply = await open(browser, asking(client, { prompt: 'none' }))
    expect(answerOf(reply)).toMatchObject({ error: 'login_required' })
  })

  it('is given nothing by a form of ours', async () => {
    const asked = await browser.get(asking(client))
    await browser.get(pathOf(String(asked.headers.Location)))
    const request = new URL(String(asked.headers.Location)).searchParams.get('request') ?? ''
    const csrf = tokenOf(`consent ${request} orders:read`)
    const fields = { csrf, request, scope: 'orders:read', decision: 'allow' }
    const reply = await browser.post('/oauth/consent', fields)
    expect(reply.headers.Location).toBe(`${baseUrl}/login?request=${request}`)
  })

  it('is given nothing in the writing transaction either', async () => {
    const { services } = world.server
    const asked = await browser.get(asking(client))
    const requestId = new URL(String(asked.headers.Location)).searchParams.get('request') ?? ''
    await browser.get(pathOf(String(asked.headers.Location)))
    const account = await world.store.read.accounts.find('default', person.id)
    if (account === undefined) throw new Error('there is no account')
    const session = await theSession()
    const allowing = {
      account,
      session,
      requestId,
      scope: parseScope('orders:read'),
      isAsked: true,
      actor: { kind: 'account', accountId: person.id },
      httpRequestId: 'test',
    } as const
    const tenant = services.tenantById('default') as TenantContext
    expect(await allow(services, tenant, allowing)).toBeUndefined()
    expect(await world.store.read.consents.list('default', { accountId: person.id }, { limit: 1 })).toEqual([])
  })
})

it('proves at the server who it is, as any session does, and signs out', async () => {
  world.now += 601
  const { clientId } = await world.client({ teamId: team, access: [{ audience, scope: formatScope(['orders:read']) }] })
  const secret = () => browser.call('POST', `/v1/clients/${clientId}/secrets`, {})
  expect((await secret()).body).toMatchObject({ code: 'step_up_required' })
  const path = '/account/step-up'
  const page = await browser.get(`${path}?${new URLSearchParams({ returnTo: '/portal' })}`)
  const reply = await browser.submit(page, path, { password })
  expect([reply.status, reply.headers.Location]).toEqual([303, `${baseUrl}/portal`])
  expect((await secret()).status).toBe(201)
  expect((await browser.submit(await browser.get('/logout'), '/logout')).status).toBe(303)
  expect((await browser.call('GET', '/v1/me')).status).toBe(401)
})
