/** The portal, in a browser, against the started product. */
import type { BrowserContext, Page } from 'playwright-core'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { browser, expectSound, hasChromium, product, useProduct } from './browser.fixture.ts'
import { makeAccount } from './person.fixture.ts'
import { createKey, idOf, openLink, shownKey, signSomebodyIn, storeAndLeave } from './portal.fixture.ts'
import { call, eventually, guarded, list, makeVerifierKey, text } from './product.fixture.ts'
import { startSdk } from './sdk_process.fixture.ts'

useProduct()

/** Somebody returns to the tab, which then asks who is signed in. Whether it says the text. */
async function comeBack(page: Page, said: string): Promise<boolean> {
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })))
  return (await page.getByText(said).count()) > 0
}

const statusOf = async (key: string) => (await guarded(product, 'GET', '/orders', key)).status

describe.skipIf(!hasChromium)('API keys', () => {
  it('by dev’s link: create, reveal, copy, call, roll, revoke, 401; nothing is asked of any other origin', async () => {
    const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] })
    const page = await context.newPage()
    const origins = new Set<string>()
    page.on('request', (request) => origins.add(new URL(request.url()).origin))
    await page.goto(product.signInUrl)
    await page.waitForURL('**/portal')
    await page.getByRole('heading', { name: 'Home' }).waitFor()
    const key = await createKey(page, 'Billing worker')
    await page.getByRole('button', { name: 'Copy key' }).click()
    await page.getByText('Copied. The clipboard holds it').waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key)
    expect(await statusOf(key)).toBe(200)
    await page.getByRole('button', { name: 'Back to keys' }).click()
    await page.getByRole('link', { name: 'Billing worker' }).click()
    await page.getByRole('button', { name: 'Roll' }).click()
    await page.getByRole('button', { name: 'Roll key' }).click()
    const next = await shownKey(page)
    expect(next).not.toBe(key)
    expect([await statusOf(key), await statusOf(next)]).toEqual([200, 200])
    await storeAndLeave(page)
    await page.goto(`${product.portalUrl}/keys/${idOf(next)}?panel=revoke`)
    await page.getByRole('button', { name: 'Revoke key' }).click()
    await page.getByText(/^Refused by/).waitFor()
    expect(await statusOf(next)).toBe(401)
    expect([...origins]).toEqual([product.url])
    await context.close()
  })

  it('whoever comes first gets a team of their own, once, and makes a key in it', async () => {
    const { page, accountId } = await signSomebodyIn()
    await Promise.all([page.request.get(product.portalUrl), page.request.get(product.portalUrl)])
    const key = await createKey(page, 'First')
    expect(await statusOf(key)).toBe(200)
    await storeAndLeave(page)
    expect(await page.textContent('.top .team')).toBe('Team of Ana Ruiz')
    const teams = list((await call(product, 'GET', '/v1/teams?limit=100')).body.data)
    const members = await Promise.all(
      teams.map(async ({ id }) => list((await call(product, 'GET', `/v1/teams/${id}/members`)).body.data)),
    )
    expect(members.flat().filter((member) => text(member.accountId) === accountId)).toHaveLength(1)
    await page.context().close()
  })

  it('a key is revoked only with the receipt of every verifier, another process among them', async () => {
    const sdk = await startSdk(product, await makeVerifierKey(product))
    const { page } = await signSomebodyIn()
    const key = await createKey(page, 'Watched')
    await storeAndLeave(page)
    expect(await sdk.outcome(key)).toBe('verified')
    await page.goto(`${product.portalUrl}/keys/${idOf(key)}?panel=revoke`)
    await page.getByRole('button', { name: 'Revoke key' }).click()
    await page.getByText('Refused by 1 of 1 verifier').waitFor()
    await page.getByText(/^after at most \d+\.\d s$/).waitFor()
    expect(await sdk.outcome(key)).toBe('revoked')
    sdk.stop()
    await page.context().close()
  })

  it('a key is disabled at once, and Undo brings it back', async () => {
    const { page } = await signSomebodyIn()
    const key = await createKey(page, 'Paused')
    await storeAndLeave(page)
    await page.goto(`${product.portalUrl}/keys/${idOf(key)}`)
    await page.getByRole('button', { name: 'Disable' }).click()
    await page.getByText('Paused is disabled').waitFor()
    expect(await statusOf(key)).toBe(401)
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('Paused is active again').waitFor()
    expect(await statusOf(key)).toBe(200)
    await page.context().close()
  })

  it('a use is on the page within the reporting interval', async () => {
    const { page } = await signSomebodyIn()
    const key = await createKey(page, 'Used')
    await storeAndLeave(page)
    await statusOf(key)
    await eventually(5_000, async () => {
      await page.goto(`${product.portalUrl}/keys/${idOf(key)}?tab=usage`)
      await page.getByRole('link', { name: 'Recent refusals' }).waitFor()
      await page.waitForSelector('.main .card:not(.skeleton)')
      return (await page.textContent('main'))?.includes('above: allowed, 1') === true
    })
    await page.context().close()
  })

  it('a retry after a lost answer makes no second key', async () => {
    const { page } = await signSomebodyIn()
    await page.route(
      '**/v1/keys',
      async (route) => {
        await route.fetch()
        await route.abort()
      },
      { times: 1 },
    )
    await page.goto(`${product.portalUrl}/keys/new?name=Once&scope=orders:read`)
    await page.getByRole('button', { name: 'Create key' }).click()
    await page.getByText('It is not known yet whether the key was made.').waitFor()
    await page.getByRole('button', { name: 'Create key' }).click()
    expect(await statusOf(await shownKey(page))).toBe(200)
    await storeAndLeave(page)
    expect(await page.getByRole('link', { name: 'Once' }).count()).toBe(1)
    await page.context().close()
  })

  it('a roll whose answer was lost ends in its key, though the panel was left and the old key has ended', async () => {
    const { page } = await signSomebodyIn()
    const key = await createKey(page, 'Rolled')
    await storeAndLeave(page)
    await page.route(
      '**/roll',
      async (route) => {
        await route.fetch()
        await route.abort()
      },
      { times: 1 },
    )
    // Nobody can choose this grace.
    await page.goto(`${product.portalUrl}/keys/${idOf(key)}?panel=roll&grace=x`)
    await page.getByLabel('until now').check()
    await page.getByRole('button', { name: 'Roll key' }).click()
    await page.getByText('It is not known yet whether the key was rolled.').waitFor()
    expect(await page.getByLabel('24 hours').isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('link', { name: 'API keys' }).first().click()
    await page.getByLabel('Show ended').check()
    await page.locator(`[data-key="${idOf(key)}"] a`).click()
    await page.getByText('Expired', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Roll', exact: true }).click()
    await page.getByRole('button', { name: 'Roll key' }).click()
    const next = await shownKey(page)
    expect([await statusOf(key), await statusOf(next)]).toEqual([401, 200])
    await storeAndLeave(page)
    expect(await page.locator('[data-key]').count()).toBe(1)
    await page.getByLabel('Show ended').check()
    await expect.poll(() => page.locator('[data-key]').count()).toBe(2)
    await page.context().close()
  })

  it('nothing unknown is shown as none, no failed read as a change, and no fault blanks the page', async () => {
    const { page, context } = await signSomebodyIn()
    const key = await createKey(page, 'Unknown')
    await storeAndLeave(page)
    await page.route('**/v1/usage?*', (route) => route.abort())
    await page.goto(`${product.portalUrl}/keys`)
    await page.getByRole('cell', { name: 'not known now' }).waitFor()
    await page.getByRole('link', { name: 'Unknown' }).click()
    await page.getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('How much it is used is not known now.').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'API keys' }).first().click()
    await page.waitForSelector('.keys')
    await context.setOffline(true)
    await page.getByLabel('Status').selectOption('disabled')
    await page.getByText('The server did not answer. Nothing was changed.').waitFor()
    expect(await page.locator('.keys').count(), 'rows of another filter').toBe(0)
    await eventually(15_000, () => comeBack(page, 'Server does not answer'))
    await context.setOffline(false)
    await page.route('**/v1/keys?*', (route) => route.fulfill({ json: { data: [null], next: null } }))
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('This screen failed').waitFor()
    expect(await page.getByText('No data leaves this server.').isVisible()).toBe(true)
    expect(await statusOf(key)).toBe(200)
    await context.close()
  })

  it('a session that ends or becomes another’s does nothing more, and says which; it goes on once it is back', async () => {
    const { page, context, accountId } = await signSomebodyIn()
    const key = await createKey(page, 'Held')
    await storeAndLeave(page)
    await page.goto(`${product.portalUrl}/keys/${idOf(key)}`)
    const other = await makeAccount(product, { password: undefined })
    const tab = await context.newPage()
    await openLink(tab, other.accountId)
    await page.getByRole('button', { name: 'Disable' }).click()
    await page.getByText('Somebody else is signed in at this browser').first().waitFor()
    await context.clearCookies()
    await eventually(15_000, () => comeBack(page, 'Your session has ended'))
    await openLink(tab, accountId)
    await eventually(15_000, async () => !(await comeBack(page, 'Your session has ended')))
    expect(await statusOf(key)).toBe(200)
    await page.getByRole('button', { name: 'Disable' }).click()
    await page.getByText('Held is disabled').waitFor()
    await context.close()
  })

  it('a portal link’s visitor is offered what the link gives, and the way back', async () => {
    const made = await call(product, 'POST', '/v1/portal-links', {
      team: { externalId: 'shop-1', name: 'Shop' },
      account: { subject: 'customer-1', name: 'Customer' },
      scope: 'keys:read',
      returnUrl: 'https://shop.example/developers',
    })
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(text(made.body.url))
    await page.click('button[type=submit]')
    await page.waitForURL('**/portal')
    await page.getByText('Make the first call').waitFor()
    expect(await page.getByRole('link', { name: /Create key|Make one|Invite/ }).count()).toBe(0)
    await page.getByRole('link', { name: 'API keys' }).first().click()
    await page.getByText('No keys yet').waitFor()
    expect(await page.getByRole('link', { name: 'Back to shop.example' }).getAttribute('href')).toBe(
      'https://shop.example/developers',
    )
    expect(await page.getByRole('link', { name: 'Create key' }).count()).toBe(0)
    await page.setViewportSize({ width: 320, height: 700 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320)
    await context.close()
  })

  it('the server’s words stand at their fields, and nothing is cleared', async () => {
    const { page } = await signSomebodyIn()
    await page.goto(`${product.portalUrl}/keys/new?scope=orders:read&ipAllow=10.0.0.300`)
    await page.getByRole('button', { name: 'Create key' }).click()
    await page.waitForSelector('.notice.bad:focus')
    const name = page.getByLabel('Name', { exact: true })
    const addresses = page.getByLabel('Only from these addresses')
    for (const field of [name, addresses]) {
      expect(await field.getAttribute('aria-invalid')).toBe('true')
      const said = ((await field.getAttribute('aria-describedby')) ?? '').split(' ').at(-1)
      expect(await page.locator(`#${said}`).textContent()).not.toBe('')
    }
    expect(await addresses.inputValue()).toBe('10.0.0.300')
    // The command is gone where its flags could not say the same, and the other sample takes its place; nothing of it was copied.
    await page.getByRole('button', { name: 'command line' }).click()
    await page.locator('.code').getByRole('button', { name: 'Copy' }).click()
    await page.locator('.code').getByRole('button', { name: 'Copied' }).waitFor()
    await addresses.fill('none')
    await page.locator('.code pre', { hasText: 'curl' }).waitFor()
    expect(await page.locator('.code').getByRole('button', { name: 'Copied' }).count()).toBe(0)
    await addresses.fill('10.0.0.300')
    await page.locator('.notice.bad').getByRole('link', { name: /^Name/ }).click()
    expect(await name.evaluate((element) => element === document.activeElement)).toBe(true)
    await page.context().close()
  })

  it('by keyboard alone: create, copy, leave, find it by pasting it, close the help', async () => {
    const { page, context } = await signSomebodyIn()
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.goto(product.portalUrl)
    await page.getByRole('heading', { name: 'First steps' }).waitFor()
    const { keyboard } = page
    await keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    await keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await keyboard.press('c')
    await page.waitForSelector('h1:focus')
    expect(await page.textContent('h1:focus')).toBe('Create a key')
    expect(await page.getByRole('status').allTextContents()).toContain('Create a key')
    await page.getByLabel('Name', { exact: true }).focus()
    await keyboard.type('By hand')
    await page.getByLabel('orders:read').focus()
    await keyboard.press('Space')
    await page.getByLabel('Name', { exact: true }).focus()
    await keyboard.press('Enter')
    const key = await shownKey(page)
    await page.getByRole('button', { name: 'Copy key' }).focus()
    await keyboard.press('Enter')
    await page.getByText('Copied. The clipboard holds it').waitFor()
    await keyboard.press('g')
    await keyboard.press('h')
    await page.waitForSelector('h1:focus')
    expect(await page.textContent('h1:focus')).toBe('Home')
    await keyboard.press('g')
    await keyboard.press('k')
    await page.waitForSelector('.keys')
    await keyboard.press('/')
    await keyboard.press('Control+V')
    expect(await page.locator('.top [name=find]').inputValue()).toBe(key)
    await keyboard.press('Enter')
    await page.waitForURL(`**/keys/${idOf(key)}`)
    expect(await page.locator('.top [name=find]').inputValue()).toBe('')
    await page.waitForSelector('h1:focus')
    await keyboard.press('?')
    await page.getByLabel('Use single keys as shortcuts').focus()
    await keyboard.press('Space')
    await keyboard.press('Escape')
    await page.reload()
    await page.waitForSelector('#facts')
    for (const letter of ['?', 'c', '/']) await keyboard.press(letter)
    expect([await page.getByRole('dialog').count(), page.url().endsWith(idOf(key))]).toEqual([0, true])
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('BODY')
    await context.close()
  })
})

