import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { call, makeVerifierKey, type Product, startProduct } from '../conformance/product.fixture.ts'
import { startIssuer } from '../packages/client/src/sign_in/issuer.fixture.ts'
import { readSources } from '../scripts/sources.ts'

const run = promisify(execFile)
let product: Product
let environment: NodeJS.ProcessEnv

beforeAll(async () => {
  product = await startProduct()
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const publicJwk = { ...publicKey.export({ format: 'jwk' }), kid: 'own', alg: 'EdDSA' }
  const { clientId, clientSecret, key } = product.demo
  await call(product, 'PATCH', `/v1/clients/${clientId}`, { jwks: { keys: [publicJwk] } })
  environment = {
    ...process.env,
    PORT: '0',
    COUNTERSIGN_URL: product.issuer,
    COUNTERSIGN_AUDIENCE: product.audience,
    COUNTERSIGN_KEY: await makeVerifierKey(product),
    KEY: key,
    CLIENT_ID: clientId,
    CLIENT_SECRET: clientSecret,
    AUDIENCE: product.audience,
    PRIVATE_JWK: JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'own', alg: 'EdDSA' }),
    API: product.gatewayUrl,
  }
})

afterAll(() => product?.stop())

function pathOf(name: string): string {
  return fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
}

/** Starts an example that serves, and gives its URL. */
async function serve(
  name: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, [pathOf(name)], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const line = await new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve))
  return { child, url: `http://127.0.0.1:${(JSON.parse(line) as { readonly port: number }).port}` }
}

describe.each(['express', 'fastify', 'hono', 'node_http'])('%s.ts', (name) => {
  test('lets a key with the scope through and refuses all else', async () => {
    const { child, url } = await serve(name, environment)
    try {
      const authorization = `Bearer ${product.demo.key}`
      const status = async (method: string, path: string, headers: Record<string, string> = {}): Promise<number> =>
        (await fetch(url + path, { method, headers })).status
      expect(await status('GET', '/health')).toBe(200)
      expect(await status('GET', '/orders')).toBe(401)
      expect(await status('GET', '/orders', { authorization })).toBe(200)
      expect(await status('GET', '/orders', { 'x-api-key': product.demo.key })).toBe(200)
      expect(await status('POST', '/orders', { authorization })).toBe(403)
      expect(await status('GET', '/orders', { authorization: 'Bearer nonsense' })).toBe(401)
    } finally {
      child.kill()
    }
  })
})

test('web_application.ts asks for another sign-in once nothing else helps', async () => {
  const issuer = await startIssuer()
  const { child, url } = await serve('web_application', { ...environment, COUNTERSIGN_URL: issuer.issuer })
  const get = (path: string, cookie = '') => fetch(url + path, { headers: { cookie }, redirect: 'manual' })
  const cookieOf = ({ headers }: Response) => headers.getSetCookie()[0]?.replace(/;.*/, '')
  try {
    const begun = await get('/sign-in')
    const {
      state,
      nonce,
      client_id: aud,
    } = Object.fromEntries(new URL(begun.headers.get('location') ?? '').searchParams)
    const now = Math.floor(Date.now() / 1000)
    const code = issuer.giveCode({ iss: issuer.issuer, aud, nonce, sub: 'acct_1', iat: now, exp: now + 300 })
    // Ended at once, and good for no other.
    issuer.answers = { expires_in: 0.001 }
    const answer = new URLSearchParams({ code, state: state ?? '', iss: issuer.issuer })
    const cookie = cookieOf(await get(`/callback?${answer}`, cookieOf(begun)))
    issuer.answers = { error: 'invalid_grant' }
    const page = await get('/', cookie)
    expect([page.status, await page.text()]).toEqual([200, '<a href="/sign-in">Sign in</a>'])
    expect(issuer.asked.map(({ grant_type }) => grant_type)).toEqual(['authorization_code', 'refresh_token'])
  } finally {
    child.kill()
    issuer.close()
  }
})

test.each([
  ['fetch_handler', '401\n200\n401'],
  ['worker', 'verified'],
  ['get_token', '200'],
  ['exchange_token', '200'],
  ['sign_own_jwt', '200'],
])('%s.ts prints %j', async (name, printed) => {
  const { stdout } = await run(process.execPath, [pathOf(name)], { env: environment })
  expect(stdout.trim()).toBe(printed)
})

test('own_tests.ts passes', async () => {
  const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', pathOf('own_tests')])
  expect(stdout).toMatch(/^# tests 4$/m)
  expect(stdout).toMatch(/^# pass 4$/m)
})

/** The samples of the packages' READMEs that say in comments what they print. */
const samples = readSources('packages/*/README.md').flatMap(({ path, text }) =>
  [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].flatMap(([, code = '']) => {
    const printed = [...code.matchAll(/console\.log\(.*\),? \/\/ (.*)$/gm)].map(([, line]) => line)
    return printed.length === 0 ? [] : [{ path, code, printed }]
  }),
)

test.each(samples)('the sample of $path prints $printed', async ({ code, printed }) => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-sample-'))
  const own = {
    COUNTERSIGN_DATABASE: `sqlite:${join(folder, 'sample.db')}`,
    COUNTERSIGN_LISTEN: '127.0.0.1:0',
    COUNTERSIGN_LOG_LEVEL: 'silent',
  }
  try {
    const parameters = ['--input-type=module-typescript', '--eval', code]
    const { stdout } = await run(process.execPath, parameters, { env: { ...environment, ...own } })
    expect(stdout.trim().split('\n')).toEqual(printed)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('every package has such a sample, but the command and the portal, which nobody imports', () => {
  expect([...new Set(samples.map(({ path }) => path.split('/')[1]))]).toEqual(
    readSources('packages/*/package.json')
      .flatMap(({ path }) => path.split('/')[1] ?? [])
      .filter((it) => it !== 'cli' && it !== 'portal'),
  )
})

/** The curl commands of docs/commands.md. They run as they stand. */
const curls = [...readFileSync('docs/commands.md', 'utf8').matchAll(/^```sh\n(curl [\s\S]*?)^```/gm)].map(
  ([, text = '']) => text,
)

test('every curl of docs/commands.md is answered as the page says', async () => {
  expect(curls).toHaveLength(2)
  const answers = []
  for (const text of curls) {
    const { stdout } = await run('sh', ['-c', text], { env: environment })
    answers.push(JSON.parse(stdout))
  }
  expect(answers).toMatchObject([
    { access_token: expect.any(String), scope: 'orders:read' },
    { active: true, grant: { kind: 'api_key' } },
  ])
})

test('the first command of the examples makes a key that they run with', async () => {
  const text = readFileSync('examples/README.md', 'utf8')
  const [, flags = ''] = /npx countersign (verifiers create .*?)\)/.exec(text) ?? []
  const own = { ...environment, COUNTERSIGN_KEY: product.adminKey }
  const command = flags.replace(/--audience \S+/, `--audience ${product.audience}`).split(' ')
  const { stdout } = await run(process.execPath, ['packages/cli/bin/countersign.mjs', ...command], { env: own })
  const made = { ...environment, COUNTERSIGN_KEY: stdout.trim() }
  expect((await run(process.execPath, [pathOf('fetch_handler')], { env: made })).stdout.trim()).toBe('401\n200\n401')
})
