import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { serverLimits } from '../../limits.ts'
import { createMailbox } from '../../mail/mailbox.fixture.ts'
import { baseUrl, startWorld, type World } from '../../server.fixture.ts'
import { openBrowser, signIn } from '../../sign_in.fixture.ts'
import { ask, asked, bare, countHashes, other, password, person } from './mail_codes.fixture.ts'

const mailbox = createMailbox()
let world: World
beforeAll(async () => {
  world = await startWorld({ mail: mailbox })
})
afterAll(() => world.close())
beforeEach(() => {
  world.now += 2 * serverLimits.mailsWindowSeconds
})

const path = '/recover'
const fresh = 'another horse entirely'

describe('a new password by mail', () => {
  it('replaces the old one, ends every session and link, signs nobody in, and tells the person', async () => {
    const { email, id } = await person(world)
    const elsewhere = await signIn(world, id)
    const link = await world.ok('POST', `/v1/accounts/${id}/links`)
    const browser = openBrowser(world)
    const page = await asked(browser, path, { email })
    const reply = await browser.submit(page, path, { code: await mailbox.code(email), password: fresh })
    expect([reply.status, reply.headers.Location]).toEqual([303, `${baseUrl}/login?notice=recovered`])
    expect(browser.session).toBeUndefined()
    expect((await browser.get('/login?notice=recovered')).text).toContain('Your password was replaced')
    expect((await elsewhere.call('GET', '/v1/me')).status).toBe(401)
    const late = openBrowser(world)
    const code = new URL(link.url).hash.slice(1)
    expect((await late.submit(await late.get('/login/link'), '/login/link', { code })).status).toBe(410)
    expect((await ask(openBrowser(world), '/login', { email, password })).status).toBe(422)
    expect((await ask(openBrowser(world), '/login', { email, password: fresh })).status).toBe(303)
    const mails = await mailbox.to(email)
    expect(mails.map(({ subject }) => subject)).toEqual([
      'Default: your code for a new password',
      'Default: your password was replaced',
    ])
    const { data } = await world.ok('GET', '/v1/audit?action=account.recover')
    expect(data[0]).toMatchObject({ objectId: id, after: { sessions: 1 } })
    expect(JSON.stringify(data)).not.toContain(fresh)
  })

  it('ends the codes that were asked for before it', async () => {
    const { email } = await person(world)
    const [one, two] = [openBrowser(world), openBrowser(world)]
    const first = await asked(one, path, { email })
    const firstCode = await mailbox.code(email)
    const login = await asked(two, '/login/code', { email })
    const loginCode = await mailbox.code(email)
    expect((await one.submit(first, path, { code: firstCode, password: fresh })).status).toBe(303)
    expect((await two.submit(login, '/login/code', { code: loginCode })).status).toBe(410)
  })

  it('that will not do is said, and costs no try', async () => {
    const { email } = await person(world)
    const browser = openBrowser(world)
    const page = await asked(browser, path, { email })
    const code = await mailbox.code(email)
    for (const flawed of ['', 'short', 'password1', 'x'.repeat(257)]) {
      const reply = await browser.submit(page, path, { code, password: flawed })
      expect([reply.status, reply.text.includes('The password ')]).toEqual([422, true])
    }
    expect((await browser.submit(page, path, { code, password: fresh })).status).toBe(303)
  })

  it('is refused after five wrong codes, and nothing is hashed for a code that is over', async () => {
    const { email } = await person(world)
    const browser = openBrowser(world)
    const page = await asked(browser, path, { email })
    const code = await mailbox.code(email)
    for (let index = 0; index < 5; index++) await browser.submit(page, path, { code: other(code), password: fresh })
    const hashes = countHashes(world)
    world.now += 61
    expect((await browser.submit(page, path, { code, password: fresh })).status).toBe(410)
    const elsewhere = await openBrowser(world).get(`${path}?challenge=${'0'.repeat(32)}`)
    expect([elsewhere.status, hashes.count]).toEqual([410, 0])
    hashes.stop()
    expect((await ask(openBrowser(world), '/login', { email, password })).status).toBe(303)
  })

  it('known and unknown addresses read the same, from the form to the last try', async () => {
    const known = await person(world)
    const disabled = await person(world)
    await world.ok('PATCH', `/v1/accounts/${disabled.id}`, { status: 'disabled' })
    const seen = []
    for (const { email } of [known, disabled, { email: 'nobody@example.com' }]) {
      const browser = openBrowser(world, { peer: `198.51.100.${seen.length}` })
      const reply = await ask(browser, path, { email })
      const page = await browser.get(String(reply.headers.Location).slice(baseUrl.length))
      const tries = []
      for (let index = 0; index < 5; index++)
        tries.push(await browser.submit(page, path, { code: '1234567x', password: fresh }))
      seen.push([reply, page, ...tries].map(bare).join('\n'))
    }
    expect(new Set(seen).size).toBe(1)
    expect(await mailbox.to(disabled.email)).toEqual([])
    expect(await mailbox.to('nobody@example.com')).toEqual([])
  })

  it.each([
    ['disabled', (id: string) => world.ok('PATCH', `/v1/accounts/${id}`, { status: 'disabled' })],
    ['deleted', (id: string) => world.ok('DELETE', `/v1/accounts/${id}`)],
    ['signed out everywhere', (id: string) => world.ok('POST', `/v1/accounts/${id}/revoke`, {})],
    [
      'given another address',
      (id: string) => world.ok('PATCH', `/v1/accounts/${id}`, { email: `n${id}@example.com`, emailVerified: true }),
    ],
  ])('is refused for an account that is %s while its code is on the way', async (_, change) => {
    const { email, id } = await person(world)
    const browser = openBrowser(world)
    const page = await asked(browser, path, { email })
    const code = await mailbox.code(email)
    await change(id)
    const version = (await world.store.read.identities.find('default', id, 'password'))?.version
    expect((await browser.submit(page, path, { code, password: fresh })).status).toBe(410)
    expect((await world.store.read.identities.find('default', id, 'password'))?.version).toBe(version)
  })

  it('is off where nobody signs in with a password', async () => {
    await world.ok('PATCH', '/v1/settings', { signIn: { password: false } })
    expect((await openBrowser(world).get(path)).status).toBe(403)
    await world.ok('PATCH', '/v1/settings', { signIn: { password: true } })
  })
})
