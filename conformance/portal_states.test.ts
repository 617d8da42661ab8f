/** Each screen of the portal while the server is slow, refuses, fails, forbids and is gone, and how it comes back. */
import type { BrowserContext, Page, Route } from 'playwright-core'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { browser, expectSound, hasChromium, product, useProduct } from './browser.fixture.ts'
import { createKey, idOf, signSomebodyIn, storeAndLeave } from './portal.fixture.ts'
import { call, eventually, list, text } from './product.fixture.ts'

useProduct()

interface Screen {
  readonly path: () => string
  /** A part that only data has. */
  readonly ready: string
  /** The reads without which it has nothing to show. */
  readonly reads: RegExp
}

let keyId = ''
let clientId = ''
let apiId = ''
const screens: Readonly<Record<string, Screen>> = {
  'API keys': { path: () => '/keys', ready: '.keys tbody', reads: /\/v1\/keys\?/ },
  'a key': { path: () => `/keys/${keyId}`, ready: 'h1:text("Kept")', reads: /\/v1\/keys\/[^/]+$/ },
  'new key': { path: () => '/keys/new', ready: 'form.parts', reads: /\/v1\/(?:apis|clients)\?/ },
  'usage of a key': { path: () => `/keys/${keyId}?tab=usage`, ready: 'text=No call in', reads: /\/v1\/usage\?/ },
  'history of a key': { path: () => `/keys/${keyId}?tab=history`, ready: '.history li', reads: /\/v1\/audit\?/ },
  home: { path: () => '', ready: '.steps', reads: /\/v1\/keys\?/ },
  applications: { path: () => '/applications', ready: 'a:text("Billing")', reads: /\/v1\/clients\?/ },
  'an application': {
    path: () => `/applications/${clientId}`,
    ready: 'h1:text("Billing")',
    reads: /\/v1\/clients\/[^/?]+$/,
  },
  'new application': { path: () => '/applications/new', ready: 'form.parts', reads: /\/v1\/apis\?/ },
  connections: { path: () => '/connections', ready: 'text=No application is let in', reads: /\/v1\/consents\?/ },
  usage: { path: () => '/usage', ready: 'text=No call yet', reads: /\/v1\/usage\?/ },
  refusals: { path: () => '/refusals', ready: 'text=No call was refused', reads: /\/v1\/refusals\?/ },
  reference: { path: () => `/reference?api=${apiId}`, ready: '.operations a', reads: /\/operations$/ },
  team: { path: () => '/team', ready: '[id=invite]', reads: /\/v1\/teams\/[^/]+$/ },
}

/** The short form looks at each screen that failed, and at some in the other states. */
const some = Object.entries(screens).filter(([name]) => inject('isFull') || ['API keys', 'team'].includes(name))

const problem = (status: number, code: string, detail: string) => ({
  status,
  headers: { 'X-Request-Id': 'req_0123456789ABCDEF' },
  contentType: 'application/problem+json',
  body: JSON.stringify({ type: 'about:blank', title: 'Problem', status, code, detail }),
})

describe.skipIf(!hasChromium)('a screen', () => {
  let cookies: Awaited<ReturnType<BrowserContext['cookies']>>
  let page: Page
  beforeAll(async () => {
    const somebody = await signSomebodyIn()
    page = somebody.page
    keyId = idOf(await createKey(page, 'Kept'))
    await storeAndLeave(page)
    cookies = await somebody.context.cookies()
    const [team] = list((await page.request.get(`${product.url}/v1/me`).then((reply) => reply.json())).teams)
    const client = { name: 'Billing', type: 'service', access: [], teamId: text(team?.id) }
    clientId = text((await call(product, 'POST', '/v1/clients', client)).body.clientId)
    const apis = list((await call(product, 'GET', '/v1/apis')).body.data)
    apiId = text(apis.find(({ audience }) => text(audience) === product.audience)?.id)
  })

  const open = async (screen: Screen): Promise<void> => {
    await page.goto(`${product.portalUrl}${screen.path()}`)
  }

  it.each(some)('%s shows rows of grey while the server is slow, and then its data', async (_, screen) => {
    const answered = Promise.withResolvers<void>()
    await page.route(screen.reads, async (route) => {
      await answered.promise
      await route.continue()
    })
    await open(screen)
    await page.locator('.skeleton i:not(.unseen)').first().waitFor()
    expect(await page.getByText('No data leaves this server.').count()).toBe(1)
    answered.resolve()
    await page.locator(screen.ready).first().waitFor()
    await page.locator('.skeleton').waitFor({ state: 'detached' })
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  })

  it.each(Object.entries(screens))(
    '%s says what failed, with the id of the request, and reads again at a button',
    async (_, screen) => {
      await page.route(screen.reads, (route) => route.fulfill(problem(503, 'unavailable', 'The database is away.')))
      await open(screen)
      await page.getByText('The database is away.').first().waitFor()
      expect(await page.textContent('main')).toContain('req_0123456789ABCDEF')
      expect(await page.locator('h1').count()).toBe(1)
      await page.unrouteAll({ behavior: 'ignoreErrors' })
      await page.getByRole('button', { name: 'Try again' }).first().click()
      await page.locator(screen.ready).first().waitFor()
      expect(await page.getByText('The database is away.').count()).toBe(0)
    },
  )

  it.each(some)('%s says which role is needed where it may not be read', async (_, screen) => {
    await page.route(screen.reads, (route) => route.fulfill(problem(403, 'insufficient_scope', 'This needs a scope.')))
    await open(screen)
    await page.getByText('Your role does not allow this').first().waitFor()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  })

  it.each(some.slice(0, inject('isFull') ? undefined : 1))(
    '%s says of when its data is once the server is gone, and comes back by itself',
    async (_, screen) => {
      await open(screen)
      await page.locator(screen.ready).first().waitFor()
      const lose = (route: Route): Promise<void> => route.abort()
      await page.route('**/v1/**', lose)
      await eventually(10_000, () => sees('Server does not answer'))
      expect(await page.locator(screen.ready).count()).toBeGreaterThan(0)
      await page.unroute('**/v1/**', lose)
      await eventually(10_000, () => sees('Server answers'))
      await page.getByText('Showing data from').waitFor({ state: 'detached' })
    },
  )

  /** Somebody returns to the tab, which then reads anew. */
  const sees = async (said: string): Promise<boolean> => {
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })))
    return (await page.getByText(said).count()) > 0
  }

  it.runIf(inject('isFull')).each(Object.entries(screens))(
    '%s is sound in each of these states',
    async (name, screen) => {
      const states = {
        failed: problem(503, 'unavailable', 'The database is away.'),
        forbidden: problem(403, 'insufficient_scope', 'This needs a scope.'),
      }
      for (const [state, answer] of Object.entries(states)) {
        await expectSound(
          `portal ${name} ${state}`,
          async (other) => {
            await other.context().addCookies(cookies)
            await other.route(screen.reads, (route) => route.fulfill(answer))
            await other.goto(`${product.portalUrl}${screen.path()}`)
            await other.locator('.problem').first().waitFor()
          },
          screen.reads,
        )
      }
      expect(browser.isConnected()).toBe(true)
    },
    300_000,
  )
})
