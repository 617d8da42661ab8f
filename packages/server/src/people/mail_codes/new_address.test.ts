import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { serverLimits } from '../../limits.ts'
import { createMailbox } from '../../mail/mailbox.fixture.ts'
import { baseUrl, startWorld, type World } from '../../server.fixture.ts'
import { openBrowser, signIn } from '../../sign_in.fixture.ts'
import { type App, enrolTotp } from '../factors/factors.fixture.ts'
import { ask, asked, bare, freshAddress, hidden, other, password, person } from './mail_codes.fixture.ts'

const mailbox = createMailbox()
let world: World
beforeAll(async () => {
  world = await startWorld({ mail: mailbox })
})
afterAll(() => world.close())
beforeEach(() => {
  world.now += 2 * serverLimits.mailsWindowSeconds
})

const path = '/account/address'

describe('another address', () => {
  it('is the account’s once its code was entered; the old one is told, and signs in no more', async () => {
    const { email, id } = await person(world)
    const fresh = freshAddress()
    const browser = await signIn(world, id)
    expect((await browser.get('/account')).text).toContain(`${baseUrl}${path}`)
    const page = await asked(browser, path, { email: fresh })
    expect(await world.ok('GET', `/v1/accounts/${id}`)).toMatchObject({ email })
    const reply = await browser.submit(page, path, { code: await mailbox.code(fresh) })
    expect([reply.status, reply.headers.Location]).toEqual([303, `${baseUrl}/account`])
    expect(await world.ok('GET', `/v1/accounts/${id}`)).toMatchObject({ email: fresh, emailVerified: true })
    const [told] = await mailbox.to(email)
    expect([told?.subject, told?.text.includes(fresh)]).toEqual(['Default: your address was changed', false])
    expect((await ask(openBrowser(world), '/login', { email, password })).status).toBe(422)
    expect((await ask(openBrowser(world), '/login', { email: fresh, password })).status).toBe(303)
    const { data } = await world.ok('GET', '/v1/audit?action=account.update&limit=100')
    expect(data.find(({ objectId }) => objectId === id)).toMatchObject({
      before: { email, emailVerified: true },
      after: { email: fresh, emailVerified: true },
    })
  })

  it('that somebody has reads the same as any other, and is told by mail', async () => {
    const { id } = await person(world)
    const taken = await person(world)
    const seen = []
    for (const email of [taken.email, freshAddress()]) {
      const browser = await signIn(world, id, openBrowser(world, { peer: `198.51.100.${seen.length}` }))
      const reply = await ask(browser, path, { email })
      const page = await browser.get(String(reply.headers.Location).slice(baseUrl.length))
      const tries = []
      for (let index = 0; index < 5; index++) tries.push(await browser.submit(page, path, { code: '1234567x' }))
      seen.push([reply, page, ...tries].map(bare).join('\n'))
    }
    expect(seen[0]).toBe(seen[1])
    expect((await mailbox.to(taken.email))[0]?.subject).toBe('Default: you have an account already')
  })

  it('that becomes somebody else’s while the code is on the way stays theirs', async () => {
    const { email, id } = await person(world)
    const fresh = freshAddress()
    const browser = await signIn(world, id)
    const page = await asked(browser, path, { email: fresh })
    const code = await mailbox.code(fresh)
    await world.ok('POST', '/v1/accounts', { email: fresh, emailVerified: true, name: 'Other' })
    expect((await browser.submit(page, path, { code })).status).toBe(410)
    expect(await world.ok('GET', `/v1/accounts/${id}`)).toMatchObject({ email })
  })

  it('wants a sign-in of the last ten minutes, for the question and for the code', async () => {
    const { id } = await person(world)
    const browser = await signIn(world, id)
    const page = await asked(browser, path, { email: freshAddress() })
    world.now += serverLimits.stepUpSeconds
    for (const reply of [await browser.get(path), await browser.submit(page, path, { code: '12345678' })]) {
      expect([reply.status, reply.headers.Location]).toEqual([
        303,
        `${baseUrl}/account/step-up?returnTo=${encodeURIComponent(path)}`,
      ])
    }
    const stepUp = await browser.get(`/account/step-up?returnTo=${path}`)
    const proven = await browser.submit(stepUp, '/account/step-up', { password })
    expect([proven.status, proven.headers.Location]).toEqual([303, `${baseUrl}${path}`])
    expect((await browser.get(path)).status).toBe(200)
    const nobody = openBrowser(world)
    expect((await nobody.get(path)).status).toBe(303)
  })

  it('wants the second factor that was added meanwhile, and the code is good after that', async () => {
    const { email, id } = await person(world)
    const fresh = freshAddress()
    const [browser, beside] = [await signIn(world, id), await signIn(world, id)]
    const page = await asked(browser, path, { email: fresh })
    const code = await mailbox.code(fresh)
    const { store } = world.server.services
    const write = store.write.bind(store)
    let app: App | undefined
    const held = vi.spyOn(store, 'write').mockImplementationOnce(async (...given: Parameters<typeof write>) => {
      app = await enrolTotp(world, beside)
      return write(...given)
    })
    const reply = await browser.submit(page, path, { code })
    held.mockRestore()
    expect([reply.status, String(reply.headers.Location)]).toEqual([303, expect.stringContaining('/account/step-up')])
    expect(await world.ok('GET', `/v1/accounts/${id}`)).toMatchObject({ email })
    const stepUp = await browser.get(`/account/step-up?returnTo=${path}`)
    await browser.submit(stepUp, '/account/step-up', { totp: String(app?.code(world)) })
    const again = await browser.get(`${path}?challenge=${hidden(page).challenge}`)
    expect((await browser.submit(again, path, { code })).status).toBe(303)
    expect(await world.ok('GET', `/v1/accounts/${id}`)).toMatchObject({ email: fresh })
  })

  it('is not changed by a code of another session, another person or an account that ended', async () => {
    const [one, two] = [await person(world), await person(world)]
    const fresh = freshAddress()
    const browser = await signIn(world, one.id)
    const page = await asked(browser, path, { email: fresh })
    const code = await mailbox.code(fresh)
    await signIn(world, two.id, browser)
    expect((await browser.submit(page, path, { code })).status).toBe(410)
    const asOther = await browser.get(`${path}?challenge=${hidden(page).challenge}`)
    expect((await browser.submit(asOther, path, { code })).status).toBe(410)
    for (const { id, email } of [one, two]) expect(await world.ok('GET', `/v1/accounts/${id}`)).toMatchObject({ email })
    const third = await person(world)
    const its = await signIn(world, third.id)
    const late = await asked(its, path, { email: freshAddress() })
    await world.ok('POST', `/v1/accounts/${third.id}/revoke`, {})
    expect((await its.submit(late, path, { code: other(code) })).headers.Location).toContain('/login')
  })

  it.each(['', 'x', 'a@example.com,b@example.com'])('%j is refused', async (email) => {
    const { id } = await person(world)
    expect((await ask(await signIn(world, id), path, { email })).status).toBe(422)
  })

  it('of its own is refused, in any case', async () => {
    const { email, id } = await person(world)
    const reply = await ask(await signIn(world, id), path, { email: email.toUpperCase() })
    expect([reply.status, reply.text.includes('already')]).toEqual([422, true])
  })
})
