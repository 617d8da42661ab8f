import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { serverLimits } from '../../limits.ts'
import { createMailbox } from '../../mail/mailbox.fixture.ts'
import { baseUrl, startWorld, type World } from '../../server.fixture.ts'
import { type Browser, openBrowser, signIn } from '../../sign_in.fixture.ts'
import type { Reply, Wire } from '../../wire.fixture.ts'
import { codeOf, makeTeam } from '../teams.fixture.ts'
import { ask, freshAddress, password, pathOf, person } from './mail_codes.fixture.ts'

const mailbox = createMailbox()
let world: World
beforeAll(async () => {
  world = await startWorld({ mail: mailbox })
})
afterAll(() => world.close())
beforeEach(() => {
  world.now += 2 * serverLimits.mailsWindowSeconds
})

const path = '/invite'

async function invite(email: string, more: object = {}): Promise<{ readonly team: Wire; readonly invited: Wire }> {
  const team = await makeTeam(world, more)
  const body = { email, role: 'developer' }
  return { team, invited: await world.ok('POST', `/v1/teams/${team.id}/members`, body) }
}

/** The code of the link in the last mail to an address. */
async function mailedTo(email: string): Promise<string> {
  const text = (await mailbox.to(email)).at(-1)?.text ?? ''
  return /\/invite#(\w{32})/.exec(text)?.[1] as string
}

/** The page behind the button of the link. */
async function open(browser: Browser, code: string): Promise<Reply> {
  const reply = await ask(browser, path, { code })
  expect(reply.status, reply.text).toBe(303)
  return browser.get(pathOf(reply))
}

const teamsOf = async (browser: Browser) => (await browser.call('GET', '/v1/me')).body.teams as readonly object[]

