import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { serverLimits } from '../limits.ts'
import { baseUrl, startWorld, type World } from '../server.fixture.ts'
import { type Browser, openBrowser } from '../sign_in.fixture.ts'
import type { Wire } from '../wire.fixture.ts'
import { createPasswords, PasswordsBusyError } from './password.ts'
import { createSignInTries } from './sign_in_tries.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())
beforeEach(() => {
  // Far apart, so that no test meets the limits of another.
  world.now += 7_200
})

const password = 'correct horse battery'
let count = 0
async function person(more: object = {}): Promise<Wire & { readonly email: string }> {
  const email = `p${++count}@example.com`
  const body = { email, emailVerified: true, name: 'Ann', password, ...more }
  return { ...(await world.ok('POST', '/v1/accounts', body)), email }
}

const fields = (email: string, given = password) => ({ email, password: given })

async function tryAt(browser: Browser, email: string, given = password) {
  return browser.submit(await browser.get('/login'), '/login', fields(email, given))
}

describe('signing in with a password', () => {
  it('is 303 to the account with a session, by address and password together or one after the other', async () => {
    const { email, id } = await person()
    const together = openBrowser(world)
    const reply = await tryAt(together, ` ${email.toUpperCase()} `)
    expect([reply.status, reply.headers.Location]).toEqual([303, `${baseUrl}/account`])
    expect((await together.call('GET', '/v1/me')).body.subject).toBe(id)
    const apart = openBrowser(world)
    const asked = await apart.submit(await apart.get('/login'), '/login', { email })
    expect([asked.status, asked.text.includes(`value="${email}"`)]).toEqual([200, true])
    expect((await apart.submit(asked, '/login', fields(email))).status).toBe(303)
  })

  it('an unknown address, one that nobody proved, a wrong password and a disabled account read the same', async () => {
    const { email } = await person()
    const disabled = await person()
    await world.ok('PATCH', `/v1/accounts/${disabled.id}`, { status: 'disabled' })
    const unproven = `q${++count}@example.com`
    await world.ok('POST', '/v1/accounts', { email: unproven, name: 'Q' })
    const replies = []
    for (const [who, given] of [
      [email, 'wrong password'],
      ['nobody@example.com', password],
      [unproven, password],
      [disabled.email, password],
    ] as const) {
      const reply = await tryAt(openBrowser(world), who, given)
      expect(reply.status).toBe(422)
      replies.push(
        reply.text.replaceAll(who, '').replaceAll(/name="(csrf|challenge)" value="[^"]*"|data-options="[^"]*"/g, ''),
      )
    }
    expect(new Set(replies).size).toBe(1)
    expect(replies[0]).toContain('<main data-error="wrong">')
  })

  it('goes on to a path of this server and to nothing else', async () => {
    const { email } = await person()
    for (const [returnTo, location] of [
      ['/portal?a=b', `${baseUrl}/portal?a=b`],
      ['//evil.example', `${baseUrl}/account`],
      ['/\\evil.example', `${baseUrl}/account`],
      ['https://evil.example', `${baseUrl}/account`],
      ['javascript:alert(1)', `${baseUrl}/account`],
      ['/%0d%0aSet-Cookie:x', `${baseUrl}/%0d%0aSet-Cookie:x`],
      ['/a\nb', `${baseUrl}/account`],
      ['', `${baseUrl}/account`],
    ] as const) {
      world.now += 100
      const browser = openBrowser(world)
      const page = await browser.get(`/login?${new URLSearchParams({ returnTo })}`)
      expect((await browser.submit(page, '/login', fields(email))).headers.Location, returnTo).toBe(location)
    }
  })

  it('of a tenant below a path goes on to nothing beside that path', async () => {
    const { issuer } = await world.ok('POST', '/v1/tenants', { slug: 'beside', name: 'Beside' })
    const browser = openBrowser(world, { at: new URL(issuer).pathname })
    for (const [path, isKept] of [
      ['/t/beside/account', true],
      ['/account', false],
      ['/t/beside/../../account', false],
      ['/t/besides/account', false],
    ] as const)
      expect((await browser.get(`/login?returnTo=${path}`)).text.includes('name="returnTo"'), path).toBe(isKept)
  })

  it('a form of another browser, another form or another site is refused, and nobody is signed in', async () => {
    const { email } = await person()
    const [browser, other] = [openBrowser(world), openBrowser(world)]
    const page = await browser.get('/login')
    await other.get('/login')
    const before = world.dump()
    expect((await other.submit(page, '/login', fields(email))).status).toBe(410)
    const link = await browser.get('/login/link')
    const ofLink = /name="csrf" value="([^"]+)"/.exec(link.text)?.[1] as string
    expect((await browser.post('/login', { ...fields(email), csrf: ofLink })).status).toBe(410)
    expect((await browser.post('/login', fields(email))).status).toBe(410)
    const token = { ...fields(email), csrf: /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] as string }
    for (const headers of [
      [['Sec-Fetch-Site', 'cross-site']],
      [['Sec-Fetch-Site', 'same-site']],
      [['Sec-Fetch-Site', 'none']],
      [['Origin', 'https://evil.example']],
      [],
    ] as const)
      expect((await browser.post('/login', token, headers)).status, String(headers)).toBe(410)
    expect(world.dump()).toBe(before)
    expect((await browser.post('/login', token, [['Origin', 'null']])).status).toBe(303)
  })

  it.each([
    ['a field twice', 'email=a&email=b'],
    ['a broken escape', 'email=%zz'],
    ['a field too many', Array.from({ length: 70 }, (_, index) => `a${index}=1`).join('&')],
  ])('%s is a page with status 400', async (_, raw) => {
    const headers = [['Content-Type', 'application/x-www-form-urlencoded']] as const
    const reply = await world.call('POST', '/login', { as: null, raw, headers })
    expect([reply.status, reply.headers['Content-Type']]).toEqual([400, 'text/html; charset=utf-8'])
    expect(reply.text).toContain('data-error="invalid_request"')
  })

  it('what a person typed is shown as text, never as markup', async () => {
    const email = '"><script>alert(1)</script>@example.com'
    const reply = await tryAt(openBrowser(world), email, 'x')
    expect(reply.text).not.toContain('<script>alert')
    expect(reply.text).toContain('&quot;&gt;&lt;script&gt;')
  })
})

