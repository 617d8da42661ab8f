/** Passkeys, authenticator apps and the pages that set them up, in a browser. */
import type { Browser, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { stepAt, totpCode } from '../packages/server/src/people/factors/totp.ts'
import { browser, expectSound, fillSignIn, hasChromium, product, useProduct } from './browser.fixture.ts'
import { makeAccount } from './person.fixture.ts'

useProduct()

/** A page of a browser whose device has a finger on it. */
async function openPage(how: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const page = await (await browser.newContext(how)).newPage()
  if (how.javaScriptEnabled !== false) await addAuthenticator(page)
  return page
}

async function addAuthenticator(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const kind = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true } as const
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { ...kind, isUserVerified: true, automaticPresenceSimulation: true },
  })
}

async function signIn(page: Page, email: string): Promise<void> {
  await page.goto(`${product.url}/login`)
  await fillSignIn(page, email)
}

const atAccount = (page: Page) => page.waitForURL('**/account')

async function addPasskey(page: Page): Promise<void> {
  await page.goto(`${product.url}/account/passkeys`)
  await page.click('[data-passkey=create] button')
  await page.waitForSelector('.codes, .rows')
}

/** Sets an app up, and gives its codes: one for each call, of a step that none before had. */
async function addApp(page: Page): Promise<() => string> {
  await page.goto(`${product.url}/account/authenticator`)
  const text = (await page.textContent('.scan code'))?.replaceAll(' ', '') ?? ''
  const bits = [...text]
    .map((each) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(each).toString(2).padStart(5, '0'))
    .join('')
  const secret = Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
  // A code is good one step early as well, and one step late.
  let step = stepAt(Date.now() / 1_000)
  const next = () => totpCode(secret, step++)
  await page.fill('[name=totp]', next())
  await page.click('button.primary')
  await page.waitForSelector('.codes')
  return next
}

/** Each page in a state of its own: how a person gets there. */
const pages: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  password: (page) => go(page, 'password'),
  passkeys: (page) => go(page, 'passkeys'),
  'passkeys, one': async (page) => {
    await signedIn(page)
    await addPasskey(page)
    await page.goto(`${product.url}/account/passkeys`)
  },
  authenticator: (page) => go(page, 'authenticator'),
  'authenticator, wrong code': async (page) => {
    await go(page, 'authenticator')
    await page.fill('[name=totp]', '000000')
    await page.click('button.primary')
  },
  'authenticator, on': async (page) => {
    await signedIn(page)
    await addApp(page)
    await page.goto(`${product.url}/account/authenticator`)
  },
  'recovery codes, shown': async (page) => {
    await signedIn(page)
    await addApp(page)
  },
  'recovery codes': async (page) => {
    await signedIn(page)
    await addApp(page)
    await page.goto(`${product.url}/account/recovery-codes`)
  },
  'account with all of them': async (page) => {
    await signedIn(page)
    await addApp(page)
    await addPasskey(page)
    await page.goto(`${product.url}/account`)
  },
  'account of an operator': (page) => signedIn(page, { role: 'operator' }),
  'step up': (page) => go(page, 'step-up'),
  'step up, two ways': async (page) => {
    await signedIn(page)
    await addApp(page)
    await addPasskey(page)
    await page.goto(`${product.url}/account/step-up`)
  },
  'second factor': secondFactor,
  'second factor, wrong code': async (page) => {
    await secondFactor(page)
    await page.fill('[name=totp]', '000000')
    await page.click('button.primary')
    await page.click('summary')
  },
}

async function signedIn(page: Page, more: object = {}): Promise<string> {
  const { email } = await makeAccount(product, more)
  await signIn(page, email)
  await atAccount(page)
  return email
}

async function go(page: Page, name: string): Promise<void> {
  await signedIn(page)
  await page.goto(`${product.url}/account/${name}`)
}

async function secondFactor(page: Page): Promise<void> {
  const email = await signedIn(page)
  await addApp(page)
  await page.context().clearCookies()
  await signIn(page, email)
}

describe.skipIf(!hasChromium)('a page', () => {
  it.each(Object.entries(pages))(
    '%s: axe finds nothing, nothing is blocked, nothing scrolls sideways',
    (name, open) =>
      expectSound(name, async (page) => {
        await addAuthenticator(page)
        await open(page)
      }),
    120_000,
  )
})

describe.skipIf(!hasChromium)('in a browser', () => {
  it('a passkey is added, signs in by one press, proves again who it is, and is removed', async () => {
    const page = await openPage()
    await signedIn(page)
    await addPasskey(page)
    expect(await page.locator('.codes li').count()).toBe(10)
    await page.goto(`${product.url}/account`)
    await page.click('form[action$="/logout"] button')
    await page.waitForURL('**/login')
    await page.click('[data-passkey=get] button')
    await atAccount(page)
    expect(await page.textContent('main')).toContain('Ann Example')
    await page.goto(`${product.url}/account/step-up?returnTo=/account/passkeys`)
    await page.click('[data-passkey=get] button')
    await page.waitForURL('**/account/passkeys')
    await page.click('.rows .danger')
    await page.waitForFunction(() => document.querySelector('.rows') === null)
  })

  it('a passkey is the second factor after the password', async () => {
    const page = await openPage()
    const email = await signedIn(page)
    await addPasskey(page)
    await page.context().clearCookies()
    await signIn(page, email)
    await page.waitForSelector('h1:has-text("One more step")')
    await page.click('[data-passkey=get] button')
    await atAccount(page)
  })

  it('a device that does not verify the person signs nobody in, and the page says so', async () => {
    const page = await openPage()
    await page.goto(`${product.url}/login`)
    await page.click('[data-passkey=get] button')
    await page.waitForSelector('[data-failed]:not([hidden])')
    expect(page.url()).toBe(`${product.url}/login`)
    await fillSignIn(page, (await makeAccount(product)).email)
    await atAccount(page)
  }, 60_000)

  it('without script an app and recovery codes do everything, and no passkey is offered', async () => {
    const page = await openPage({ javaScriptEnabled: false })
    const email = await signedIn(page)
    const next = await addApp(page)
    const recovery = (await page.textContent('.codes code')) ?? ''
    for (const [name, code] of [
      ['totp', next()],
      ['recovery_code', recovery],
    ] as const) {
      await page.context().clearCookies()
      await signIn(page, email)
      expect(await page.isVisible('[data-passkey]')).toBe(false)
      if (name === 'recovery_code') await page.click('summary')
      await page.fill(`[name=${name}]`, code)
      await page.press(`[name=${name}]`, 'Enter')
      await atAccount(page)
    }
  })

  it('back and reload show recovery codes no more', async () => {
    const page = await openPage()
    await signedIn(page)
    await addApp(page)
    await page.reload()
    expect(await page.locator('.codes').count()).toBe(0)
    await page.goto(`${product.url}/account`)
    await page.goBack()
    expect(await page.locator('.codes').count()).toBe(0)
  })

  it('setting a password keeps this browser signed in, and signs out every other', async () => {
    const [here, there] = [await openPage(), await openPage()]
    const email = await signedIn(here)
    await signIn(there, email)
    await atAccount(there)
    await here.goto(`${product.url}/account/password`)
    await here.fill('[name=password]', 'another horse battery')
    await here.click('button.primary')
    await atAccount(here)
    await there.reload()
    await there.waitForURL('**/login')
    await here.reload()
    expect(await here.textContent('main')).toContain('Ann Example')
  })
})
