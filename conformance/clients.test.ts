/** Every page of docs/clients, run as it stands there against the started product. */
import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import {
  type Ended,
  type Environment,
  type Language,
  missingPython,
  missingToolchain,
  runCompiled,
  runJavaScript,
  runPython,
  sampleOf,
} from './clients.fixture.ts'
import { call, type Product, startProduct, text } from './product.fixture.ts'

const isJudged = process.env.CI === 'true'
const noPython = missingPython()
if (noPython !== undefined)
  process.stderr.write(`conformance/clients.test.ts: pages in Python are not run: ${noPython}\n`)

let product: Product
let environment: Environment
let foreign: string
beforeAll(async () => {
  product = await startProduct()
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256' }
  const other = 'https://other.test'
  await call(product, 'POST', '/v1/apis', { audience: other, name: 'Other', scopes: [{ name: 'orders:read' }] })
  const made = await call(product, 'POST', '/v1/clients', {
    name: 'conformance',
    type: 'service',
    access: [product.audience, other].map((audience) => ({ audience, scope: 'orders:read' })),
    jwks: { keys: [jwk] },
  })
  const own = { CLIENT_ID: text(made.body.clientId), CLIENT_SECRET: text(made.body.clientSecret) }
  environment = {
    ...own,
    ISSUER: product.issuer,
    AUDIENCE: product.audience,
    API: product.gatewayUrl,
    PRIVATE_KEY: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    KID: 'k1',
    TOKEN: await tokenFor(own, product.audience),
    // The product is on this machine, without TLS.
    AUTHLIB_INSECURE_TRANSPORT: '1',
    OAUTHLIB_INSECURE_TRANSPORT: '1',
  }
  foreign = await tokenFor(own, other)
})
afterAll(() => product.stop())

async function tokenFor({ CLIENT_ID, CLIENT_SECRET }: Environment, audience: string): Promise<string> {
  const client = { client_id: CLIENT_ID ?? '', client_secret: CLIENT_SECRET ?? '' }
  const body = new URLSearchParams({ grant_type: 'client_credentials', audience, ...client })
  const answer = await fetch(`${product.url}/oauth/token`, { method: 'POST', body })
  return ((await answer.json()) as { access_token: string }).access_token
}

interface Page {
  /** The program prints these lines. */
  readonly prints: readonly string[]
  /** Whether it verifies `TOKEN`. */
  readonly isApi?: boolean
}

const javaScript: Readonly<Record<string, Page>> = {
  openid_client: { prints: ['200', 'true'] },
  oauth4webapi: { prints: ['200', 'orders:read'], isApi: true },
  jwks_rsa: { prints: ['orders:read'], isApi: true },
  get_jwks: { prints: ['orders:read at+jwt'], isApi: true },
  express_oauth2_jwt_bearer: { prints: ['200'], isApi: true },
}

const pythonPages: Readonly<Record<string, Page>> = {
  authlib: { prints: ['200', '200'] },
  requests_oauthlib: { prints: ['200'] },
  pyjwt: { prints: ['orders:read', '200'], isApi: true },
}

type Run = (code: string, environment: Environment) => Promise<Ended>

async function expectPage(name: string, { prints, isApi }: Page, code: string, run: Run): Promise<void> {
  const ended = await run(code, environment)
  expect(ended, `${name}: ${ended.errors}`).toMatchObject({ code: 0, lines: prints })
  if (isApi !== true) return
  const refused = await run(code, { ...environment, TOKEN: foreign })
  expect(refused.code, `${name}: a token for another API was taken`).not.toBe(0)
}

test.each(Object.entries(javaScript))('docs/clients/%s.md: its program does what it says', (name, page) =>
  expectPage(name, page, sampleOf(name, 'js'), runJavaScript),
)

// A machine of one's own may lack them; where the project is judged, what was not run has failed.
test.skipIf(noPython !== undefined && !isJudged).each(Object.entries(pythonPages))(
  'docs/clients/%s.md: its program does what it says',
  (name, page) => expectPage(name, page, sampleOf(name, 'python'), runPython),
)

interface CompiledPage extends Page {
  readonly name: string
  readonly language: Language
}

const compiledPages: readonly CompiledPage[] = [
  { name: 'x_oauth2', language: 'go', prints: ['200'] },
  { name: 'go_oidc', language: 'go', prints: ['orders:read'], isApi: true },
  { name: 'golang_jwt', language: 'go', prints: ['orders:read', '200'], isApi: true },
  { name: 'rust_oauth2', language: 'rust', prints: ['200'] },
  { name: 'nimbus', language: 'java', prints: ['200', 'orders:read'], isApi: true },
  { name: 'spring_security', language: 'java', prints: ['200', 'orders:read'], isApi: true },
]

// Minutes of compiling, so only in the long form; there, what cannot be run is named.
for (const { name, language, ...page } of inject('isFull') ? compiledPages : []) {
  const missing = missingToolchain(language)
  if (missing !== undefined) process.stderr.write(`docs/clients/${name}.md is not run: ${missing}\n`)
  test.skipIf(missing !== undefined)(`docs/clients/${name}.md: its program does what it says`, () =>
    expectPage(name, page, sampleOf(name, language), (code, given) => runCompiled(language, code, given)),
  )
}
