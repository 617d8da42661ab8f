/** An API with a real description, which every team of somebody's own has access to. */
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { product } from './browser.fixture.ts'
import { call, text } from './product.fixture.ts'

export interface DescribedApi {
  readonly id: string
  readonly audience: string
  readonly callUrl: string
  readonly operations: readonly DescribedOperation[]
}

export interface DescribedOperation {
  readonly method: string
  readonly basePath: string
  readonly path: string
  readonly operationId: string
  readonly requires: readonly (readonly string[])[]
  readonly public: boolean
}

/** The text of a description beside the tests. */
export function descriptionText(name: 'box.json' | 'spotify.yaml'): string {
  return readFileSync(new URL(`./fixtures/openapi/${name}`, import.meta.url), 'utf8')
}

export async function makeDescribedApi(name: string, description: string): Promise<DescribedApi> {
  const audience = `https://${name.toLowerCase()}.example`
  const callUrl = `https://calls.${name.toLowerCase()}.example`
  const made = await call(product, 'POST', '/v1/apis', { audience, name, callUrl })
  const id = text(made.body.id)
  const imported = await fetch(`${product.url}/v1/apis/${id}/openapi`, {
    method: 'POST',
    headers: { authorization: `Bearer ${product.adminKey}`, 'content-type': 'application/json' },
    body: description,
  })
  const { operations, scopes } = (await imported.json()) as {
    operations: DescribedOperation[]
    scopes: { name: string }[]
  }
  // The API has the scopes of its document from here on.
  await call(product, 'PATCH', `/v1/apis/${id}`, { selfServiceScope: scopes.map((scope) => scope.name).join(' ') })
  return { id, audience, callUrl, operations }
}

export function addressOf(api: DescribedApi, search = ''): string {
  return `${product.portalUrl}/reference?api=${api.id}${search}`
}

/** Goes there without loading the page anew. */
export async function goTo(page: Page, address: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState(null, '', to)
    dispatchEvent(new PopStateEvent('popstate'))
  }, address)
}

/** The same numbers in each run, whose cause can then be found. */
function* numbersBelow(end: number): Generator<number> {
  for (let state = 12_345; ; ) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    yield state % end
  }
}

/** The page, which shows the reference of the API, has the path and the scopes of so many operations as they were imported. */
export async function expectOperations(page: Page, api: DescribedApi, many: number): Promise<void> {
  const numbers = numbersBelow(api.operations.length)
  for (let round = 0; round < many; round++) {
    const operation = api.operations[numbers.next().value as number]
    if (operation === undefined) throw new Error('no operation')
    const { method, basePath, path, operationId, requires } = operation
    await goTo(page, addressOf(api, `&op=${encodeURIComponent(operationId)}`))
    await page.locator('.route', { hasText: `${method} ${basePath}${path}` }).waitFor()
    expect(await page.locator('.route').textContent()).toBe(`${method} ${basePath}${path}`)
    const template = `${api.callUrl}${basePath}${path}`.replace(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase())
    expect(await page.locator('.code pre').textContent()).toContain(template)
    expect(await page.locator('.access .tag').allTextContents(), operationId).toEqual(requires.flat())
    expect(await page.locator('.access').getByText('Public: it needs no credential.').count()).toBe(
      operation.public ? 1 : 0,
    )
  }
}
