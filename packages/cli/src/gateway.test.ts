import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { bearer, type Dev, makeFolder, type Running, run, startDev, startUntilReady } from './countersign.fixture.ts'

const folder = makeFolder()
const cwd = folder.path
const document = join(cwd, 'api.yaml')
let slow: (() => void) | undefined
const upstream = createServer((incoming, response) => {
  if (incoming.url === '/v2/slow') slow = () => response.end('done')
  else response.end(JSON.stringify(incoming.headers))
})
let upstreamUrl: string
let dev: Dev
let gateway: Running
let ready: { url: string; healthUrl: string; operations: number; public: number; scopes: string[]; problems: object[] }

beforeAll(async () => {
  writeFileSync(
    document,
    'openapi: 3.1.0\ninfo: {title: Demo, version: "1"}\nservers: [{url: /v2}]\npaths:\n  /orders: {get: {security: [{k: ["orders:read"]}]}}\n  /slow: {get: {security: [{k: ["orders:read"]}]}}\n  /health: {get: {security: []}, servers: [{url: /other}]}\n',
  )
  await new Promise<void>((listening) => upstream.listen(0, '127.0.0.1', listening))
  upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  dev = await startDev(cwd)
  const flags = ['--openapi', document, '--upstream', upstreamUrl, '--listen', '127.0.0.1:0']
  gateway = await startUntilReady(['gateway', ...flags, '--health-listen', '127.0.0.1:0', '--json'], { cwd })
  ready = JSON.parse(gateway.line)
})
afterAll(async () => {
  await dev.stop()
  upstream.closeAllConnections()
  upstream.close()
  folder.remove()
})

it('says what it guards, and lets through what is described and permitted, with an identity', async () => {
  expect(ready).toMatchObject({ audience: dev.ready.audience, operations: 3, public: 1, scopes: ['orders:read'] })
  expect(ready.problems).toMatchObject([{ code: 'servers_ignored' }])
  const { key } = dev.ready.demo
  const answer = await fetch(`${ready.url}/v2/orders`, bearer(key))
  const seen = (await answer.json()) as Record<string, string>
  expect(seen).toMatchObject({ 'x-countersign-scope': 'orders:read', 'x-countersign-kind': 'api_key' })
  expect(seen['x-countersign-assertion']).toMatch(/^ey/)
  expect(seen).not.toHaveProperty('authorization')
  const statuses = await Promise.all(
    [fetch(`${ready.url}/v2/orders`), fetch(`${ready.url}/v2/health`), fetch(`${ready.url}/orders`, bearer(key))].map(
      async (each) => (await each).status,
    ),
  )
  expect(statuses).toEqual([401, 200, 404])
  const health = await Promise.all(['/healthz', '/readyz'].map((path) => fetch(ready.healthUrl + path)))
  expect(health.map(({ status }) => status)).toEqual([200, 200])
})

it('reads the headers of its document until somebody sets some at the server, and follows those within the bound', async () => {
  const file = join(cwd, 'partner.json')
  const document = {
    openapi: '3.1.0',
    info: { title: 'Demo', version: '1' },
    components: { securitySchemes: { k: { type: 'apiKey', in: 'header', name: 'X-Partner-Key' } } },
    paths: { '/orders': { get: { security: [{ k: ['orders:read'] }] } } },
  }
  writeFileSync(file, JSON.stringify(document))
  const flags = ['--openapi', file, '--upstream', upstreamUrl, '--audience', dev.ready.audience]
  const remote = await startUntilReady(['gateway', ...flags, '--listen', '127.0.0.1:0', '--json'], { cwd })
  const { url, credentialHeaders } = JSON.parse(remote.line) as { url: string; credentialHeaders: string[] }
  expect(credentialHeaders).toEqual(['X-Partner-Key'])
  const send = async (name: string) => {
    const answer = await fetch(`${url}/orders`, { headers: { [name]: dev.ready.demo.key! } })
    expect(await answer.text()).not.toContain(dev.ready.demo.key)
    return answer.status
  }
  expect(await send('X-Partner-Key')).toBe(200)
  const set = (...names: string[]) =>
    run(['apis', 'update', dev.ready.audience, ...names.flatMap((name) => ['--credential-header', name])], { cwd })
  expect((await set('X-Other-Key')).out).toMatch(/^credentialHeaders +X-Other-Key$/m)
  await expect.poll(() => send('X-Other-Key'), { timeout: 10_000 }).toBe(200)
  expect(await send('X-Partner-Key')).toBe(401)
  expect((await set('none')).code).toBe(0)
  await expect.poll(() => send('X-Other-Key'), { timeout: 10_000 }).toBe(401)
  expect(await send('X-Partner-Key')).toBe(401)
  const refused = await set('Cookie')
  expect(refused.code).toBe(1)
  expect(refused.err).toContain('credentialHeaders')
  const read = await run(['apis', 'import', dev.ready.audience, file, '--dry-run'], { cwd })
  expect(read.out).toContain('credentials    X-Partner-Key: a header in which callers send keys\n')
  expect(read.err).toContain('no import reads them')
  await remote.stop()
})

