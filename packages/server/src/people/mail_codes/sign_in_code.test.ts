import { type AddressRange, parseAddressRange } from '@countersign/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { serverLimits } from '../../limits.ts'
import { createMailbox } from '../../mail/mailbox.fixture.ts'
import { baseUrl, startWorld, type World } from '../../server.fixture.ts'
import { type Browser, openBrowser } from '../../sign_in.fixture.ts'
import { enrolTotp, signedIn, person as withPassword } from '../factors/factors.fixture.ts'
import {
  ask as askAt,
  asked as askedAt,
  bare,
  hidden,
  other,
  pathOf,
  person as personIn,
} from './mail_codes.fixture.ts'

const mailbox = createMailbox()
let world: World
beforeAll(async () => {
  world = await startWorld({ mail: mailbox })
})
afterAll(() => world.close())
beforeEach(() => {
  world.now += 2 * serverLimits.mailsWindowSeconds
})

const path = '/login/code'
const person = (more: object = {}) => personIn(world, more)
const ask = (browser: Browser, email: string, query = '') => askAt(browser, `${path}${query}`, { email })
const asked = (browser: Browser, email: string, query = '') => askedAt(browser, `${path}${query}`, { email })

describe('a code by mail', () => {
  it('signs in once, at the browser that asked, however it is typed', async () => {
    const { email, id } = await person()
    const browser = openBrowser(world)
    const page = await asked(browser, ` ${email.toUpperCase()} `)
    const code = await mailbox.code(email)
    const reply = await browser.submit(page, path, { code: `${code.slice(0, 4)}-${code.slice(4)} ` })
    expect([reply.status, reply.headers.Location]).toEqual([303, `${baseUrl}/account`])
    expect((await browser.call('GET', '/v1/me')).body.subject).toBe(id)
    const again = openBrowser(world)
    expect((await again.submit(await asked(again, email), path, { code })).status).toBe(422)
    const same = await browser.get('/login/code')
    expect((await browser.post(path, { ...hidden(page), csrf: hidden(same).csrf ?? '', code })).status).toBe(410)
  })

  it('of an account with a second factor signs nobody in alone', async () => {
    const who = await withPassword(world)
    const app = await enrolTotp(world, await signedIn(world, who))
    const browser = openBrowser(world)
    const page = await asked(browser, who.email)
    const reply = await browser.submit(page, path, { code: await mailbox.code(who.email) })
    expect([reply.status, reply.text.includes('One more step'), browser.session]).toEqual([200, true, undefined])
    expect((await browser.submit(reply, '/login', { totp: app.code(world) })).status).toBe(303)
    expect((await browser.call('GET', '/v1/me')).body.subject).toBe(who.id)
  })

  it('goes on to where the person was going', async () => {
    const { email } = await person()
    const browser = openBrowser(world)
    const page = await asked(browser, email, '?returnTo=/portal')
    const reply = await browser.submit(page, path, { code: await mailbox.code(email) })
    expect(reply.headers.Location).toBe(`${baseUrl}/portal`)
    const away = openBrowser(world)
    const outside = await asked(away, email, '?returnTo=//evil.example')
    const inside = await away.submit(outside, path, { code: await mailbox.code(email) })
    expect(inside.headers.Location).toBe(`${baseUrl}/account`)
  })

  it('is over after five wrong tries, also for who knows it by then', async () => {
    const { email } = await person()
    const browser = openBrowser(world)
    const page = await asked(browser, email)
    const code = await mailbox.code(email)
    const statuses = []
    for (let index = 0; index < 5; index++)
      statuses.push((await browser.submit(page, path, { code: other(code) })).status)
    expect(statuses).toEqual([422, 422, 422, 422, 410])
    world.now += 61
    expect((await browser.submit(page, path, { code })).status).toBe(410)
    expect(browser.session).toBeUndefined()
  })

  it('is good for ten minutes', async () => {
    const { email } = await person()
    const browser = openBrowser(world)
    for (const [seconds, status] of [
      [serverLimits.mailCodeSeconds - 1, 303],
      [serverLimits.mailCodeSeconds, 410],
    ] as const) {
      world.now = Math.floor(world.now)
      const page = await asked(browser, email)
      const code = await mailbox.code(email)
      world.now += seconds
      expect((await browser.submit(page, path, { code })).status, String(seconds)).toBe(status)
    }
  })

  it('does nothing at another browser, whoever has code and address of the page', async () => {
    const { email } = await person()
    const [browser, thief] = [openBrowser(world), openBrowser(world)]
    const page = await asked(browser, email)
    const challenge = hidden(page).challenge as string
    const code = await mailbox.code(email)
    const seen = await thief.get(`${path}?challenge=${challenge}`)
    expect([seen.status, seen.text.includes(email)]).toEqual([410, false])
    const own = hidden(await thief.get(path))
    expect((await thief.post(path, { ...own, challenge, code })).status).toBe(410)
    expect((await thief.submit(page, path, { code })).status).toBe(410)
    expect(thief.session).toBeUndefined()
    expect((await browser.submit(page, path, { code })).status).toBe(303)
  })

  it.each([
    ['its account is disabled', (id: string) => world.ok('PATCH', `/v1/accounts/${id}`, { status: 'disabled' })],
    ['its account is deleted', (id: string) => world.ok('DELETE', `/v1/accounts/${id}`)],
    ['its account is signed out everywhere', (id: string) => world.ok('POST', `/v1/accounts/${id}/revoke`, {})],
    [
      'the account has another address',
      (id: string) => world.ok('PATCH', `/v1/accounts/${id}`, { email: `new${id}@example.com`, emailVerified: true }),
    ],
    ['mailed codes are no way in any more', () => world.ok('PATCH', '/v1/settings', { signIn: { mailCode: false } })],
  ])('signs nobody in once %s', async (_, change) => {
    const { email, id } = await person()
    const browser = openBrowser(world)
    const page = await asked(browser, email)
    const code = await mailbox.code(email)
    await change(id)
    const { status } = await browser.submit(page, path, { code })
    expect([403, 410]).toContain(status)
    expect(browser.session).toBeUndefined()
    await world.ok('PATCH', '/v1/settings', { signIn: { mailCode: true } })
  })

  it('stands in no row, and what stands there tries no codes', async () => {
    const { email } = await person()
    await asked(openBrowser(world), email)
    const code = await mailbox.code(email)
    expect(world.dump()).not.toContain(code)
    expect(JSON.stringify(world.logged)).not.toContain(code)
  })

  it('is one of the five mails an hour that an address is sent, known or not, in any hour', async () => {
    const { email } = await person()
    world.now = Math.floor(world.now / 3_600) * 3_600 + 3_000
    for (const each of [email, 'nobody-here@example.com']) {
      const statuses: number[] = []
      for (let index = 0; index < 6; index++)
        statuses.push((await ask(openBrowser(world, { peer: `192.0.2.${index}` }), each)).status)
      expect(statuses).toEqual([303, 303, 303, 303, 303, 429])
    }
    expect(await mailbox.to(email)).toHaveLength(5)
    world.now += 3_599
    expect((await ask(openBrowser(world), email.toUpperCase())).status).toBe(429)
    world.now += 2
    expect((await ask(openBrowser(world), email)).status).toBe(303)
  })

  it('a known and an unknown address, a disabled account and one that nobody proved read the same', async () => {
    const disabled = await person()
    await world.ok('PATCH', `/v1/accounts/${disabled.id}`, { status: 'disabled' })
    const unproven = await person({ emailVerified: false, password: undefined })
    const known = await person()
    const seen = []
    for (const { email } of [known, disabled, unproven, { email: 'nobody@example.com' }]) {
      const browser = openBrowser(world, { peer: `198.51.100.${seen.length}` })
      const reply = await ask(browser, email)
      const page = await browser.get(pathOf(reply))
      const tries = []
      for (let index = 0; index < 5; index++) tries.push(await browser.submit(page, path, { code: '1234567x' }))
      seen.push([reply, page, ...tries].map(bare).join('\n'))
    }
    expect(new Set(seen).size).toBe(1)
    expect(await mailbox.to(known.email)).toHaveLength(1)
    for (const email of [disabled.email, unproven.email, 'nobody@example.com'])
      expect(await mailbox.to(email)).toEqual([])
  })
})

