/** The API reference of the portal, in a browser, with real descriptions and a hostile one. */
import { beforeAll, describe, expect, it } from 'vitest'
import { expectSound, hasChromium, product, useProduct } from './browser.fixture.ts'
import { createKey, everythingOn, shownKey, signSomebodyIn, storeAndLeave } from './portal.fixture.ts'
import { call, guarded, list, text } from './product.fixture.ts'
import {
  addressOf,
  type DescribedApi,
  descriptionText,
  expectOperations,
  goTo,
  makeDescribedApi,
} from './reference.fixture.ts'

useProduct()

const hostile = {
  openapi: '3.1.0',
  info: { title: 'Hostile', version: '1' },
  paths: {
    '/nodes': {
      get: {
        operationId: 'nodes',
        summary: '<img src=x onerror=alert(1)>',
        description: [
          'A **bold** word, <script>window.ran = 1</script> &lt;kept&gt;.',
          '[safe](https://docs.example/a) [code](javascript:window.ran=1) [data](data:text/html,x) [here](/portal/keys)',
          '![picture](https://elsewhere.example/track.png)',
        ].join('\n\n'),
        security: [{ oauth: ['nodes:read', 'nodes:list'] }, { oauth: ['admin'] }],
        parameters: [{ $ref: '#/components/parameters/None' }],
        responses: {
          200: {
            description: 'Nodes',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Node' } } },
          },
        },
      },
      head: { operationId: 'open', security: [], responses: {} },
    },
  },
  components: {
    securitySchemes: {
      oauth: {
        type: 'oauth2',
        flows: { clientCredentials: { tokenUrl: '/t', scopes: { 'nodes:read': 'Read <b>nodes</b>' } } },
      },
    },
    schemas: { Node: { type: 'object', properties: { parent: { $ref: '#/components/schemas/Node' } } } },
  },
}

let box: DescribedApi
let odd: DescribedApi
/** Which of several APIs is shown first is chance: they were made in one second, and are listed by id then. */
let demoId = ''
const demoAddress = (search = '') => `${product.portalUrl}/reference?api=${demoId}${search}`

function scopeOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).scope
}