it('counts each request once, by key and by what it needed, and the server tells within 2 s', async () => {
  const flags = ['--audience', dev.ready.audience, '--client', dev.ready.demo.clientId!, '--scope', 'orders:read']
  const key = (await run(['keys', 'create', ...flags], { cwd })).out.trim()
  const keyId = key.split('_')[2]!
  for (let index = 0; index < 3; index++) await (await fetch(`${ready.url}/v2/orders`, bearer(key))).text()
  const usage = async () => {
    const answer = await fetch(`${dev.ready.url}/v1/usage?keyId=${keyId}&groupBy=scope`, bearer(dev.ready.adminKey))
    const { data } = (await answer.json()) as { readonly data: readonly { scope: string; count: number }[] }
    return data.map(({ scope, count }) => [scope, count])
  }
  await vi.waitFor(async () => expect(await usage()).toEqual([['orders:read', 3]]), { timeout: 2_000, interval: 50 })
  const shown = await run(['keys', 'show', keyId], { cwd })
  expect(shown.out).toMatch(/^lastUsedAt +20.*Z$/m)
  expect(shown.out).toMatch(/^lastUsed +.*(?:127\.0\.0\.0\/24|0:0:0::\/48)/m)
  expect(shown.out).toMatch(/^lastUsedScopes +.*orders:read/m)
})

it('refuses a key once it is revoked, within the bound', async () => {
  const flags = ['--audience', dev.ready.audience, '--client', dev.ready.demo.clientId!, '--scope', 'orders:read']
  const key = (await run(['keys', 'create', ...flags], { cwd })).out.trim()
  expect((await fetch(`${ready.url}/v2/orders`, bearer(key))).status).toBe(200)
  const began = performance.now()
  await run(['keys', 'revoke', key.split('_')[2]!], { cwd })
  let answer = await fetch(`${ready.url}/v2/orders`, bearer(key))
  while (answer.status === 200 && performance.now() - began < 10_000)
    answer = await fetch(`${ready.url}/v2/orders`, bearer(key))
  expect(answer.status).toBe(401)
  const requestId = answer.headers.get('x-request-id')
  const refusals = async () => {
    const listed = await fetch(`${dev.ready.url}/v1/refusals?requestId=${requestId}`, bearer(dev.ready.adminKey))
    return ((await listed.json()) as { readonly data: readonly object[] }).data
  }
  const why = { requestId, code: 'revoked', method: 'GET', route: '/v2/orders', keyId: key.split('_')[2] }
  await vi.waitFor(async () => expect(await refusals()).toMatchObject([why]), { timeout: 3_000, interval: 50 })
  const byOperation = async () => {
    const admin = { cwd, env: { COUNTERSIGN_URL: dev.ready.url, COUNTERSIGN_KEY: dev.ready.adminKey! } }
    const { id } = JSON.parse((await run(['apis', 'show', dev.ready.audience, '--json'], admin)).out)
    return JSON.parse((await run(['api', 'GET', `/v1/apis/${id}/usage`], admin)).out).data
  }
  const refused = { method: 'GET', route: '/v2/orders', outcome: 'revoked', count: expect.any(Number) }
  await vi.waitFor(async () => expect(await byOperation()).toContainEqual(refused), { timeout: 3_000, interval: 50 })
})

