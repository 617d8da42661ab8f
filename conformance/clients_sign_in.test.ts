/**
 * A person signs in with libraries of other makers and their strict defaults: the programs of docs/clients/sign_in.md, run as they
 * stand there against the started product behind the TLS proxy of docs/clients/tls.md.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { stripVTControlCharacters } from 'node:util'
import { createVerifier, type Verifier } from '@countersign/verifier'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { bundle } from '../packages/client/src/bundle.fixture.ts'
import { freePort } from '../scripts/free_port.ts'
import { hasChromium, letSomebodyIn, openChromium } from './browser.fixture.ts'
import { missingPython, missingToolchain, python, sampleOf } from './clients.fixture.ts'
import { call, makeVerifierKey, text } from './product.fixture.ts'
import { type Serving, startServing } from './serving.fixture.ts'
import { makeTls, type Tls } from './tls.fixture.ts'

const audience = 'https://api.test'
const folder = mkdtempSync(join(tmpdir(), 'countersign-sign-in-'))
const servers: Server[] = []
let tls: Tls
let serving: Serving
let issuer: string
let api: string
let verifier: Verifier
let browser: Browser

beforeAll(async () => {
  if (!hasChromium) return
  tls = makeTls()
  const port = await freePort()
  issuer = `https://localhost:${port}`
  const masterKey = randomBytes(32).toString('base64url')
  serving = await startServing({ database: `sqlite:${join(folder, 'db')}`, masterKey, audience, issuer })
  const { url } = serving.product
  await tls.serve(port, url)
  const scopes = [{ name: 'orders:read' }]
  await call(serving.product, 'POST', '/v1/apis', { audience, name: 'Orders', scopes, accountScope: 'orders:read' })
  verifier = createVerifier({
    issuer,
    audience,
    credential: await makeVerifierKey(serving.product),
    // This process does not know the CA.
    fetch: (input, init) => fetch(String(input).replace(issuer, url), init),
  })
  const apiPort = await freePort()
  api = `https://localhost:${apiPort}`
  await tls.serve(apiPort, await listen(guardedOrders))
  browser = await openChromium()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  verifier?.close()
  for (const server of servers) server.close()
  await serving?.stop()
  tls?.stop()
  rmSync(folder, { recursive: true })
})

/** The API, guarded by the SDK. */
const guardedOrders: RequestListener = async ({ headers: { authorization = '' } }, response) => {
  const request = new Request('https://api.test/orders', { headers: { authorization } })
  const { outcome } = await verifier.verifyRequest(request, { scope: 'orders:read' })
  response.writeHead(outcome === 'verified' ? 200 : 401).end('{}')
}

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const client = async (more: object) =>
  (
    await call(serving.product, 'POST', '/v1/clients', {
      name: 'Elsewhere',
      access: [{ audience, scope: 'orders:read' }],
      ...more,
    })
  ).body

