/** `@countersign/client` signs people in at the started product: from a page in Chromium, and from a program of Node. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createProgramSignIn, credentialFile } from '@countersign/client/node'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle } from '../packages/client/src/bundle.fixture.ts'
import { freePort } from '../scripts/free_port.ts'
import { browser, fillSignIn, hasChromium, letSomebodyIn, product, useProduct } from './browser.fixture.ts'
import { makeAccount } from './person.fixture.ts'
import { call, guarded, text } from './product.fixture.ts'

useProduct()
let site: Server
let siteUrl: string
let clientId: string

beforeAll(async () => {
  if (!hasChromium) return
  const { code } = await bundle('./browser.ts')
  site = createServer((request, response) => {
    if (request.url === '/client.js') response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(code)
    else response.writeHead(200, { 'Content-Type': 'text/html' }).end(page(clientId))
  })
  await new Promise<void>((listening) => site.listen(0, '127.0.0.1', listening))
  siteUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
  clientId = await application({ type: 'spa', redirectUris: [`${siteUrl}/callback`], offlineAccess: true })
})
afterAll(() => {
  site?.close()
})

/** An application: at `/callback` it finishes, and elsewhere says who is there. */
const page = (id: string): string => `<!doctype html><title>Ledgerly</title><p id="who"></p>
<script type="module">
  import { createSignIn } from '/client.js'
  const say = (text) => { document.getElementById('who').textContent = text }
  const options = { issuer: ${JSON.stringify(product.issuer)}, clientId: ${JSON.stringify(id)}, redirectUri: location.origin + '/callback' }
  const onChange = (who) => say(who === undefined ? 'nobody' : who.claims.sub.slice(0, 5))
  globalThis.aheadSeconds = 0
  const now = () => Date.now() / 1000 + aheadSeconds
  globalThis.signIn = createSignIn({ ...options, scope: 'openid offline_access orders:read', onChange, now })
  if (location.pathname === '/callback') signIn.finish().catch((error) => say(error.code))
  else signIn.present().then(onChange)
</script>`

async function application(more: object): Promise<string> {
  const access = [{ audience: product.audience, scope: 'orders:read orders:write' }]
  const { body } = await call(product, 'POST', '/v1/clients', { name: 'Ledgerly', access, ...more })
  return text(body.clientId)
}

type Ledgerly = { readonly signIn: { begin(): Promise<void>; token(): Promise<string>; signOut(): Promise<void> } }
const begin = (on: Page) => on.evaluate(() => (globalThis as unknown as Ledgerly).signIn.begin())
const token = (on: Page) => on.evaluate(() => (globalThis as unknown as Ledgerly).signIn.token())
const says = (on: Page, what: string) => on.waitForSelector(`#who:text-is("${what}")`)

async function open(context: BrowserContext): Promise<Page> {
  const opened = await context.newPage()
  await opened.goto(`${siteUrl}/`)
  return opened
}

