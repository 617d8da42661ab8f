/** The kit of the portal, every part of it in each of its states. */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, inject, it } from 'vitest'
import { expectSound, hasChromium, product, useProduct } from './browser.fixture.ts'
import { signSomebodyIn } from './portal.fixture.ts'

useProduct()

const kit = join(import.meta.dirname, '../packages/portal/src/shared/kit')

describe.skipIf(!hasChromium)('the kit', () => {
  it('shows something of each of its files, in both themes, sound; what lies on top opens, is refused and closes', async () => {
    const { page, context } = await signSomebodyIn()
    const open = async (on: Page): Promise<void> => {
      await on.goto(`${product.portalUrl}/kit`)
      await on.locator('[data-part="toasts.tsx"]').waitFor()
      // Skeletons come after a moment.
      await on.locator('.skeleton i:not(.unseen)').first().waitFor()
    }
    await open(page)
    for (const file of globSync('**/*.tsx', { cwd: kit })) {
      const box = await page.locator(`[data-part="${file}"] > :not(h2)`).first().boundingBox()
      expect(box?.height, file).toBeGreaterThan(0)
    }
    await page.getByRole('button', { name: /^Account of/ }).click()
    await page.getByRole('menuitemradio', { name: 'Dark' }).click()
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark')
    await page.keyboard.press('Escape')
    await page.getByRole('menu').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'More', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Open', exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('menu').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Open one that is refused' }).click()
    await page.getByRole('button', { name: 'Revoke key' }).click()
    await page.getByRole('alertdialog').getByText('The store did not answer.').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('alertdialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Show a toast', exact: true }).click()
    await page.getByText('Billing worker is disabled').waitFor()
    const cookies = (await context.cookies()).filter(({ name }) => name !== 'cs-theme')
    // By the length of its name one is small in the dark and the other wide in the light; the short form has the first.
    const views = ['portal kit', 'portal kit wide']
    for (const name of views.slice(0, inject('isFull') || process.env.SHOTS !== undefined ? 2 : 1))
      await expectSound(name, async (other) => {
        await other.context().addCookies(cookies)
        await open(other)
      })
    await context.close()
  }, 120_000)
})
