/** Debian's Chromium, for the tests of pages. */
import { existsSync } from 'node:fs'
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Whether pages can be opened here. `.ci/run` installs what is needed. */
export const hasChromium: boolean = existsSync(executablePath)

export function openChromium(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

/** Every way in which a person may look at a page. */
export const views: readonly (BrowserContextOptions & { readonly name: string })[] = (
  ['light', 'dark'] as const
).flatMap((colorScheme) =>
  [320, 1360].map((width) => ({
    name: `${colorScheme} ${width}`,
    colorScheme,
    viewport: { width, height: 900 },
  })),
)

/** The findings of axe, each with the elements that it is about. */
export async function findingsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run())
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}
