import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { serverLimits } from '../../limits.ts'
import { createMailbox } from '../../mail/mailbox.fixture.ts'
import { baseUrl, startWorld, type World } from '../../server.fixture.ts'
import { openBrowser } from '../../sign_in.fixture.ts'
import { ask, asked, bare, countHashes, freshAddress, other, password, person } from './mail_codes.fixture.ts'

const mailbox = createMailbox()
let world: World
beforeAll(async () => {
  world = await startWorld({ mail: mailbox, openness: 'open' })
})
afterAll(() => world.close())
beforeEach(() => {
  world.now += 2 * serverLimits.mailsWindowSeconds
})

const path = '/signup'
const fields = (email: string) => ({ email, name: 'Bea Example', password })
const accounts = async (): Promise<number> => (await world.ok('GET', '/v1/accounts?limit=100')).data.length

describe('signing up', () => {
  it('makes an account when its code is entered, and nothing before', async () => {
    const email = freshAddress()
    const before = await accounts()
    const browser = openBrowser(world)
    const page = await asked(browser, `${path}?returnTo=/portal`, fields(` ${email} `))
    expect([page.status, page.text.includes(email), await accounts()]).toEqual([200, true, before])
    expect(world.dump()).not.toContain(password)
    const reply = await browser.submit(page, path, { code: await mailbox.code(email) })
    expect([reply.status, reply.headers.Location]).toEqual([303, `${baseUrl}/portal`])
    const me = (await browser.call('GET', '/v1/me')).body
    expect(me).toMatchObject({ name: 'Bea Example', scope: '', teams: [] })
    expect(await world.ok('GET', `/v1/accounts/${me.subject}`)).toMatchObject({
      email,
      emailVerified: true,
      role: null,
      scope: '',
      access: [],
      status: 'active',
    })
    const again = openBrowser(world)
    expect((await ask(again, '/login', { email, password })).status).toBe(303)
    const { data } = await world.ok('GET', '/v1/audit?action=account.create&limit=100')
    expect(data.find(({ objectId }) => objectId === me.subject)).toMatchObject({ actor: { kind: 'account' } })
  })

  it('of an address that has an account reads the same, makes none, and tells the person by mail', async () => {
    const known = await person(world)
    const unknown = freshAddress()
    const before = await accounts()
    const seen = []
    for (const email of [known.email.toUpperCase(), unknown]) {
      const browser = openBrowser(world, { peer: `198.51.100.${seen.length}` })
      const reply = await ask(browser, path, fields(email))
      const page = await browser.get(String(reply.headers.Location).slice(baseUrl.length))
      const tries = []
      for (let index = 0; index < 5; index++) tries.push(await browser.submit(page, path, { code: '1234567x' }))
      seen.push([reply, page, ...tries].map(bare).join('\n').toLowerCase())
    }
    expect(seen[0]).toBe(seen[1])
    expect(await accounts()).toBe(before)
    expect((await mailbox.to(known.email)).map(({ subject }) => subject)).toEqual([
      'Default: you have an account already',
    ])
    expect((await mailbox.to(known.email))[0]?.text).not.toMatch(/\d{4} \d{4}/)
  })

  it.each(['\u212Aate@example.com', 'ate\u0301@example.com', '\uFF41nn@example.com', 'ann@ex\u00ADample.com'])(
    'GHSA-7rqj-j65f-68wh: %j, which some normalisation makes the address of another, is refused wherever one is asked for',
    async (email) => {
      for (const [at, more] of [
        [path, fields(email)],
        ['/login/code', {}],
        ['/recover', {}],
      ] as const)
        expect((await ask(openBrowser(world), at, { ...more, email })).status).toBe(422)
      expect((await world.call('POST', '/v1/accounts', { body: { email, name: 'x' } })).status).toBe(400)
    },
  )

  it('joins nothing by an address that nobody has proven, and takes it away from nobody', async () => {
    const unproven = await person(world, { emailVerified: false, password: undefined })
    const browser = openBrowser(world)
    const page = await asked(browser, path, fields(unproven.email))
    expect((await browser.submit(page, path, { code: await mailbox.code(unproven.email) })).status).toBe(303)
    expect((await browser.call('GET', '/v1/me')).body.subject).not.toBe(unproven.id)
  })

  it('of two browsers with one address makes one account', async () => {
    const email = freshAddress()
    const [one, two] = [openBrowser(world), openBrowser(world)]
    const first = await asked(one, path, fields(email))
    const firstCode = await mailbox.code(email)
    const second = await asked(two, path, fields(email))
    const secondCode = await mailbox.code(email)
    expect((await one.submit(first, path, { code: firstCode })).status).toBe(303)
    const late = await two.submit(second, path, { code: secondCode })
    expect([late.status, two.session]).toEqual([410, undefined])
  })

  it('is over after five wrong codes, after ten minutes, and once nobody signs up any more', async () => {
    const email = freshAddress()
    const browser = openBrowser(world)
    const page = await asked(browser, path, fields(email))
    const code = await mailbox.code(email)
    for (let index = 0; index < 5; index++) await browser.submit(page, path, { code: other(code) })
    expect((await browser.submit(page, path, { code })).status).toBe(410)
    const late = await asked(browser, path, fields(email))
    const lateCode = await mailbox.code(email)
    await world.ok('PATCH', '/v1/settings', { signUp: 'invited' })
    expect((await browser.submit(late, path, { code: lateCode })).status).toBe(403)
    await world.ok('PATCH', '/v1/settings', { signUp: 'open' })
    world.now += serverLimits.mailCodeSeconds
    expect((await browser.submit(late, path, { code: lateCode })).status).toBe(410)
  })

  it.each([
    ['invited', true],
    ['off', true],
    ['open', false],
  ] as const)('with sign-up %s and mail %s there is no form, and no link to one', async (signUp, hasMail) => {
    const other = await startWorld(hasMail ? { mail: createMailbox() } : {})
    await other.ok('PATCH', '/v1/settings', { signUp })
    const browser = openBrowser(other)
    const page = await browser.get(path)
    expect([page.status, page.text.includes('<form')]).toEqual([403, false])
    expect((await browser.get('/login')).text).not.toContain(path)
    const form = await browser.get('/login')
    const csrf = /name="csrf" value="([^"]+)"/.exec(form.text)?.[1] as string
    expect([403, 410]).toContain((await browser.post(path, { ...fields('a@example.com'), csrf })).status)
    await other.close()
  })

  it.each([
    ['no address', { email: '' }, 'e-mail'],
    ['an address that is none', { email: 'x' }, 'e-mail'],
    ['no name', { name: ' ' }, 'name'],
    ['a name of two lines', { name: 'Ann\r\nBcc: eve@evil.example' }, 'name'],
    ['a long name', { name: 'x'.repeat(201) }, 'name'],
    ['no password', { password: '' }, 'password'],
    ['a short password', { password: 'short' }, 'password'],
    ['a common password', { password: 'password1' }, 'password'],
  ])('with %s says so, keeps the rest but for the password, and sends nothing', async (_, spoiled, what) => {
    const before = [world.dump(), mailbox.all.length]
    const reply = await ask(openBrowser(world), path, { ...fields('q@example.com'), ...spoiled })
    expect([reply.status, reply.text.toLowerCase().includes(what)]).toEqual([422, true])
    expect(reply.text).not.toContain(password)
    expect([world.dump(), mailbox.all.length]).toEqual(before)
  })

  it('hashes no password for who has to wait, and none when mail is away', async () => {
    const hashes = countHashes(world)
    const peer = '203.0.113.5'
    for (let index = 0; index < 12; index++) await ask(openBrowser(world, { peer }), path, fields(freshAddress()))
    expect(hashes.count).toBe(10)
    world.now += 61
    mailbox.isUp = false
    expect((await ask(openBrowser(world, { peer }), path, fields(freshAddress()))).status).toBe(503)
    expect(hashes.count).toBe(10)
    mailbox.isUp = true
    hashes.stop()
  })
})