describe('tries', () => {
  it('ten a minute from one address, and from one IPv6 network, whatever the account', async () => {
    for (const [peer, neighbour] of [
      ['203.0.113.7', '203.0.113.7'],
      ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9'],
    ] as const) {
      world.now += 7_200
      const statuses = []
      for (let index = 0; index < 11; index++) {
        const browser = openBrowser(world, { peer: index % 2 === 0 ? peer : neighbour })
        statuses.push((await tryAt(browser, `nobody${index}@example.com`, 'wrong')).status)
      }
      expect(statuses).toEqual([...Array(10).fill(422), 429])
      const elsewhere = openBrowser(world, { peer: '2001:db8:1:3::1' })
      expect((await tryAt(elsewhere, 'nobody@example.com', 'wrong')).status).toBe(422)
      world.now += 60
      expect((await tryAt(openBrowser(world, { peer }), 'nobody@example.com', 'wrong')).status).toBe(422)
    }
  })

  it('after five failures each further one waits twice as long, up to 15 minutes, and a success ends that', () => {
    const tries = createSignInTries({ perMinute: 1_000 })
    const waits: number[] = []
    let now = 0
    for (let failure = 0; failure < 17; failure++) {
      tries.failed('default', 'ann@example.com', '203.0.113.9', now)
      const seconds = tries.begin('default', 'ANN@example.com', '203.0.113.9', now)
      waits.push(seconds)
      now += seconds
    }
    expect(waits).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900])
    expect(tries.begin('default', 'bob@example.com', '203.0.113.9', now - 1)).toBe(0)
    tries.succeeded('default', 'ann@example.com', '203.0.113.9')
    expect(tries.begin('default', 'ann@example.com', '203.0.113.9', now - 1)).toBe(0)
  })

  it('the page says for how many seconds, and the right password has to wait as well', async () => {
    const { email } = await person()
    const { signInTries } = world.server.services
    for (let failure = 0; failure < 8; failure++) signInTries.failed('default', email, '192.0.2.7', world.now)
    const reply = await tryAt(openBrowser(world), email)
    expect([reply.status, reply.text.includes('Try again in 8 seconds.')]).toEqual([429, true])
    world.now += 8
    expect((await tryAt(openBrowser(world), email)).status).toBe(303)
  })

  it('a thousand wrong passwords from elsewhere do not lock the owner out', async () => {
    const { email } = await person()
    const { signInTries } = world.server.services
    for (let index = 0; index < 1_000; index++)
      signInTries.failed('default', email, `198.51.100.${index % 200}`, world.now)
    expect((await tryAt(openBrowser(world), email)).status).toBe(303)
  })
})

it('wrong passwords at the form make their address wait, and the owner comes in from another one', async () => {
  const { email } = await person()
  const statuses = []
  for (let index = 0; index <= serverLimits.signInFailuresFree; index++)
    statuses.push((await tryAt(openBrowser(world, { peer: '198.51.100.9' }), email, 'wrong horse battery')).status)
  expect(statuses).toEqual([...Array(serverLimits.signInFailuresFree).fill(422), 429])
  expect((await tryAt(openBrowser(world), email)).status).toBe(303)
})

describe('hashing', () => {
  it('runs one at a time, lets 100 wait and refuses the next, which is told to try again', async () => {
    const passwords = createPasswords({ randomBytes: (length) => new Uint8Array(length), atOnce: 1 })
    const running = Array.from({ length: 101 }, () => passwords.holds('x', undefined))
    await expect(passwords.holds('x', undefined)).rejects.toThrow(PasswordsBusyError)
    expect(await Promise.all(running)).toEqual(Array(101).fill(false))
    expect(await passwords.holds('x', undefined)).toBe(false)
  }, 60_000)

  it('takes a password whichever way its characters are composed, and no other', async () => {
    const passwords = createPasswords({ randomBytes: (length) => new Uint8Array(length).fill(7) })
    const stored = await passwords.hash('caf\u00e9 au lait')
    expect(await passwords.holds('cafe\u0301 au lait', stored)).toBe(true)
    expect(await passwords.holds('cafe au lait', stored)).toBe(false)
    expect(stored).toMatchObject({ algorithm: 'argon2id', memoryKib: 19_456, passes: 2 })
  })
})

it.each([
  ['its password is changed', (id: string) => world.ok('PATCH', `/v1/accounts/${id}`, { password: 'another horse' })],
  ['it is disabled', (id: string) => world.ok('PATCH', `/v1/accounts/${id}`, { status: 'disabled' })],
  ['it is deleted', (id: string) => world.ok('DELETE', `/v1/accounts/${id}`)],
])('an account signs nobody in when %s while the password is hashed', async (_, change) => {
  const { email, id } = await person()
  const passwords = world.server.services.passwords as { holds: (password: string, stored: never) => Promise<boolean> }
  const { holds } = passwords
  passwords.holds = async (given, stored) => {
    const isRight = await holds(given, stored)
    passwords.holds = holds
    await change(id)
    return isRight
  }
  const browser = openBrowser(world)
  expect((await tryAt(browser, email)).status).toBe(422)
  expect(browser.session).toBeUndefined()
})
