/** A key is shown once: where it is not, and what waits until it was stored. */
import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { hasChromium, product, useProduct } from './browser.fixture.ts'
import { createKey, everythingOn, idOf, memoryOf, shownKey, signSomebodyIn, storeAndLeave } from './portal.fixture.ts'
import { startProduct } from './product.fixture.ts'

useProduct()

describe.skipIf(!hasChromium)('a key that is shown', () => {
  it('is nowhere once its card is left: address, page, storage, fields, memory; back shows that it was shown', async () => {
    const { page, context } = await signSomebodyIn()
    const key = await createKey(page, 'Secret')
    const secret = key.split('_')[3] ?? ''
    expect(await memoryOf(page), 'the search finds it while it is shown').toContain(secret)
    expect(page.url()).not.toContain(secret)
    await storeAndLeave(page)
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Secret')
    expect(await everythingOn(page)).not.toContain(secret)
    await page.goto(`${product.portalUrl}/keys/${idOf(key)}?shown=once`)
    await page.getByText('This key was already shown').waitFor()
    await page.goBack()
    await page.waitForSelector('.keys')
    expect(await everythingOn(page)).not.toContain(secret)
    await context.close()
  })

  it('is in no memory of the page after it was left', async () => {
    const { page, context } = await signSomebodyIn()
    const secret = (await createKey(page, 'Secret')).split('_')[3] ?? ''
    await storeAndLeave(page)
    await expect.poll(async () => (await memoryOf(page)).includes(secret), { timeout: 20_000 }).toBe(false)
    await context.close()
  })

  it('keeps whoever leaves without it, from the moment that it is asked for: Esc, a click beside it, a link, a shortcut, back, the button, a reload', async () => {
    const { page, context } = await signSomebodyIn()
    // The answer waits, and nothing else of the key can be read.
    let answer = (): void => undefined
    const isAnswered = new Promise<void>((resolve) => {
      answer = resolve
    })
    await page.route('**/v1/keys', async (route) => {
      const response = await route.fetch()
      await isAnswered
      await route.fulfill({ response })
    })
    await page.route(/\/v1\/keys\/\w+$/, (route) => route.abort())
    await page.goto(`${product.portalUrl}/keys`)
    await page.getByRole('link', { name: 'Create key' }).first().click()
    await page.getByLabel('Name', { exact: true }).fill('Gated')
    await page.getByRole('button', { name: 'Create key' }).click()
    await page.getByRole('link', { name: 'API keys' }).first().click()
    await page.getByText('A secret is on its way. Wait for the answer.').waitFor()
    answer()
    const key = await shownKey(page)
    await page.unrouteAll()
    const asked: string[] = []
    page.on('dialog', (dialog) => {
      asked.push(dialog.type())
      void dialog.dismiss()
    })
    await page.keyboard.press('Escape')
    await page.mouse.click(2, 400)
    await page.getByRole('link', { name: 'API keys' }).first().click()
    await page.keyboard.press('c')
    await page.evaluate(() => history.back())
    await page.evaluate(() => void setTimeout(() => location.reload(), 0))
    await expect.poll(() => asked).toEqual(['beforeunload'])
    await page.evaluate(() => history.back())
    // It can be pressed, and says why it does nothing.
    await page.getByRole('button', { name: 'Back to keys' }).click({ force: true })
    expect(await page.textContent('.secret')).toBe(key)
    expect(await page.getByRole('status').allTextContents()).toContain(
      'The key has not been copied. Whoever leaves now needs another one.',
    )
    // A download may have failed, and a tick be taken back.
    await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download .env' }).click()])
    const leave = page.getByRole('button', { name: 'Back to keys' })
    expect(await leave.getAttribute('aria-disabled')).toBe('true')
    await page.getByLabel('I have stored it somewhere safe').check()
    expect(await leave.getAttribute('aria-disabled')).toBe('false')
    await page.getByLabel('I have stored it somewhere safe').uncheck()
    await page.getByText('Not marked as stored.').waitFor()
    await page.getByRole('link', { name: 'API keys' }).first().click()
    expect(await page.textContent('.secret')).toBe(key)
    await storeAndLeave(page)
    await context.close()
  })

  it('is selected byte for byte by a triple click', async () => {
    const { page, context } = await signSomebodyIn()
    const key = await createKey(page, 'Selected')
    await page.click('.secret', { clickCount: 3 })
    expect(await page.evaluate(() => String(getSelection()))).toBe(key)
    expect(await page.evaluate(() => document.querySelector('.secret')?.childNodes.length)).toBe(1)
    // The browser keeps the page for the way back, and shows it again.
    await page.evaluate(() => {
      dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))
      dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
    })
    await page.getByText('This key was already shown').waitFor()
    expect(await everythingOn(page)).not.toContain(key)
    await context.close()
  })

  it('is copied over plain http on another name; where nothing copies, the page says so and stays', async () => {
    const other = await startProduct(['--host', hostname()])
    const { page, context } = await signSomebodyIn({}, other)
    const key = await createKey(page, 'Insecure', other)
    expect(await page.evaluate(() => isSecureContext)).toBe(false)
    await page.getByRole('button', { name: 'Copy key' }).click()
    await page.getByText('Copied. The clipboard holds it').waitFor()
    await page.locator('.top [name=find]').focus()
    await page.keyboard.press('Control+V')
    expect(await page.locator('.top [name=find]').inputValue()).toBe(key)
    await page.locator('.top [name=find]').fill('')
    await storeAndLeave(page)
    const second = await createKey(page, 'Blocked', other)
    await page.evaluate(() => {
      document.execCommand = () => false
    })
    await page.getByRole('button', { name: 'Copy key' }).click()
    await page.getByText('Couldn’t copy. The key is selected: press Ctrl+C.').waitFor()
    await page.getByRole('button', { name: 'Couldn’t copy. Press Ctrl+C' }).waitFor()
    expect(await page.evaluate(() => String(getSelection()))).toBe(second)
    expect(await page.getByRole('button', { name: 'Back to keys' }).getAttribute('aria-disabled')).toBe('true')
    await context.close()
    await other.stop()
  })
})
