/** Connections in the portal: the applications that a person has let in. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { browser, expectSound, fillSignIn, hasChromium, product, useProduct } from './browser.fixture.ts'
import { makeAccount } from './person.fixture.ts'

useProduct()

/** Somebody who has let the application in. */
async function letIn(page: Page): Promise<void> {
  await page.goto(product.demo.webUrl)
  await page.click('text=Sign in with Countersign')
  await fillSignIn(page, (await makeAccount(product)).email)
  await page.click('[name=decision][value=allow]')
  await page.waitForSelector('text=a sextant')
}

const address = () => `${product.portalUrl}/connections`

describe.skipIf(!hasChromium)('connections', () => {
  it('an application that was let in is removed with a receipt, by keyboard, and its tokens end', async () => {
    const page = await (await browser.newContext()).newPage()
    await letIn(page)
    await page.goto(address())
    const row = page.locator('tr', { hasText: 'Ledgerly' })
    await row.waitFor()
    expect(await row.textContent()).toContain('orders:read')
    const remove = page.getByRole('button', { name: 'Remove Ledgerly' })
    await remove.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('alertdialog').waitFor()
    expect(page.url()).toContain('remove=consent_')
    await page.keyboard.press('Escape')
    await page.getByRole('alertdialog').waitFor({ state: 'detached' })
    expect(await remove.evaluate((it) => it === document.activeElement)).toBe(true)
    await page.keyboard.press('Enter')
    // While it is sent, the dialog stays, and tells a refusal; the list is read again, since nobody knows what was done.
    const isPressed = Promise.withResolvers<void>()
    await page.route(
      '**/revoke',
      async (route) => {
        await isPressed.promise
        await route.abort()
      },
      { times: 1 },
    )
    await page.getByRole('button', { name: 'Remove application' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Removing…' }).waitFor()
    await page.keyboard.press('Escape')
    const isRead = page.waitForRequest('**/v1/consents?*')
    isPressed.resolve()
    await page.getByText('Nobody can tell yet whether it was done.').waitFor()
    await isRead
    await page.getByRole('button', { name: 'Remove application' }).focus()
    await page.keyboard.press('Enter')
    await page.getByText(/^Refused by/).waitFor()
    await page.getByText('No application is let in').waitFor()
    await page.goto(product.demo.webUrl)
    expect(await page.textContent('[role=status]')).toContain('has ended')
  })

  it('the list, the menu of small screens and the dialog are sound; nobody sees what others allow', async () => {
    const context = await browser.newContext()
    await letIn(await context.newPage())
    const cookies = await context.cookies()
    const open = async (page: Page): Promise<void> => {
      await page.context().addCookies(cookies)
      await page.goto(address())
      await page.locator('tr', { hasText: 'Ledgerly' }).waitFor()
      expect(await page.locator('tbody tr').count()).toBe(1)
    }
    await expectSound('portal connections', open)
    const small = await browser.newContext({ viewport: { width: 320, height: 640 } })
    const page = await small.newPage()
    await open(page)
    await page.locator('summary[aria-label=Screens]').click()
    if (process.env.SHOTS !== undefined) await page.screenshot({ path: `${process.env.SHOTS}/portal-menu-320.png` })
    await page.keyboard.press('Escape')
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Screens')
    await page.keyboard.press('Enter')
    await page.locator('.screens a', { hasText: 'API keys' }).click()
    await page.waitForURL('**/portal/keys')
    expect(await page.locator('.screens[open]').count()).toBe(0)
    await small.close()
    await expectSound('portal connections dialog', async (page) => {
      await open(page)
      await page.getByRole('button', { name: 'Remove Ledgerly' }).click()
      await page.getByRole('alertdialog').waitFor()
    })
  })
})