/** Runs a program until it has printed its three lines, with a person who opens the first of them. */
async function runProgram(
  command: string,
  parameters: readonly string[],
  cwd = folder,
  more: NodeJS.ProcessEnv = {},
): Promise<void> {
  const redirectUri = `http://localhost:${await freePort()}/callback`
  const { clientId, clientSecret } = await client({ type: 'web', redirectUris: [redirectUri], offlineAccess: true })
  const env = {
    ...process.env,
    NODE_EXTRA_CA_CERTS: tls.ca,
    REQUESTS_CA_BUNDLE: tls.ca,
    SSL_CERT_FILE: tls.ca,
    ISSUER: issuer,
    AUDIENCE: audience,
    API: api,
    CLIENT_ID: text(clientId),
    CLIENT_SECRET: text(clientSecret),
    REDIRECT_URI: redirectUri,
    ...more,
  }
  const child = spawn(command, [...parameters], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let complaints = ''
  child.stderr.on('data', (chunk) => {
    complaints += chunk
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async (): Promise<string> => {
    const next = await lines.next()
    if (next.done === true) throw new Error(`the program ended with ${await ended}: ${complaints}`)
    return stripVTControlCharacters(next.value)
  }
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  try {
    const page = await context.newPage()
    await page.goto(await line())
    const email = await letSomebodyIn(page, serving.product)
    expect(await line()).toMatch(new RegExp(`^acct_\\w+ ${email}$`))
    expect(await line()).toBe('200')
    expect(await ended, complaints).toBe(0)
  } finally {
    child.kill()
    await context.close()
  }
}

const noPython = missingPython()

describe.skipIf(!hasChromium)('a person signs in, and the API is called, with', () => {
  it.each(['openid-client', 'oauth4webapi'])('%s', (library) => {
    const code = sampleOf('sign_in', 'js', library)
    return runProgram(process.execPath, ['--input-type=module', '--eval', code], process.cwd())
  })

  it.skipIf(noPython !== undefined && process.env.CI !== 'true')('Authlib', () =>
    runProgram(python, ['-c', sampleOf('sign_in', 'python')]),
  )

  it('oidc-client-ts, in a page', async () => {
    let settings = {}
    const library = await bundle('oidc-client-ts')
    const site = await listen(({ url = '' }, response) => {
      if (url === '/settings.json') response.end(JSON.stringify(settings))
      else if (url === '/oidc-client-ts.js') response.setHeader('Content-Type', 'text/javascript').end(library.code)
      else response.setHeader('Content-Type', 'text/html').end(sampleOf('sign_in', 'html'))
    })
    const { clientId } = await client({ type: 'spa', redirectUris: [`${site}/callback`] })
    settings = { authority: issuer, client_id: clientId, audience }
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(site)
    const email = await letSomebodyIn(page, serving.product)
    await page.waitForSelector(`#who:text("${email}")`)
    const token = await page.evaluate(
      () => (globalThis as unknown as { user: { access_token: string } }).user.access_token,
    )
    const request = new Request(`${audience}/orders`, { headers: { authorization: `Bearer ${token}` } })
    expect(await verifier.verifyRequest(request, { scope: 'orders:read' })).toMatchObject({ outcome: 'verified' })
    expect(complaints).toEqual([])
    await context.close()
  })

  const noJava = inject('isFull') ? missingToolchain('java') : 'only in the long form'
  it.skipIf(noJava !== undefined)('Spring Security', { timeout: 280_000 }, async () => {
    const project = mkdtempSync(join(folder, 'java-'))
    cpSync(new URL('clients/java/', import.meta.url), project, { recursive: true })
    mkdirSync(join(project, 'src/main/java'), { recursive: true })
    writeFileSync(join(project, 'src/main/java/Main.java'), sampleOf('sign_in', 'java'))
    // The CA beside those that Java brings, by which Maven loads what the program depends on.
    const [, home = ''] =
      /java\.home = (.*)/.exec(spawnSync('java', ['-XshowSettings:properties', '-version']).stderr.toString()) ?? []
    const store = join(project, 'cacerts')
    writeFileSync(store, readFileSync(join(home, 'lib/security/cacerts')))
    const importing = ['-importcert', '-noprompt', '-alias', 'own', '-storepass', 'changeit', '-keystore', store]
    execFileSync('keytool', [...importing, '-file', tls.ca], { stdio: 'ignore' })
    const options = `${process.env.MAVEN_OPTS ?? ''} -Djavax.net.ssl.trustStore=${store}`
    await runProgram('mvn', ['-q', '-B', 'compile', 'exec:java'], project, { MAVEN_OPTS: options })
  })

  const noGo = inject('isFull') ? missingToolchain('go') : 'only in the long form'
  it.skipIf(noGo !== undefined)('x/oauth2 and go-oidc', { timeout: 280_000 }, async () => {
    const project = mkdtempSync(join(folder, 'go-'))
    cpSync(new URL('clients/go/', import.meta.url), project, { recursive: true })
    writeFileSync(join(project, 'main.go'), sampleOf('sign_in', 'go'))
    await runProgram('go', ['run', '.'], project)
  })
})