/** Each screen in a state of its own: how somebody who is signed in gets there. Those in `seldom` only in the long form. */
const seldom = ['no keys', 'a menu', 'gone']
const screens: Readonly<Record<string, (page: Page, id: string) => Promise<unknown>>> = {
  'no keys': async (page) => {
    await page.goto(`${product.portalUrl}/keys?status=expired`)
    await page.waitForSelector('.state')
  },
  keys: async (page) => {
    await page.goto(`${product.portalUrl}/keys`)
    await page.waitForSelector('.keys')
  },
  'a menu': async (page) => {
    await page.goto(`${product.portalUrl}/keys`)
    await page.click('.keys .menu button')
    await page.getByRole('menu').waitFor()
  },
  'new key': async (page) => {
    await page.goto(`${product.portalUrl}/keys/new?limit=10`)
    await page.waitForSelector('form.parts')
  },
  reveal: (page) => createKey(page, 'Shown'),
  roll: async (page, id) => {
    await page.goto(`${product.portalUrl}/keys/${id}?panel=roll`)
    await page.waitForSelector('.roll-panel')
    await page.waitForSelector('#facts')
  },
  refused: async (page) => {
    await page.goto(`${product.portalUrl}/keys/new`)
    await page.getByRole('button', { name: 'Create key' }).click()
    await page.waitForSelector('.notice.bad')
  },
  gone: async (page) => {
    await page.goto(`${product.portalUrl}/keys/000000000000`)
    await page.waitForSelector('.state')
  },
  revoke: async (page, id) => {
    await page.goto(`${product.portalUrl}/keys/${id}?panel=revoke`)
    await page.getByRole('alertdialog').waitFor()
    await page.waitForSelector('#facts')
  },
}

describe.skipIf(!hasChromium)('a screen', () => {
  let cookies: Awaited<ReturnType<BrowserContext['cookies']>>
  let id: string
  beforeAll(async () => {
    const { page, context } = await signSomebodyIn()
    const key = await createKey(page, 'Kept')
    for (let calls = 0; calls < 3; calls++) await statusOf(key)
    await storeAndLeave(page)
    cookies = await context.cookies()
    id = idOf(key)
    await context.close()
  })

  const looked = Object.entries(screens).filter(([name]) => inject('isFull') || !seldom.includes(name))
  it.each(looked)('%s: axe finds nothing, nothing is blocked, nothing scrolls sideways', (name, open) =>
    expectSound(
      `portal ${name}`,
      async (page) => {
        await page.context().addCookies(cookies)
        await open(page, id)
      },
      { refused: /\/v1\/keys$/, gone: /\/v1\/keys\/0{12}$/ }[name],
    ),
  )
})