describe('an invitation', () => {
  it('is mailed with a code of its own, which makes an account and a member in one step', async () => {
    const email = freshAddress()
    const { team, invited } = await invite(email)
    expect(invited.invitation).toMatchObject({ isMailed: true })
    const [mail] = await mailbox.to(email)
    expect([mail?.subject, mail?.text.includes(String(team.name))]).toEqual(['Default: you are invited', true])
    const code = await mailedTo(email)
    expect(code).not.toBe(codeOf(invited))
    expect(world.dump()).not.toContain(code)
    const browser = openBrowser(world)
    const page = await open(browser, code)
    expect(page.text).toContain(String(team.name))
    const reply = await browser.submit(page, path, { name: 'Bea', password })
    expect([reply.status, reply.headers.Location]).toEqual([303, `${baseUrl}/account`])
    expect(await teamsOf(browser)).toEqual([{ id: team.id, name: team.name, role: 'developer' }])
    const { subject } = (await browser.call('GET', '/v1/me')).body
    expect(await world.ok('GET', `/v1/accounts/${subject}`)).toMatchObject({ email, emailVerified: true, name: 'Bea' })
    for (const each of [code, codeOf(invited)])
      expect((await ask(openBrowser(world), path, { code: each })).status).toBe(410)
    expect((await ask(openBrowser(world), '/login', { email, password })).status).toBe(303)
  })

  it('by the link that was handed on makes no account: the address is proven by mail first', async () => {
    const email = freshAddress()
    const { team, invited } = await invite(email)
    world.now += 6 * 86_400
    const browser = openBrowser(world)
    const page = await open(browser, codeOf(invited))
    expect(page.text).not.toContain('name="password"')
    const forged = await browser.submit(page, path, { name: 'Eve', password, send: '' })
    expect([forged.status, browser.session]).toEqual([410, undefined])
    const before = (await mailbox.to(email)).length
    const sent = await browser.submit(page, path)
    const end = `until ${String(invited.invitation.expiresAt).slice(0, 16).replace('T', ' ')} UTC`
    for (const { text } of await mailbox.to(email)) expect(text).toContain(end)
    expect([sent.status, (await mailbox.to(email)).length]).toEqual([303, before + 1])
    expect((await browser.get(pathOf(sent))).text).toContain('Look into your mail')
    const elsewhere = openBrowser(world)
    const mailed = await open(elsewhere, await mailedTo(email))
    expect((await elsewhere.submit(mailed, path, { name: 'Bea', password })).status).toBe(303)
    expect((await teamsOf(elsewhere))[0]).toMatchObject({ id: team.id })
  })

  it('of somebody with an account is accepted by a button once they have signed in', async () => {
    const email = freshAddress()
    const { team, invited } = await invite(email)
    const { id } = await world.ok('POST', '/v1/accounts', { email, emailVerified: true, name: 'Ann', password })
    const browser = openBrowser(world)
    const page = await open(browser, codeOf(invited))
    const login = /href="([^"]*\/login\?[^"]*)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&') as string
    const signedIn = await ask(browser, login.slice(baseUrl.length), { email, password })
    const back = await browser.get(pathOf(signedIn))
    expect(await teamsOf(browser)).toEqual([])
    const reply = await browser.submit(back, path)
    expect([reply.status, reply.headers.Location]).toEqual([303, `${baseUrl}/account`])
    expect((await teamsOf(browser))[0]).toMatchObject({ id: team.id, role: 'developer' })
    const { data } = await world.ok('GET', '/v1/audit?action=team.invitation.accept&limit=100')
    expect(data.find(({ objectId }) => objectId === team.id)).toMatchObject({
      actor: { kind: 'account', accountId: id },
      after: { accountId: id, role: 'developer' },
    })
  })

  it('is accepted by nobody whose session has ended meanwhile', async () => {
    const email = freshAddress()
    const { invited } = await invite(email)
    const { id } = await world.ok('POST', '/v1/accounts', { email, emailVerified: true, name: 'Ann', password })
    const browser = await signIn(world, String(id))
    const page = await open(browser, codeOf(invited))
    const session = (await browser.call('GET', '/v1/me')).body.session as { readonly id: string }
    const { store } = world.server.services
    const write = store.write.bind(store)
    const held = vi.spyOn(store, 'write').mockImplementationOnce(async (...given: Parameters<typeof write>) => {
      await world.ok('POST', `/v1/sessions/${session.id}/revoke`, {})
      return write(...given)
    })
    const reply = await browser.submit(page, path)
    held.mockRestore()
    expect([reply.status, reply.text.includes('You were signed out')]).toEqual([422, true])
    expect(await teamsOf(await signIn(world, String(id)))).toEqual([])
  })

  it('for another address than that of who is signed in adds nobody', async () => {
    const email = freshAddress()
    const { team, invited } = await invite(email)
    const other = await person(world)
    const browser = await signIn(world, other.id)
    const page = await open(browser, codeOf(invited))
    expect(page.text).toContain('Sign in with the invited address')
    const form = await browser.get(path)
    const csrf = /name="csrf" value="([^"]+)"/.exec(form.text)?.[1] as string
    const challenge = /challenge%3D(\w{32})/.exec(page.text)?.[1] as string
    expect((await browser.post(path, { csrf, challenge })).status).toBe(410)
    expect((await world.ok('GET', `/v1/teams/${team.id}/members`)).data).toEqual([])
  })

  it('opened at one browser is of no use at another', async () => {
    const email = freshAddress()
    await invite(email)
    const browser = openBrowser(world)
    const reply = await ask(browser, path, { code: await mailedTo(email) })
    const thief = openBrowser(world)
    const seen = await thief.get(pathOf(reply))
    expect([seen.status, seen.text.includes(email)]).toEqual([410, false])
  })

  it.each([
    [
      'taken back',
      (team: Wire, { invitation }: Wire) => world.ok('DELETE', `/v1/teams/${team.id}/invitations/${invitation.id}`),
    ],
    [
      'made again',
      (team: Wire, { invitation }: Wire) =>
        world.ok('POST', `/v1/teams/${team.id}/members`, { email: invitation.email, role: 'viewer' }),
    ],
    ['for a team that is deleted', (team: Wire) => world.ok('DELETE', `/v1/teams/${team.id}`)],
    [
      'older than a week',
      async () => {
        world.now += serverLimits.invitationSeconds
      },
    ],
  ])('is over, by either code and where it was opened, once it is %s', async (_, end) => {
    const email = freshAddress()
    const { team, invited } = await invite(email)
    const code = await mailedTo(email)
    const browser = openBrowser(world)
    const page = await open(browser, code)
    await end(team, invited)
    expect((await browser.submit(page, path, { name: 'Bea', password })).status).toBe(410)
    for (const each of [code, codeOf(invited)])
      expect((await ask(openBrowser(world), path, { code: each })).status).toBe(410)
    expect(browser.session).toBeUndefined()
  })

  it('where nobody signs up makes no account, and a disabled team takes nobody', async () => {
    const email = freshAddress()
    const { team } = await invite(email)
    const browser = openBrowser(world)
    const page = await open(browser, await mailedTo(email))
    await world.ok('PATCH', '/v1/settings', { signUp: 'off' })
    expect((await browser.submit(page, path, { name: 'Bea', password })).status).toBe(410)
    await world.ok('PATCH', '/v1/settings', { signUp: 'invited' })
    await world.ok('PATCH', `/v1/teams/${team.id}`, { status: 'disabled' })
    const reply = await browser.submit(page, path, { name: 'Bea', password })
    expect([410, 422]).toContain(reply.status)
    expect((await world.ok('GET', `/v1/teams/${team.id}/members`)).data).toEqual([])
  })

  it('is accepted by the mailed code through the management API as well, and proves the address there', async () => {
    const email = freshAddress()
    const { team } = await invite(email)
    const { id } = await world.ok('POST', '/v1/accounts', { email, name: 'Ann' })
    const browser = await signIn(world, id)
    const accepted = await browser.call('POST', '/v1/invitations/accept', { code: await mailedTo(email) })
    expect([accepted.status, accepted.body.id]).toEqual([200, team.id])
    expect(await world.ok('GET', `/v1/accounts/${id}`)).toMatchObject({ emailVerified: true })
    const { data } = await world.ok('GET', '/v1/audit?action=account.update&limit=100')
    expect(data.find(({ objectId }) => objectId === id)).toMatchObject({
      actor: { accountId: id },
      before: { emailVerified: false },
      after: { emailVerified: true },
    })
  })

  it('is not mailed to an address that has had its mails of the hour, and its link is given all the same', async () => {
    const email = freshAddress()
    for (let index = 0; index < serverLimits.mailsPerAddress; index++)
      expect((await invite(email)).invited.invitation).toMatchObject({ isMailed: true })
    const { invited } = await invite(email)
    expect(invited.invitation).toMatchObject({ isMailed: false, url: expect.stringContaining('/invite#') })
    expect(await mailbox.to(email)).toHaveLength(serverLimits.mailsPerAddress)
  })

  it('is not mailed while the mail server is away, and its link is given all the same', async () => {
    mailbox.isUp = false
    const email = freshAddress()
    const { invited } = await invite(email)
    mailbox.isUp = true
    expect(invited.invitation).toMatchObject({ isMailed: false, url: expect.stringContaining('/invite#') })
    expect(await mailbox.to(email)).toEqual([])
  })

  it('is not mailed where one caller has many mails waiting, and mails of another tenant find room', async () => {
    const slow = await startWorld({ mail: { ...createMailbox(), send: () => new Promise<void>(() => {}) } })
    const team = await makeTeam(slow)
    const mailed: unknown[] = []
    for (let index = 0; index <= serverLimits.mailsWaitingMax; index++) {
      const body = { email: freshAddress(), role: 'developer' }
      const { invitation } = await slow.ok('POST', `/v1/teams/${team.id}/members`, body)
      await slow.ok('DELETE', `/v1/teams/${team.id}/invitations/${invitation.id}`)
      if (invitation.isMailed) mailed.push(invitation)
    }
    expect(mailed).toHaveLength(serverLimits.mailsWaitingMax / 2)
    expect(await slow.server.services.mailer.take({ tenant: 'other', address: '198.51.100.9' })).toBeDefined()
    await slow.close()
  })

  it.each(['', 'x', '0'.repeat(32), '<b>', 'x'.repeat(5_000)])('by the code %j is over', async (code) => {
    const reply = await ask(openBrowser(world), path, { code })
    expect([410, 422]).toContain(reply.status)
    expect(reply.text).not.toContain('<b>')
  })

  it('names a team of the strangest name as text, in the page and in one line of the mail', async () => {
    const email = freshAddress()
    await invite(email, { name: '<img src=x>\r\nBcc: eve@evil.example\n\nPay here' })
    const page = await open(openBrowser(world), await mailedTo(email))
    expect(page.text).toContain('&lt;img src=x&gt;')
    const [mail] = await mailbox.to(email)
    expect(mail?.text).toContain('"<img src=x> Bcc: eve@evil.example Pay here"')
    expect(mail?.subject).toBe('Default: you are invited')
  })
})

it('without mail an invitation is accepted by the account that the operator made, and by nobody else', async () => {
  const silent = await startWorld()
  const team = await makeTeam(silent)
  const email = freshAddress()
  const invited = await silent.ok('POST', `/v1/teams/${team.id}/members`, { email, role: 'owner' })
  const browser = openBrowser(silent)
  const reply = await ask(browser, path, { code: codeOf(invited) })
  const page = await browser.get(pathOf(reply))
  expect(page.text).not.toContain('<form')
  const { id } = await silent.ok('POST', '/v1/accounts', { email, emailVerified: true, name: 'Ann' })
  await signIn(silent, id, browser)
  const accepted = await browser.submit(await browser.get(pathOf(reply)), path)
  expect(accepted.status).toBe(303)
  expect((await browser.call('GET', '/v1/me')).body.teams).toEqual([{ id: team.id, name: team.name, role: 'owner' }])
  await silent.close()
})
