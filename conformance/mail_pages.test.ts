/** The pages that mail leads to and from, in a browser, against the started product. */
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { browser, expectSound, hasChromium, product, useProduct } from './browser.fixture.ts'
import { mailedCode, mailTo } from './mail.fixture.ts'
import { makeAccount, password } from './person.fixture.ts'
import { call, type Json, text } from './product.fixture.ts'

useProduct()
beforeAll(async () => {
  const colors = { accent: '#0b6e4f' }
  expect((await call(product, 'PATCH', '/v1/settings', { name: 'Northwind', colors })).status).toBe(200)
})

let made = 0

const person = async (): Promise<string> => (await makeAccount(product)).email

async function ok(path: string, body: object): Promise<Json> {
  const { status, body: answer } = await call(product, 'POST', path, body)
  expect(status, JSON.stringify(answer)).toBe(201)
  return answer
}

const codeFor = (email: string) => mailedCode(product, email)
const go = (page: Page, path: string) => page.goto(`${product.url}${path}`)
const press = (page: Page) => page.click('form button[type=submit]')

async function fill(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) await page.fill(`[name=${name}]`, value)
  await press(page)
}

async function signIn(page: Page): Promise<string> {
  const email = await person()
  await go(page, '/login')
  await fill(page, { email, password })
  await page.waitForURL('**/account')
  return email
}

async function invited(): Promise<{ readonly email: string; readonly team: string; readonly url: string }> {
  const email = `bea${++made}@example.com`
  const team = text((await ok('/v1/teams', { name: 'Example Partner', access: [] })).id)
  const { invitation } = await ok(`/v1/teams/${team}/members`, { email, role: 'developer' })
  return { email, team, url: text(invitation?.url) }
}

/** The link of the mail. */
async function mailedUrl(email: string): Promise<string> {
  return /(http\S+\/invite#\w+)/.exec(await mailTo(product, email))?.[1] as string
}

const pages: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  'login, all ways': (page) => go(page, '/login'),
  'login, recovered': (page) => go(page, '/login?notice=recovered'),
  'code, asked for': (page) => go(page, '/login/code'),
  'code, to enter': async (page) => {
    await go(page, '/login/code')
    await fill(page, { email: await person() })
  },
  'code, wrong': async (page) => {
    await go(page, '/login/code')
    await fill(page, { email: 'nobody@example.com' })
    await fill(page, { code: '1234 567x' })
    await page.waitForSelector('[data-error=wrong]')
    made++
  },
  'code, over': (page) => go(page, '/login/code?challenge=none'),
  'sign-up': (page) => go(page, '/signup'),
  'sign-up, refused': async (page) => {
    await go(page, '/signup')
    await fill(page, { email: 'new@example.com', name: 'Bea', password: 'password1' })
    await page.waitForSelector('[data-error=wrong]')
  },
  'sign-up, code': async (page) => {
    await go(page, '/signup')
    await fill(page, { email: `new${++made}@example.com`, name: 'Bea', password })
  },
  recovery: (page) => go(page, '/recover'),
  'recovery, code': async (page) => {
    await go(page, '/recover')
    await fill(page, { email: await person() })
  },
  'account with mail': signIn,
  address: async (page) => {
    await signIn(page)
    await go(page, '/account/address')
  },
  'address, code': async (page) => {
    await signIn(page)
    await go(page, '/account/address')
    await fill(page, { email: `other${++made}@example.com` })
  },
  'invitation, link': (page) => go(page, '/invite'),
  'invitation, handed on': async (page) => {
    await page.goto((await invited()).url)
    await press(page)
    await page.waitForURL('**/invite?challenge=*')
  },
  'invitation, mailed': async (page) => {
    await page.goto(await mailedUrl((await invited()).email))
    await press(page)
    await page.waitForURL('**/invite?challenge=*')
  },
  'invitation, of another': async (page) => {
    const { url } = await invited()
    await signIn(page)
    await page.goto(url)
    await press(page)
    await page.waitForURL('**/invite?challenge=*')
  },
  'invitation, over': (page) => go(page, '/invite?challenge=none'),
}

describe.skipIf(!hasChromium)('a page', () => {
  it.each(Object.entries(pages))(
    '%s: axe finds nothing, nothing is blocked, nothing scrolls sideways',
    (name, open) => expectSound(name, open),
    60_000,
  )

  it.each([true, false])(
    'of every kind is gone through with a mail on the way, script %s',
    async (javaScriptEnabled) => {
      const open = async () => (await browser.newContext({ javaScriptEnabled })).newPage()
      const email = `zoe${++made}@example.com`
      const signUp = await open()
      await go(signUp, '/login?returnTo=/account')
      await signUp.click('a[href*="/signup"]')
      await fill(signUp, { email, name: 'Zoe', password })
      await fill(signUp, { code: await codeFor(email) })
      await signUp.waitForURL('**/account')
      expect(await signUp.textContent('main')).toContain(email)

      const byCode = await open()
      await go(byCode, '/login/code')
      await fill(byCode, { email })
      await fill(byCode, { code: await codeFor(email) })
      await byCode.waitForURL('**/account')

      const recovery = await open()
      await go(recovery, '/recover')
      await fill(recovery, { email })
      await fill(recovery, { code: await codeFor(email), password: 'another horse entirely' })
      await recovery.waitForURL('**/login?notice=recovered')
      await fill(recovery, { email, password: 'another horse entirely' })
      await recovery.waitForURL('**/account')
      await byCode.reload()
      expect(new URL(byCode.url()).pathname).toBe('/login')

      await recovery.click('a[href$="/account/address"]')
      const fresh = `zora${++made}@example.com`
      await fill(recovery, { email: fresh })
      await fill(recovery, { code: await codeFor(fresh) })
      await recovery.waitForURL('**/account')
      expect(await recovery.textContent('main')).toContain(fresh)
    },
    60_000,
  )

  it.each([true, false])('of an invitation makes account and member, script %s', async (javaScriptEnabled) => {
    const { email, team } = await invited()
    const page = await (await browser.newContext({ javaScriptEnabled })).newPage()
    const url = await mailedUrl(email)
    await page.goto(url)
    if (javaScriptEnabled) expect(new URL(page.url()).hash).toBe('')
    else await page.fill('[name=code]', new URL(url).hash.slice(1))
    await press(page)
    await fill(page, { name: 'Bea', password })
    await page.waitForURL('**/account')
    const { body } = await call(product, 'GET', `/v1/teams/${team}/members`)
    expect(JSON.stringify(body)).toContain(email)
  })

  it('of a code goes back, is loaded again and is sent twice: one session, and else a page that says so', async () => {
    const email = await person()
    const context = await browser.newContext()
    const page = await context.newPage()
    await go(page, '/login/code')
    await fill(page, { email })
    await page.waitForSelector('[name=code]')
    await page.reload()
    const second = await context.newPage()
    await second.goto(page.url())
    const code = await codeFor(email)
    await fill(page, { code })
    await page.waitForURL('**/account')
    await fill(second, { code })
    await second.waitForSelector('[data-error=expired]')
    await page.goBack()
    await page.goto(`${product.url}/account`)
    expect(await page.textContent('main')).toContain('Ann Example')
  })
})
