import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { acrOf } from '../../caller/authentication_context.ts'
import { baseUrl, startWorld, type World } from '../../server.fixture.ts'
import { type Browser, openBrowser, signIn } from '../../sign_in.fixture.ts'
import type { Reply } from '../../wire.fixture.ts'
import {
  appOf,
  enrolPasskey,
  enrolTotp,
  enterPassword,
  type Person,
  password,
  person,
  secretOf,
  signedIn,
} from './factors.fixture.ts'
import { proveSecondFactor } from './second_factor.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())
beforeEach(() => {
  // Far apart, so that no test meets the limits of another.
  world.now += 7_200
})

async function sessionOf({ id }: Person) {
  const { data } = await world.ok('GET', `/v1/sessions?accountId=${id}`)
  const session = await world.store.read.sessions.find('default', String(data.at(-1)?.id))
  return session === undefined ? undefined : [acrOf(session), ...session.amr]
}

describe('an account with an authenticator app', () => {
  it('is asked for a code after the password, and only then', async () => {
    const ann = await person(world)
    expect(await sessionOf(ann)).toBeUndefined()
    const first = await signedIn(world, ann)
    expect(await sessionOf(ann)).toEqual(['urn:countersign:acr:1', 'pwd'])
    const app = await enrolTotp(world, first)
    expect(app.codes).toHaveLength(10)
    expect(new Set(app.codes).size).toBe(10)
    const browser = openBrowser(world)
    const wrong = await browser.submit(await browser.get('/login'), '/login', {
      email: ann.email,
      password: 'wrong one',
    })
    expect(wrong.text).not.toContain('totp')
    const asked = await enterPassword(world, ann, browser)
    expect([asked.status, asked.text.includes('name="totp"'), browser.session]).toEqual([200, true, undefined])
    const reply = await browser.submit(asked, '/login', { totp: app.code(world) })
    expect([reply.status, reply.headers.Location]).toEqual([303, `${baseUrl}/account`])
    expect(await sessionOf(ann)).toEqual(['urn:countersign:acr:2', 'pwd', 'otp', 'mfa'])
  })

  it('is asked for a code after a link as well', async () => {
    const ann = await person(world)
    const app = await enrolTotp(world, await signedIn(world, ann))
    const { url } = await world.ok('POST', `/v1/accounts/${ann.id}/links`)
    const browser = openBrowser(world)
    const code = new URL(String(url)).hash.slice(1)
    const asked = await browser.submit(await browser.get('/login/link'), '/login/link', { code })
    expect([asked.status, browser.session]).toEqual([200, undefined])
    expect((await browser.submit(asked, '/login', { totp: app.code(world) })).status).toBe(303)
  })

  it('goes on to where the person wanted to go', async () => {
    const ann = await person(world)
    const app = await enrolTotp(world, await signedIn(world, ann))
    const browser = openBrowser(world)
    const page = await browser.get(`/login?returnTo=${encodeURIComponent('/portal?a=b')}`)
    const asked = await browser.submit(page, '/login', { email: ann.email, password })
    const reply = await browser.submit(asked, '/login', { totp: app.code(world) })
    expect(reply.headers.Location).toBe(`${baseUrl}/portal?a=b`)
    const request = 'A'.repeat(32)
    const other = openBrowser(world)
    world.now += 60
    const again = await other.submit(await other.get(`/login?request=${request}`), '/login', {
      email: ann.email,
      password,
    })
    expect(again.headers['Content-Security-Policy']).not.toContain('form-action')
    const location = (await other.submit(again, '/login', { totp: app.code(world) })).headers.Location
    expect(location).toBe(`${baseUrl}/oauth/consent?request=${request}`)
  })

  it('takes each code once, the one that set it up included', async () => {
    const ann = await person(world)
    const first = await signedIn(world, ann)
    const page = await first.get('/account/authenticator')
    const app = appOf(secretOf(page))
    const code = app.code(world)
    expect((await first.submit(page, '/account/authenticator', { totp: code })).status).toBe(303)
    const replayed = openBrowser(world)
    expect((await replayed.submit(await enterPassword(world, ann, replayed), '/login', { totp: code })).status).toBe(
      422,
    )
    world.now += 30
    const next = app.code(world)
    const browser = openBrowser(world)
    expect((await browser.submit(await enterPassword(world, ann, browser), '/login', { totp: next })).status).toBe(303)
    const again = openBrowser(world)
    expect((await again.submit(await enterPassword(world, ann, again), '/login', { totp: next })).status).toBe(422)
  })

  it.each([-2, 2])('takes no code of %i steps away', async (steps) => {
    const ann = await person(world)
    const app = await enrolTotp(world, await signedIn(world, ann))
    const browser = openBrowser(world)
    const asked = await enterPassword(world, ann, browser)
    expect((await browser.submit(asked, '/login', { totp: app.code(world, steps) })).status).toBe(422)
    expect((await browser.submit(asked, '/login', { totp: app.code(world, steps / 2) })).status).toBe(303)
  })

  it('of 200 that use one code at once, one signs in', async () => {
    const ann = await person(world)
    const app = await enrolTotp(world, await signedIn(world, ann))
    const asked: { browser: Browser; page: Reply }[] = []
    for (let index = 0; index < 20; index++) {
      const browser = openBrowser(world, { peer: `198.51.100.${index}` })
      asked.push({ browser, page: await enterPassword(world, ann, browser) })
    }
    const totp = app.code(world)
    const tries = Array.from({ length: 200 }, (_, index) => asked[index % asked.length] as (typeof asked)[number])
    const replies = await Promise.all(tries.map(({ browser, page }) => browser.submit(page, '/login', { totp })))
    expect(replies.filter(({ status }) => status === 303)).toHaveLength(1)
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([303, 410, 422, 429]))
  }, 60_000)

  it('waits after five wrong codes, twice as long each time, whoever tries and from wherever', async () => {
    const ann = await person(world)
    const app = await enrolTotp(world, await signedIn(world, ann))
    const tryCode = async (totp: string, index: number) => {
      const browser = openBrowser(world, { peer: `203.0.113.${index}` })
      return browser.submit(await enterPassword(world, ann, browser), '/login', { totp })
    }
    for (let index = 0; index < 5; index++) expect((await tryCode('000000', index)).status).toBe(422)
    const waiting = await tryCode(app.code(world), 6)
    expect([waiting.status, waiting.text.includes('Try again in 1 second.')]).toEqual([429, true])
    world.now += 1
    expect((await tryCode('000000', 7)).status).toBe(422)
    expect((await tryCode(app.code(world), 8)).text).toContain('Try again in 2 seconds.')
    world.now += 2
    expect((await tryCode(app.code(world), 9)).status).toBe(303)
    world.now += 60
    for (let index = 10; index < 14; index++) expect((await tryCode('000000', index)).status).toBe(422)
    expect((await tryCode(app.code(world), 15)).status).toBe(303)
  }, 60_000)

  it('of a hundred wrong codes sent at once looks at five', async () => {
    const ann = await person(world)
    await enrolTotp(world, await signedIn(world, ann))
    const browser = openBrowser(world)
    const page = await enterPassword(world, ann, browser)
    const hidden = { pending: /name="pending" value="(\w+)"/.exec(page.text)?.[1] as string }
    expect(hidden.pending).toHaveLength(32)
    const { identities } = world.store.read
    const of = { tenant: 'default', accountId: ann.id }
    const tries = Array.from({ length: 100 }, (_, index) =>
      world.store.write(
        (it) =>
          proveSecondFactor(it, world.server.services.master, of, { totp: String(index).padStart(6, '0') }, world.now),
        { tenant: 'default' },
      ),
    )
    const outcomes = (await Promise.all(tries)).map(({ value }) => value)
    expect(outcomes.filter((each) => each === 'wrong')).toHaveLength(5)
    expect((await identities.find('default', ann.id, 'totp'))?.content).toMatchObject({ failures: 5 })
  })

  it('has its secret sealed, and its recovery codes as digests', async () => {
    const ann = await person(world)
    const app = await enrolTotp(world, await signedIn(world, ann))
    const dump = world.dump()
    for (const code of app.codes) {
      expect(dump).not.toContain(code)
      expect(dump).not.toContain(code.replaceAll('-', ''))
    }
    for (const encoding of ['base64url', 'base64', 'hex', 'latin1'] as const)
      expect(dump).not.toContain(Buffer.from(app.secret).toString(encoding))
  })

  it('turned off, the password signs in alone, and codes of the app and for recovery are gone', async () => {
    const ann = await person(world)
    const browser = await signedIn(world, ann)
    await enrolTotp(world, browser)
    const page = await browser.get('/account/authenticator')
    expect((await browser.submit(page, '/account/authenticator')).status).toBe(303)
    expect((await enterPassword(world, ann)).status).toBe(303)
    expect(await world.store.read.identities.find('default', ann.id, 'recovery_codes')).toBeUndefined()
  })
})