describe('a proxy that does not say for whom it asks', () => {
  it('is not one caller with one share of the mails that wait', async () => {
    const send = () => new Promise<void>(() => {})
    const trustedProxies = [parseAddressRange('192.0.2.0/24') as AddressRange]
    const slow = await startWorld({ trustedProxies, mail: { ...mailbox, send } })
    const { mailer } = slow.server.services
    const half = serverLimits.mailsWaitingMax / 2
    for (let index = 0; index < half; index++)
      await mailer.take({ tenant: `t${index % 4}`, address: `10.0.0.${index}` })
    for (let index = 0; index <= serverLimits.mailsWaitingMax / 16; index++) {
      slow.now += 60
      const { email } = await personIn(slow)
      await askedAt(openBrowser(slow), path, { email })
    }
    await slow.close()
  })
})

describe('without mail', () => {
  it('the page says that mail cannot be sent, for a known and an unknown address, and nothing is kept', async () => {
    const { email } = await person()
    mailbox.isUp = false
    world.now += 60
    const before = world.dump()
    const texts = []
    for (const each of [email, 'nobody@example.com']) {
      const reply = await ask(openBrowser(world), each)
      expect([reply.status, reply.text.includes('Mail cannot be sent')]).toEqual([503, true])
      texts.push(reply.text.replaceAll(each, '').replaceAll(/name="csrf" value="[^"]*"/g, ''))
    }
    expect(new Set(texts).size).toBe(1)
    expect(world.dump()).toBe(before)
    mailbox.isUp = true
    world.now += 60
    expect((await ask(openBrowser(world), email)).status).toBe(303)
  })

  it('or where the owner does not offer it, there is no code, and no link to one', async () => {
    await world.ok('PATCH', '/v1/settings', { signIn: { mailCode: false } })
    const browser = openBrowser(world)
    expect((await browser.get(path)).status).toBe(403)
    expect((await browser.get('/login')).text).not.toContain(path)
    await world.ok('PATCH', '/v1/settings', { signIn: { mailCode: true } })
    expect((await browser.get('/login')).text).toContain(`${baseUrl}${path}`)
    const silent = await startWorld()
    const its = openBrowser(silent)
    expect((await its.get(path)).status).toBe(403)
    expect((await its.get('/login')).text).not.toContain(path)
    await silent.close()
  })

  it('and without passwords the first form asks for a code', async () => {
    const { email, id } = await person()
    await world.ok('PATCH', '/v1/settings', { signIn: { password: false } })
    const browser = openBrowser(world)
    const login = await browser.get('/login')
    expect(login.text).not.toContain('type="password"')
    const reply = await browser.submit(login, path, { email })
    const page = await browser.get(pathOf(reply))
    expect((await browser.submit(page, path, { code: await mailbox.code(email) })).status).toBe(303)
    expect((await browser.call('GET', '/v1/me')).body.subject).toBe(id)
    await world.ok('PATCH', '/v1/settings', { signIn: { password: true } })
  })
})

describe('bad input', () => {
  it.each([
    '',
    'x',
    'a@b',
    'a b@example.com',
    `${'a'.repeat(65)}@example.com`,
    'a@example.com\r\nBcc: b@example.com',
    'a@example.com,b@example.com',
  ])('the address %j is refused, and nothing is sent', async (email) => {
    const before = mailbox.all.length
    expect((await ask(openBrowser(world), email)).status).toBe(422)
    await mailbox.to('')
    expect(mailbox.all).toHaveLength(before)
  })

  it.each(['', '1', '1234567', '123456789', 'ABCDEFGH', '١٢٣٤٥٦٧٨', '<script>', '9'.repeat(5_000)])(
    'the code %j is wrong, and shown nowhere',
    async (code) => {
      const { email } = await person()
      const browser = openBrowser(world)
      const reply = await browser.submit(await asked(browser, email), path, { code })
      expect(reply.status).toBe(422)
      if (code !== '' && code !== '1') expect(reply.text).not.toContain(code)
    },
  )

  it.each(['', 'x', '0'.repeat(32), '<b>'])('the challenge %j is over', async (challenge) => {
    const reply = await openBrowser(world).get(`${path}?${new URLSearchParams({ challenge })}`)
    expect([reply.status, reply.text.includes('<b>')]).toEqual([410, false])
  })
})
