/** The metrics Prometheus gets from the product at work: a server with its gateway, workers, a server on PostgreSQL. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { startServing } from '../conformance/serving.fixture.ts'
import { bearer, makeFolder, startDev, startUntilReady } from '../packages/cli/src/countersign.fixture.ts'
import { startPostgres } from '../packages/store/src/conformance/postgres_server.ts'

export interface Scrapes {
  readonly server: string
  readonly gateway: string
  readonly workers: string
  readonly postgres: string
}

const api = `
openapi: 3.1.0
info: {title: Demo, version: "1"}
paths:
  /open: {get: {security: []}}
  /orders: {get: {security: [{k: ["orders:read"]}]}}
`

/** About seven seconds. */
export async function scrapeAll(): Promise<Scrapes> {
  const folder = makeFolder()
  try {
    return { ...(await scrapeDev(folder.path)), workers: await scrapeWorkers(folder.path), ...(await scrapePostgres()) }
  } finally {
    folder.remove()
  }
}

async function scrapeDev(cwd: string): Promise<Pick<Scrapes, 'server' | 'gateway'>> {
  const upstream = createServer((_, response) => response.end('[]'))
  await new Promise<void>((listening) => upstream.listen(0, '127.0.0.1', listening))
  const dev = await startDev(cwd)
  const { url, demo, adminKey, audience } = dev.ready
  const document = join(cwd, 'api.yaml')
  writeFileSync(document, api)
  const flags = ['--openapi', document, '--audience', audience]
  const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const gateway = await startUntilReady(
    ['gateway', ...flags, '--upstream', origin, '--listen', '127.0.0.1:0', '--health-listen', '127.0.0.1:0', '--json'],
    { cwd },
  )
  const guarding = JSON.parse(gateway.line) as { readonly url: string; readonly healthUrl: string }
  const post = (path: string, body: object): Promise<Response> =>
    fetch(url + path, {
      method: 'POST',
      headers: { ...(bearer(adminKey).headers as Record<string, string>), 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const verify = (credential: string | null): Promise<Response> => post('/v1/verify', { credential, audience })
  const ask = (): readonly Promise<unknown>[] => [
    ...Array.from({ length: 40 }, () => verify(demo.key)),
    verify('nonsense'),
    post('/v1/keys', { clientId: demo.clientId, audience, scope: demo.scope, name: 'one more' }),
    fetch(`${url}/no/such/path`),
    fetch(`${url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: demo.clientId ?? '',
        client_secret: demo.clientSecret ?? '',
      }),
    }),
    ...['/open', '/orders', '/nothing'].map((path) => fetch(guarding.url + path, bearer(demo.key))),
  ]
  await Promise.all(ask())
  // The scrape comes in the middle of others.
  const busy = Promise.all(ask())
  const [server, gatewayText] = await Promise.all([scrape(url), scrape(guarding.healthUrl)])
  await busy
  await gateway.stop()
  await dev.stop()
  upstream.close()
  return { server, gateway: gatewayText }
}

async function scrapeWorkers(cwd: string): Promise<string> {
  const serving = await startServing({
    ...installation(`sqlite:${cwd}/workers.db`),
    environment: { COUNTERSIGN_WORKERS: '2' },
  })
  const text = await scrape(serving.product.url)
  await serving.stop()
  return text
}

async function scrapePostgres(): Promise<Pick<Scrapes, 'postgres'>> {
  const postgres = await startPostgres()
  const database = await postgres.create()
  const serving = await startServing(installation(database.url))
  const text = await scrape(serving.product.url)
  await serving.stop()
  await database.drop()
  await postgres.stop()
  return { postgres: text }
}

function installation(database: string) {
  return { database, masterKey: randomBytes(32).toString('base64url'), audience: 'https://orders.test' }
}

async function scrape(url: string): Promise<string> {
  const answer = await fetch(`${url}/metrics`)
  if (answer.status !== 200) throw new Error(`${url}/metrics: ${answer.status}`)
  return answer.text()
}

/** The names with values, histograms by their `_bucket`, `_sum`, `_count`. */
export function metricNames(text: string): ReadonlySet<string> {
  return new Set(text.split('\n').flatMap((line) => /^([a-z_:][a-z0-9_:]*)[{ ]/i.exec(line)?.[1] ?? []))
}

export function promtool(
  parameters: readonly string[],
  input = '',
): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', parameters, { input, encoding: 'utf8' })
  if (error !== undefined) throw new Error('promtool is missing: install Debian’s prometheus package', { cause: error })
  return { status, said: `${stdout}${stderr}` }
}

export function hasPromtool(): boolean {
  return spawnSync('promtool', ['--version']).error === undefined
}