describe('a recovery code', () => {
  it('signs in once, however it is typed, and is told from the others', async () => {
    const ann = await person(world)
    const { codes } = await enrolTotp(world, await signedIn(world, ann))
    const use = async (recovery_code: string) => {
      world.now += 60
      const browser = openBrowser(world)
      return (await browser.submit(await enterPassword(world, ann, browser), '/login', { recovery_code })).status
    }
    const [one = '', two = ''] = codes
    expect(await use(` ${one.toLowerCase().replaceAll('-', ' ')}`)).toBe(303)
    expect(await use(one)).toBe(422)
    expect(await use(two.replaceAll('-', '').replaceAll('0', 'o').replaceAll('1', 'l'))).toBe(303)
    for (const wrong of ['x', `${one}0`, '0'.repeat(16), '-', '\0', '💥'.repeat(16)])
      expect(await use(wrong), wrong).toBe(422)
    expect(await sessionOf(ann)).toEqual(['urn:countersign:acr:2', 'pwd', 'otp', 'mfa'])
  })

  it('of 200 that use one at once, one signs in', async () => {
    const ann = await person(world)
    const { codes } = await enrolTotp(world, await signedIn(world, ann))
    const asked: { browser: Browser; page: Reply }[] = []
    for (let index = 0; index < 20; index++) {
      const browser = openBrowser(world, { peer: `198.51.100.${index}` })
      asked.push({ browser, page: await enterPassword(world, ann, browser) })
    }
    const recovery_code = codes[0] as string
    const tries = Array.from({ length: 200 }, (_, index) => asked[index % asked.length] as (typeof asked)[number])
    const replies = await Promise.all(
      tries.map(({ browser, page }) => browser.submit(page, '/login', { recovery_code })),
    )
    expect(replies.filter(({ status }) => status === 303)).toHaveLength(1)
  }, 60_000)

  it('is that of one account alone', async () => {
    const [ann, bob] = [await person(world), await person(world)]
    const { codes } = await enrolTotp(world, await signedIn(world, ann))
    await enrolTotp(world, await signedIn(world, bob))
    const browser = openBrowser(world)
    const asked = await enterPassword(world, bob, browser)
    expect((await browser.submit(asked, '/login', { recovery_code: codes[0] as string })).status).toBe(422)
  })

  it('is good no more once new ones were made, and they are shown once', async () => {
    const ann = await person(world)
    const first = await signedIn(world, ann)
    const { codes } = await enrolTotp(world, first)
    const path = '/account/recovery-codes'
    const made = await first.submit(await first.get(path), path)
    expect(made.status).toBe(303)
    const shownAt = String(made.headers.Location).slice(baseUrl.length)
    // Another session, of the same account too, cannot take them.
    const other = openBrowser(world)
    const page = await first.get(shownAt)
    expect(page.text.match(/<li><code>/g)).toHaveLength(10)
    expect((await first.get(shownAt)).text).not.toContain('<li><code>')
    const asked = await enterPassword(world, ann, other)
    expect((await other.submit(asked, '/login', { recovery_code: codes[0] as string })).status).toBe(422)
    const fresh = /<li><code>([0-9A-Z-]{19})/.exec(page.text)?.[1] as string
    expect((await other.submit(asked, '/login', { recovery_code: fresh })).status).toBe(303)
  })
})