describe.skipIf(!hasChromium)('the reference', () => {
  beforeAll(async () => {
    const apis = list((await call(product, 'GET', '/v1/apis')).body.data)
    demoId = text(apis.find(({ audience }) => text(audience) === product.audience)?.id)
    box = await makeDescribedApi('Box', descriptionText('box.json'))
    odd = await makeDescribedApi('Hostile', JSON.stringify(hostile))
  })

  it('shows the path and exactly the scopes of 50 random operations, and at most 100 rows of the list', async () => {
    const { page, context } = await signSomebodyIn()
    await page.goto(addressOf(box))
    await page.waitForSelector('.operations a')
    await expectOperations(page, box, 50)
    await page.getByRole('heading', { name: 'Answers' }).waitFor()
    expect(await page.locator('.operations li').count()).toBeLessThan(100)
    await context.close()
  })

  it('is used by keyboard: a search, the list, the operation; a link leads there, back leads away', async () => {
    const { page, context } = await signSomebodyIn()
    await page.goto(addressOf(box))
    await page.getByLabel('Find an operation').fill('webhook')
    await page
      .getByRole('status')
      .getByText(/^\d operations$/)
      .waitFor({ state: 'attached' })
    await page.getByLabel('Find an operation').press('Tab')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#operation:focus')
    const title = await page.textContent('#operation')
    expect(new URL(page.url()).searchParams.get('q')).toBe('webhook')
    await page.reload()
    await page.locator('#operation', { hasText: title ?? '' }).waitFor()
    await page.goBack()
    await page.getByText('Choose an operation').waitFor()
    await page.getByLabel('Find an operation').fill('no such thing')
    await page.getByText('No operation matches').waitFor()
    await page.getByRole('link', { name: 'Show all operations' }).click()
    await page.waitForSelector('.operations a')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download the description' }).click(),
    ])
    expect(await download.failure()).toBeNull()
    await context.close()
  })

  it('loses no letter and no place to a slow machine: the address follows what is typed, and focus the keys', async () => {
    const { page, context } = await signSomebodyIn()
    await page.goto(addressOf(box))
    const search = page.getByLabel('Find an operation')
    const session = await context.newCDPSession(page)
    await session.send('Emulation.setCPUThrottlingRate', { rate: 6 })
    await search.pressSequentially('webook')
    for (let letter = 0; letter < 3; letter++) await search.press('ArrowLeft')
    await search.pressSequentially('h')
    expect(await search.inputValue()).toBe('webhook')
    expect(await search.evaluate((line: HTMLInputElement) => line.selectionStart)).toBe(4)
    await page.waitForURL(/[?&]q=webhook(&|$)/)
    await page.locator('.operations a').nth(4).waitFor()
    await search.press('Tab')
    for (const key of ['ArrowDown', 'ArrowDown', 'End', 'ArrowUp', 'Home', 'ArrowDown', 'Enter'])
      await page.keyboard.press(key)
    await page.locator('#operation:focus', { hasText: 'Create webhook' }).waitFor()
    await context.close()
  })

  it('shows a hostile description as text: nothing runs, nothing is loaded, a circle ends, what is broken is said', async () => {
    const { page, context } = await signSomebodyIn()
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).origin))
    await page.goto(addressOf(odd, '&op=nodes'))
    const article = page.locator('.operation')
    await article.getByRole('link', { name: 'safe' }).waitFor()
    expect(await page.textContent('#operation')).toBe('<img src=x onerror=alert(1)>')
    expect(
      await article
        .locator('.markdown a')
        .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href)),
    ).toEqual(['https://docs.example/a'])
    expect(await article.textContent()).toContain('<kept>')
    expect(await article.locator('img, script, b b').count()).toBe(0)
    expect(await page.evaluate(() => 'ran' in window)).toBe(false)
    expect(await page.locator('.access').textContent()).toContain('nodes:read and nodes:list, or admin')
    expect(await page.locator('.access').textContent()).toContain('Read <b>nodes</b>')
    await article.getByText('the same again, as above').waitFor()
    await article.getByText('#/components/parameters/None').waitFor()
    expect(new Set(asked)).toEqual(new Set([product.url]))
    await context.close()
  })

  it('mints a token with exactly the scopes of what is ticked, each time; a reload and a change of screen leave nothing of it', async () => {
    const { page, context } = await signSomebodyIn()
    await page.goto(demoAddress('&op=createOrder'))
    const mint = async (button: string): Promise<string> => {
      await page.getByRole('button', { name: button }).click()
      await page.waitForSelector('.held .secret:not(:empty)')
      return (await page.textContent('.held .secret')) ?? ''
    }
    const writer = await mint('Get a token')
    expect(scopeOf(writer)).toBe('orders:write')
    expect((await guarded(product, 'GET', '/orders', writer)).status).toBe(403)
    await page.getByText(/ends in [45]:\d\d/).waitFor()
    await page.getByLabel('Tick GET /orders').check()
    await page.getByLabel('Tick GET /health').check()
    await page.getByText('2 operations ticked.').waitFor()
    const reader = await mint('Get a token for 2 operations')
    expect(scopeOf(reader)).toBe('orders:read')
    expect((await guarded(product, 'GET', '/orders', reader)).status).toBe(200)
    expect(await everythingOn(page)).not.toContain(writer)
    expect(page.url()).not.toContain(reader)
    let documents = 0
    page.on('request', (request) => {
      if (request.url().endsWith('/openapi')) documents++
    })
    await page.reload()
    await page.getByText('2 operations ticked.').waitFor()
    expect(await everythingOn(page)).not.toContain(reader)
    const again = await mint('Get a token for 2 operations')
    expect(scopeOf(again)).toBe('orders:read')
    await page.getByRole('link', { name: 'Make this a key' }).click()
    await page.waitForSelector('form.parts')
    expect(await everythingOn(page)).not.toContain(again)
    expect(await page.locator('.scopes input:checked').count()).toBe(1)
    await page.goBack()
    await page.getByText('2 operations ticked.').waitFor()
    expect(await page.locator('.held').count()).toBe(0)

    // One that comes after the reference was left is not held for its return.
    const isLeft = Promise.withResolvers<void>()
    await page.route('**/v1/tokens', async (route) => {
      await isLeft.promise
      await route.continue()
    })
    const minted = page.waitForResponse('**/v1/tokens')
    await page.getByRole('button', { name: 'Get a token for 2 operations' }).click()
    await page.getByRole('link', { name: 'API keys' }).first().click()
    await page.waitForSelector('.state, .keys')
    isLeft.resolve()
    await minted
    await page.waitForTimeout(100)
    await page.goBack()
    await page.getByText('2 operations ticked.').waitFor()
    expect(await page.locator('.held').count()).toBe(0)

    // All else is read again after a key was made, and the document is not.
    await page.getByRole('link', { name: 'Make this a key' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Made here')
    await page.getByRole('button', { name: 'Create key' }).click()
    await shownKey(page)
    await storeAndLeave(page)
    await goTo(page, demoAddress('&op=createOrder'))
    await page.getByRole('heading', { name: 'Answers' }).waitFor()
    await page.evaluate(() => fetch('/healthz').then(() => undefined))
    expect(documents).toBe(1)
    await context.close()
  })

  it('greys what a key cannot call, with the scope that it lacks', async () => {
    const { page, context } = await signSomebodyIn()
    await createKey(page, 'Reader', product, product.audience)
    await storeAndLeave(page)
    // Keys that cannot be read are not taken for none.
    await page.route('**/v1/keys?*', (route) => route.abort())
    await page.goto(demoAddress())
    await page.getByText('The server did not answer. Nothing was changed.').waitFor()
    await page.unrouteAll()
    await page.getByRole('button', { name: 'Try again' }).click()
    const choice = page.getByLabel('What can this key call?')
    await choice.selectOption('Reader')
    await page.getByText('Reader can call 2 of 3 operations.').waitFor()
    expect(await page.locator('.operations .out').allTextContents()).toEqual(['POST /orderslacks orders:write'])
    await page.locator('.operations .out').click()
    await page.getByText('Reader lacks orders:write.').waitFor()
    await page.reload()
    await page.getByText('Reader lacks orders:write.').waitFor()
    await choice.selectOption('choose a key')
    await expect.poll(() => page.locator('.operations .out').count()).toBe(0)
    await context.close()
  })

  it('is sound in every view', async () => {
    const { context } = await signSomebodyIn()
    const cookies = await context.cookies()
    await context.close()
    await expectSound('reference', async (page) => {
      await page.context().addCookies(cookies)
      await page.goto(addressOf(odd, '&op=nodes'))
      await page.waitForSelector('.markdown')
    })
  })
})