describe.skipIf(!hasChromium)('a page', () => {
  it('signs a person in, calls the API, shares that with other tabs, and keeps nothing on the disk', async () => {
    const context = await browser.newContext()
    const one = await open(context)
    await says(one, 'nobody')
    await begin(one)
    await letSomebodyIn(one)
    await says(one, 'acct_')
    expect(new URL(one.url()).search).toBe('')
    const given = await token(one)
    expect((await guarded(product, 'GET', '/orders', given)).status).toBe(200)
    const two = await open(context)
    await says(two, 'acct_')
    expect(await token(two)).toBe(given)
    // Due in both tabs at once: one of them refreshes.
    let refreshed = 0
    context.on('request', (request) => {
      if (request.postData()?.includes('grant_type=refresh_token') === true) refreshed += 1
    })
    for (const tab of [one, two])
      await tab.evaluate(() => {
        Object.assign(globalThis, { aheadSeconds: 3_000 })
      })
    const [next, same] = await Promise.all([token(one), token(two)])
    expect([next === given, next === same, refreshed]).toEqual([false, true, 1])
    for (const tab of [one, two]) {
      const stored = await tab.evaluate(() =>
        JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
      )
      expect(stored).toBe('[{},{},""]')
    }
    await two.evaluate(() => (globalThis as unknown as Ledgerly).signIn.signOut())
    await says(one, 'nobody')
    for (const ended of [given, next]) expect((await guarded(product, 'GET', '/orders', ended)).status).toBe(401)
    await context.close()
  })

  it('is told that the person has refused, and takes no answer of another tab', async () => {
    const context = await browser.newContext()
    const one = await open(context)
    await begin(one)
    await fillSignIn(one, (await makeAccount(product)).email)
    await one.click('[name=decision][value=deny]')
    await says(one, 'access_denied')
    const two = await context.newPage()
    await two.goto(`${siteUrl}/callback?code=x&state=y&iss=${product.issuer}`)
    await says(two, 'unexpected_answer')
    await context.close()
  })
})

describe.skipIf(!hasChromium)('a program', () => {
  it('signs a person in by the browser of the machine, and calls the API', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-program-'))
    const context = await browser.newContext()
    let aheadSeconds = 0
    const program = createProgramSignIn({
      issuer: product.issuer,
      clientId: await application({ type: 'native', redirectUris: ['http://127.0.0.1/callback'] }),
      store: credentialFile(join(folder, 'credentials.json')),
      scope: 'openid orders:read',
      now: () => Date.now() / 1000 + aheadSeconds,
      open: async (url) => {
        const opened = await context.newPage()
        await opened.goto(url)
        await letSomebodyIn(opened)
      },
    })
    expect(await program.signIn()).toMatchObject({ claims: { sub: expect.stringMatching(/^acct_/) } })
    const given = await program.token()
    aheadSeconds = 3_000
    const next = await program.token()
    expect(next).not.toBe(given)
    for (const each of [given, next]) expect((await guarded(product, 'GET', '/orders', each)).status).toBe(200)
    await program.signOut()
    for (const each of [given, next]) expect((await guarded(product, 'GET', '/orders', each)).status).toBe(401)
    await context.close()
    rmSync(folder, { recursive: true })
  })
})

describe.skipIf(!hasChromium)('examples/web_application.ts', () => {
  it('signs a person in, calls the API for them, and stops once they have removed it', async () => {
    const port = await freePort()
    const { body } = await call(product, 'POST', '/v1/clients', {
      name: 'Example',
      type: 'web',
      access: [{ audience: product.audience, scope: 'orders:read' }],
      redirectUris: [`http://localhost:${port}/callback`],
    })
    const env = {
      ...process.env,
      PORT: String(port),
      COUNTERSIGN_URL: product.issuer,
      CLIENT_ID: text(body.clientId),
      CLIENT_SECRET: text(body.clientSecret),
      AUDIENCE: product.audience,
      API: product.gatewayUrl,
    }
    const program = fileURLToPath(new URL('../examples/web_application.ts', import.meta.url))
    const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      await new Promise((resolve) => createInterface({ input: child.stdout }).once('line', resolve))
      const context = await browser.newContext()
      const opened = await context.newPage()
      await opened.goto(`http://localhost:${port}/`)
      await opened.click('text=Sign in')
      await letSomebodyIn(opened)
      const shown = async () => JSON.parse((await opened.textContent('body')) ?? '')
      expect(await shown()).toMatchObject({
        person: expect.stringMatching(/^acct_/),
        status: 200,
        orders: { orders: [{}, {}] },
      })
      await opened.goto(`${product.url}/account`)
      await opened.click('li:has-text("Example") button')
      await opened.goto(`http://localhost:${port}/`)
      expect(await shown()).toMatchObject({ status: 401 })
      await context.close()
    } finally {
      child.kill()
    }
  })
})