describe('a sign-in that waits for its second factor is over', () => {
  const ends: Readonly<Record<string, (who: Person, first: Browser) => Promise<unknown> | undefined>> = {
    'after ten minutes': () => {
      world.now += 601
      return undefined
    },
    'once the password is another one': ({ id }) =>
      world.ok('PATCH', `/v1/accounts/${id}`, { password: 'another horse' }),
    'once the person has another password, which ends nothing else': async (_, first) => {
      const page = await first.get('/account/password')
      const changed = await first.submit(page, '/account/password', { password: 'another horse battery' })
      expect(changed.status).toBe(303)
    },
    'once the account is signed out everywhere': ({ id }) => world.ok('POST', `/v1/accounts/${id}/revoke`),
    'once the account is disabled': ({ id }) => world.ok('PATCH', `/v1/accounts/${id}`, { status: 'disabled' }),
    'once the account is deleted': ({ id }) => world.ok('DELETE', `/v1/accounts/${id}`),
  }
  it.each(Object.entries(ends))('%s', async (_, end) => {
    const ann = await person(world)
    const first = await signedIn(world, ann)
    const app = await enrolTotp(world, first)
    const browser = openBrowser(world)
    const asked = await enterPassword(world, ann, browser)
    await end(ann, first)
    const reply = await browser.submit(asked, '/login', { totp: app.code(world) })
    expect([reply.status, browser.session]).toEqual([410, undefined])
  })

  it('once it has signed somebody in', async () => {
    const ann = await person(world)
    const app = await enrolTotp(world, await signedIn(world, ann))
    const browser = openBrowser(world)
    const asked = await enterPassword(world, ann, browser)
    expect((await browser.submit(asked, '/login', { totp: app.code(world) })).status).toBe(303)
    world.now += 60
    const again = await browser.submit(asked, '/login', { totp: app.code(world) })
    expect(again.status).toBe(410)
  })

  it('at any other browser, and for any other sign-in', async () => {
    const [ann, bob] = [await person(world), await person(world)]
    const app = await enrolTotp(world, await signedIn(world, ann))
    await enrolTotp(world, await signedIn(world, bob))
    const [browser, other] = [openBrowser(world), openBrowser(world)]
    const asked = await enterPassword(world, ann, browser)
    await other.get('/login')
    expect((await other.submit(asked, '/login', { totp: app.code(world) })).status).toBe(410)
    const bobs = await enterPassword(world, bob, browser)
    const pending = /name="pending" value="(\w+)"/.exec(bobs.text)?.[1] as string
    expect((await browser.submit(asked, '/login', { pending, totp: app.code(world) })).status).toBe(410)
    expect((await browser.submit(bobs, '/login', { totp: app.code(world) })).status).toBe(422)
  })
})