it('what cannot work is one line and an exit code at the start, not with the first request', async () => {
  const start = (flags: readonly string[], env: Record<string, string> = {}) =>
    run(['gateway', '--openapi', document, '--upstream', upstreamUrl, '--listen', '127.0.0.1:0', ...flags], {
      cwd,
      env,
    })
  const narrow = { COUNTERSIGN_KEY: dev.ready.demo.key! }
  const keyFile = join(cwd, 'key')
  writeFileSync(keyFile, dev.ready.adminKey!)
  const ran = await Promise.all([
    run(['gateway', '--openapi', document], { cwd }),
    start(['--openapi', `${document}.none`]),
    start(['--listen', 'everywhere']),
    start(['--trusted-proxies', '10.0.0.1/8']),
    start([], narrow),
    start(['--server', 'http://127.0.0.1:1', '--credential-file', keyFile]),
    start(['--listen', new URL(ready.url).host]),
    start(['--health-listen', new URL(ready.url).host]),
  ])
  expect(ran.map(({ code }) => code)).toEqual([2, 3, 2, 2, 4, 6, 1, 1])
  for (const { err, out } of ran) {
    expect(err).toMatch(/^countersign: .+\n(?: {2}asked with the key of COUNTERSIGN_KEY.*\n)?$/)
    expect(out + err).not.toContain(dev.ready.demo.key)
  }
  expect(ran[6]!.err).toContain('--listen')
  expect(ran[7]!.err).toContain('--health-listen')
})

it('an upstream that does not answer is said at the start, and each 502 has its cause, its route and both ids', async () => {
  const flags = ['--openapi', document, '--upstream', 'http://127.0.0.1:9', '--listen', '127.0.0.1:0', '--json']
  const alone = await startUntilReady(['gateway', ...flags, '--log-requests', 'none'], { cwd })
  const lines = () =>
    alone
      .err()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  const said = 'the upstream http://127.0.0.1:9 does not answer (ECONNREFUSED): requests are 502 until it does'
  await expect.poll(() => lines()).toContainEqual({ time: expect.any(String), msg: said })
  const { url } = JSON.parse(alone.line) as { readonly url: string }
  expect((await fetch(`${url}/v2/orders`)).status).toBe(401)
  const answer = await fetch(`${url}/v2/health?secret=hidden`, { headers: { 'X-Request-Id': 'trace/1' } })
  expect(answer.status).toBe(502)
  await expect.poll(lines).toContainEqual(
    expect.objectContaining({
      msg: 'request',
      status: 502,
      code: 'bad_gateway',
      route: '/v2/health',
      why: 'the upstream gave no answer: nothing listens at its address (ECONNREFUSED 127.0.0.1:9)',
      requestId: answer.headers.get('x-request-id'),
      callerRequestId: 'trace/1',
      address: '127.0.0.1',
    }),
  )
  expect(lines().filter(({ status }) => status === 401)).toEqual([])
  expect(alone.err()).not.toContain('hidden')
  await alone.stop()
})

it('finishes what runs when it is told to stop, answers once more on kept connections, and exits with 0', async () => {
  const running = fetch(`${ready.url}/v2/slow`, bearer(dev.ready.demo.key))
  while (slow === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
  const stopped = gateway.stop('SIGTERM')
  while ((await fetch(`${ready.healthUrl}/readyz`)).status !== 503)
    await new Promise((resolve) => setTimeout(resolve, 5))
  const own = get(`${ready.url}/v2/health`, { agent: false })
  expect(await once(own, 'error')).toMatchObject([{ code: 'ECONNREFUSED' }])
  const kept = await fetch(`${ready.url}/v2/health`)
  expect([kept.status, kept.headers.get('connection')]).toEqual([200, 'close'])
  slow()
  expect(await (await running).text()).toBe('done')
  expect(await stopped).toBe(0)
  const events = gateway.err().trim().split('\n')
  expect(events.map((line) => JSON.parse(line).status)).toContain(401)
})

it.each([
  [['--upstream-timeout', '2d'], '--upstream-timeout must be from 1s to 1d'],
  [['--idle-timeout', '0s'], '--idle-timeout must be from 1s to 1d'],
  [['--upstream-ca', 'nowhere.pem'], 'nowhere.pem cannot be read'],
  [['--upstream-ca', document], 'holds no certificate in PEM'],
  [['--cors-origin', '*'], '--cors-origin: * is no origin'],
  [['--cors-origin', 'https://app.test/'], '--cors-origin: https://app.test/ is no origin'],
  [['--slashes', '/nowhere/{id}'], '--slashes: '],
])('%j is exit 2 and says why', async (flags, why) => {
  const given = ['--openapi', document, '--upstream', upstreamUrl, '--listen', '127.0.0.1:0', ...flags]
  const { code, err } = await run(['gateway', ...given], { cwd })
  expect(code).toBe(2)
  expect(err).toContain(why)
})
