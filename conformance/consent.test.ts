/** An application is let in, in a browser: Allow reaches every kind of client, also those that redirect on. */
import { createHash, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as oauth from 'oauth4webapi'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../scripts/free_port.ts'
import { browser, expectSound, fillSignIn, hasChromium, product, useProduct } from './browser.fixture.ts'
import { makeAccount } from './person.fixture.ts'
import { call, text } from './product.fixture.ts'
import { makeTls, type Tls } from './tls.fixture.ts'

useProduct()
let site: Server
let siteUrl: string
let tls: Tls
/** The same site behind TLS, as one of the web is. */
let secureUrl: string
/** The requests that came to the own site of the client. */
const arrived: string[] = []

beforeAll(async () => {
  site = createServer((request, response) => {
    arrived.push(request.url ?? '')
    // An application goes on from its callback, to another host even.
    const home = `http://localhost:${(site.address() as AddressInfo).port}/home`
    if (request.url?.startsWith('/callback') === true) response.writeHead(302, { Location: home }).end()
    else response.writeHead(200, { 'Content-Type': 'text/html' }).end('<title>Ledgerly</title><h1>Welcome</h1>')
  })
  await new Promise<void>((listening) => site.listen(0, '127.0.0.1', listening))
  siteUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
  const port = await freePort()
  secureUrl = `https://localhost:${port}`
  tls = makeTls()
  await tls.serve(port, siteUrl)
})
afterAll(() => {
  tls?.stop()
  site?.close()
})

async function client(redirectUri: string, more: object = {}): Promise<string> {
  const access = [{ audience: product.audience, scope: 'orders:read orders:write' }]
  const body = { name: 'Ledgerly', type: 'native', access, redirectUris: [redirectUri], ...more }
  return text((await call(product, 'POST', '/v1/clients', body)).body.clientId)
}

const verifier = randomBytes(32).toString('base64url')
const challenge = createHash('sha256').update(verifier).digest('base64url')

function askingUrl(clientId: string, redirectUri: string, more: Record<string, string> = {}): string {
  const fields = { response_type: 'code', client_id: clientId, redirect_uri: redirectUri, code_challenge: challenge }
  const rest = { code_challenge_method: 'S256', state: 's', scope: 'orders:read', ...more }
  return `${product.issuer}/oauth/authorize?${new URLSearchParams({ ...fields, ...rest })}`
}

/** Somebody new comes to the consent. */
async function signIn(page: Page): Promise<void> {
  await fillSignIn(page, (await makeAccount(product)).email)
  await page.waitForSelector('[name=decision][value=allow]')
}

describe.skipIf(!hasChromium)('the consent page', () => {
  it.each([true, false])(
    'axe finds nothing, nothing is blocked, nothing scrolls sideways, checked: %s',
    async (verified) => {
      const clientId = await client(`${siteUrl}/callback`, { verified })
      await expectSound(`consent ${verified}`, async (page) => {
        await page.goto(askingUrl(clientId, `${siteUrl}/callback`))
        await signIn(page)
      })
    },
  )

  it.each<[string, string, Record<string, string>]>([
    ['an application of the web', 'web', {}],
    ['an application of the web that takes the answer by a form', 'web', { response_mode: 'form_post' }],
    ['an application on this machine, on another port than it registered', 'native', {}],
    ['an application on this machine that takes the answer by a form', 'native', { response_mode: 'form_post' }],
  ])('Allow reaches %s, which redirects on', async (_, type, more) => {
    const redirectUri = `${type === 'web' ? secureUrl : siteUrl}/callback`
    const clientId = await client(type === 'web' ? redirectUri : 'http://127.0.0.1/callback', { type })
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
    arrived.length = 0
    await page.goto(askingUrl(clientId, redirectUri, more))
    await signIn(page)
    const called = page.waitForRequest((request) => request.url().startsWith(redirectUri))
    await page.click('[name=decision][value=allow]')
    await called
    await page.waitForURL('**/home')
    expect(arrived[0]).toMatch(/^\/callback/)
  })

  it('Allow hands the answer to an application with a scheme of its own', async () => {
    const clientId = await client('com.example.ledgerly:/callback')
    const page = await (await browser.newContext()).newPage()
    await page.goto(askingUrl(clientId, 'com.example.ledgerly:/callback'))
    await signIn(page)
    const answered = page.waitForResponse((response) => response.url().endsWith('/oauth/consent'))
    await page.click('[name=decision][value=allow]')
    const location = (await (await answered).allHeaders()).location
    expect(location).toMatch(/^com\.example\.ledgerly:\/callback\?code=cs_code_/)
  })

  it('works without script, and by keyboard alone', async () => {
    const clientId = await client(`${siteUrl}/callback`)
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage()
    await page.goto(askingUrl(clientId, `${siteUrl}/callback`))
    await signIn(page)
    await page.focus('[name=decision][value=allow]')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/home')
  })

  it('pressed twice comes to the application with one code', async () => {
    const clientId = await client(`${siteUrl}/callback`)
    const page = await (await browser.newContext()).newPage()
    await page.goto(askingUrl(clientId, `${siteUrl}/callback`))
    await signIn(page)
    arrived.length = 0
    await page.dblclick('[name=decision][value=allow]')
    await page.waitForURL('**/home')
    const codes = new Set(arrived.flatMap((url) => /code=([^&]+)/.exec(url)?.[1] ?? []))
    expect(codes.size).toBe(1)
  })

  it('what was allowed is shown with the account, and Remove ends it at the API', async () => {
    const clientId = await client('http://127.0.0.1/callback')
    const redirectUri = `${siteUrl}/callback`
    const page = await (await browser.newContext()).newPage()
    arrived.length = 0
    await page.goto(askingUrl(clientId, redirectUri))
    await signIn(page)
    await page.click('[name=decision][value=allow]')
    await page.waitForURL('**/home')
    // oauth4webapi with its strict defaults, but for plain http on this machine.
    const options = { [oauth.allowInsecureRequests]: true }
    const issuer = new URL(product.issuer)
    const server = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { ...options, algorithm: 'oauth2' }),
    )
    const registered = { client_id: clientId }
    const answer = oauth.validateAuthResponse(server, registered, new URL(`${siteUrl}${arrived[0]}`), 's')
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      registered,
      oauth.None(),
      answer,
      redirectUri,
      verifier,
      options,
    )
    const { access_token: token } = await oauth.processAuthorizationCodeResponse(server, registered, response)
    const call = async () =>
      (await fetch(`${product.gatewayUrl}/orders`, { headers: { Authorization: `Bearer ${token}` } })).status
    expect(await call()).toBe(200)
    await page.goto(`${product.url}/account`)
    expect(await page.textContent('main')).toContain('Ledgerly')
    await page.click('li:has-text("Ledgerly") button')
    await page.waitForURL('**/account')
    expect(await call()).toBe(401)
  })
})