describe('setting an app up', () => {
  const path = '/account/authenticator'

  it.each([
    ['no code', {}],
    ['a wrong code', { totp: '000000' }],
    ['a long code', { totp: '0'.repeat(5_000) }],
    ['no secret', { enrolment: '', totp: '000000' }],
    ['a secret that is none', { enrolment: 'AAAA', totp: '000000' }],
  ])('with %s is 422, and nothing is turned on', async (_, fields) => {
    const ann = await person(world)
    const browser = await signedIn(world, ann)
    expect((await browser.submit(await browser.get(path), path, fields)).status).toBe(422)
    expect(await world.store.read.identities.find('default', ann.id, 'totp')).toBeUndefined()
  })

  it('with the secret of another session is refused', async () => {
    const [ann, bob] = [await person(world), await person(world)]
    const [anns, bobs] = [await signedIn(world, ann), await signedIn(world, bob)]
    const page = await anns.get(path)
    const enrolment = /name="enrolment" value="([\w-]+)"/.exec(page.text)?.[1] as string
    const totp = appOf(secretOf(page)).code(world)
    expect((await bobs.submit(await bobs.get(path), path, { enrolment, totp })).status).toBe(422)
    expect((await anns.submit(page, path, { totp })).status).toBe(303)
  })

  it('twice leaves the first', async () => {
    const ann = await person(world)
    const browser = await signedIn(world, ann)
    const pages = [await browser.get(path), await browser.get(path)]
    const apps = pages.map((page) => appOf(secretOf(page)))
    for (const [index, page] of pages.entries())
      expect((await browser.submit(page, path, { totp: apps[index]?.code(world) ?? '' })).status).toBe(303)
    world.now += 60
    const other = openBrowser(world)
    const asked = await enterPassword(world, ann, other)
    expect((await other.submit(asked, '/login', { totp: apps[1]?.code(world) ?? '' })).status).toBe(422)
    expect((await other.submit(asked, '/login', { totp: apps[0]?.code(world) ?? '' })).status).toBe(303)
  })

  it('shows the secret as text and as a picture, and loads nothing from elsewhere', async () => {
    const browser = await signedIn(world, await person(world))
    const page = await browser.get(path)
    expect(page.text).toMatch(/<svg class="qr"[^>]*><path d="M/)
    expect(page.headers['Content-Security-Policy']).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    )
    expect(page.text).not.toContain('style=')
  })
})

it('an operator without a second factor sees a notice that blocks nothing, and none with one', async () => {
  const boss = await person(world, { role: 'operator' })
  const browser = await signIn(world, boss.id)
  const page = await browser.get('/account')
  expect([page.status, page.text.includes('class="caution"')]).toEqual([200, true])
  expect((await browser.call('GET', '/v1/keys')).status).toBe(200)
  await enrolPasskey(browser)
  expect((await browser.get('/account')).text).not.toContain('class="caution"')
  expect((await (await signedIn(world, await person(world))).get('/account')).text).not.toContain('class="caution"')
})
