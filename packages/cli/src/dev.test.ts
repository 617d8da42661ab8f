import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bearer, type Dev, makeFolder, run, startDev, startUntilReady } from './countersign.fixture.ts'

const folder = makeFolder()
const cwd = folder.path
const upstream = createServer((incoming, response) => response.end(JSON.stringify(incoming.headers)))
let dev: Dev
let upstreamUrl: string

beforeAll(async () => {
  await new Promise<void>((listening) => upstream.listen(0, '127.0.0.1', listening))
  upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  dev = await startDev(cwd)
})
afterAll(async () => {
  await dev.stop()
  upstream.closeAllConnections()
  upstream.close()
  folder.remove()
})

const portOf = (url: string): string => new URL(url).port

it('one line of JSON says everything, and the key in it opens what it should and no more', async () => {
  const { ready } = dev
  expect(Object.keys(ready).sort()).toEqual(
    [
      'adminKey',
      'audience',
      'consoleUrl',
      'data',
      'demo',
      'gatewayUrl',
      'issuer',
      'portalUrl',
      'signInUrl',
      'url',
    ].sort(),
  )
  expect(ready).toMatchObject({ issuer: ready.url, audience: ready.gatewayUrl, data: join(cwd, '.countersign') })
  expect(ready.adminKey).toMatch(/^cs_live_/)
  expect(ready.demo).toMatchObject({ scope: 'orders:read', key: expect.stringMatching(/^cs_test_/) })
  expect(ready.demo.webClientId).toMatch(/^client_/)
  expect(await (await fetch(String(ready.demo.webUrl))).text()).toContain('Sign in with Countersign')
  const orders = `${ready.gatewayUrl}/orders`
  const { key } = ready.demo
  const answers = await Promise.all([
    fetch(orders),
    fetch(orders, bearer(key)),
    fetch(orders, { ...bearer(key), method: 'POST', body: '{}' }),
    fetch(`${ready.gatewayUrl}/health`),
    fetch(`${ready.gatewayUrl}/nothing`, bearer(key)),
  ])
  expect(answers.map(({ status }) => status)).toEqual([401, 200, 403, 200, 404])
  const profile = join(ready.data, 'profile.json')
  expect((statSync(profile).mode & 0o777).toString(8)).toBe('600')
  expect(JSON.parse(readFileSync(profile, 'utf8')).adminKey).toBe(ready.adminKey)
})

it('the server calls the gateway for the explorer, and nothing else of this machine', async () => {
  const { url, adminKey, demo } = dev.ready
  const as = (method: string, body: object): RequestInit => ({
    method,
    headers: { Authorization: `Bearer ${adminKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  const { data } = await (await fetch(`${url}/v1/apis`, bearer(adminKey))).json()
  const { id, callUrl } = data.find(({ builtIn }: { readonly builtIn: boolean }) => !builtIn)
  const call = async (headers: object): Promise<Response> =>
    fetch(`${url}/v1/apis/${id}/calls`, as('POST', { method: 'GET', path: '/orders', headers }))
  const linesOf = async (answer: Response) =>
    (await answer.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  const [head, { chunk }, last] = await linesOf(await call({ Authorization: `Bearer ${demo.key}` }))
  expect(head).toMatchObject({ status: 200, headers: { 'content-type': expect.stringContaining('json') } })
  const body = Buffer.from(chunk, 'base64')
  expect(JSON.parse(body.toString())).toBeDefined()
  expect(last).toEqual({ end: body.length, ms: expect.any(Number) })
  expect((await linesOf(await call({})))[0], 'nothing of the caller’s own credential goes along').toMatchObject({
    status: 401,
  })
  await fetch(`${url}/v1/apis/${id}`, as('PATCH', { callUrl: upstreamUrl }))
  const refused = await call({})
  expect([refused.status, (await refused.json()).code]).toEqual([502, 'api_address_not_allowed'])
  await fetch(`${url}/v1/apis/${id}`, as('PATCH', { callUrl }))
})

it('a revoked key is refused at the gateway at once', async () => {
  const { clientId } = dev.ready.demo
  const flags = ['--audience', dev.ready.audience, '--client', clientId!, '--scope', 'orders:read']
  const key = (await run(['keys', 'create', ...flags], { cwd })).out.trim()
  const orders = `${dev.ready.gatewayUrl}/orders`
  expect((await fetch(orders, bearer(key))).status).toBe(200)
  expect((await run(['keys', 'revoke', key.split('_')[2]!], { cwd })).code).toBe(0)
  expect((await fetch(orders, bearer(key))).status).toBe(401)
})

it('a Host that is not this machine is refused on both ports, and pages of other origins get no leave', async () => {
  for (const url of [dev.ready.url, dev.ready.gatewayUrl]) {
    const status = await new Promise((resolve) => {
      const headers = { host: `rebound.example:${portOf(url)}` }
      request({ host: '127.0.0.1', port: portOf(url), path: '/healthz', headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      }).end()
    })
    expect(status).toBe(421)
  }
  const answer = await fetch(`${dev.ready.url}/healthz`, { headers: { origin: 'https://evil.example' } })
  expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
})

it('a taken port is one line that names the flag, and leaves no folder behind', async () => {
  const other = makeFolder()
  const [server, gateway] = await Promise.all([
    run(['dev', '--port', portOf(dev.ready.url), '--gateway-port', '0'], { cwd: other.path }),
    run(['dev', '--port', '0', '--gateway-port', portOf(dev.ready.url)], { cwd: other.path }),
  ])
  expect(server).toMatchObject({ code: 1, err: expect.stringMatching(/^countersign: port \d+ is taken.*--port\n$/) })
  expect(gateway).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^countersign: port \d+ is taken.*--gateway-port\n$/),
  })
  expect(existsSync(join(other.path, '.countersign/countersign.db'))).toBe(false)
  other.remove()
})

it('bad flags and bad documents are one line with their exit code', async () => {
  const file = join(cwd, 'broken.yaml')
  writeFileSync(file, 'openapi: 3.1.0\npaths: [')
  const text = join(cwd, 'text.yaml')
  writeFileSync(text, 'just: text\n')
  const start = (...flags: string[]) =>
    run(['dev', '--port', '0', '--gateway-port', '0', '--data', './other', ...flags], { cwd })
  const cases = await Promise.all([
    start('--openapi', file),
    start('--upstream', upstreamUrl),
    start('--openapi', join(cwd, 'none.yaml'), '--upstream', upstreamUrl),
    start('--openapi', file, '--upstream', upstreamUrl),
    start('--openapi', text, '--upstream', upstreamUrl),
    start('--openapi', `${upstreamUrl}x`, '--upstream', upstreamUrl),
    start('--openapi', file, '--upstream', 'localhost:3000'),
    start('--port', '70000'),
    start('--nonsense'),
  ])
  expect(cases.map(({ code }) => code)).toEqual([2, 2, 3, 1, 1, 6, 2, 2, 2])
  for (const { err, out } of cases) {
    expect(err).toMatch(/^countersign: .+\n$/)
    expect(out).toBe('')
  }
})

describe('a start with what is there', () => {
  it('keeps everything, shows no secret again, ends with 0 on Ctrl-C within seconds', async () => {
    const data = join(cwd, 'kept')
    const first = await startDev(cwd, '--data', data)
    const token = await fetch(`${first.ready.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: first.ready.demo.clientId!,
        client_secret: first.ready.demo.clientSecret!,
      }),
    })
    const { access_token: jwt } = (await token.json()) as { access_token: string }
    const key = first.ready.demo.key
    // Held open, as a browser or a follower would.
    await fetch(`${first.ready.gatewayUrl}/orders`, bearer(key))
    const began = performance.now()
    expect(await first.stop('SIGINT')).toBe(0)
    // A connection that is open and idle would hold it for the whole drain of 10 s.
    expect(performance.now() - began).toBeLessThan(9_000)

    const ports = ['--port', portOf(first.ready.url), '--gateway-port', portOf(first.ready.gatewayUrl)]
    const second = await startDev(cwd, '--data', data, ...ports)
    expect(second.ready).toMatchObject({
      url: first.ready.url,
      audience: first.ready.audience,
      adminKey: null,
      demo: { key: null, clientSecret: null, scope: 'orders:read', webClientId: first.ready.demo.webClientId },
    })
    expect(second.err()).toBe('')
    const gateway = (credential: string | null) => fetch(`${second.ready.gatewayUrl}/orders`, bearer(credential))
    expect([(await gateway(key)).status, (await gateway(jwt)).status]).toEqual([200, 200])
    expect(await second.stop()).toBe(0)

    const third = await startDev(cwd, '--data', data)
    expect(third.ready.audience).toBe(first.ready.audience)
    expect(third.ready.url).not.toBe(first.ready.url)
    const orders = `${third.ready.gatewayUrl}/orders`
    expect([(await fetch(orders, bearer(key))).status, (await fetch(orders, bearer(jwt))).status]).toEqual([200, 401])
    expect(third.err().match(/wrong_issuer/g)).toHaveLength(1)
    const profile = JSON.parse(readFileSync(join(data, 'profile.json'), 'utf8'))
    expect(profile).toMatchObject({ url: third.ready.url, adminKey: first.ready.adminKey })
    const env = {
      COUNTERSIGN_URL: third.ready.url,
      COUNTERSIGN_KEY: profile.adminKey,
      COUNTERSIGN_AUDIENCE: third.ready.audience,
    }
    const verdict = await run(['verify', '--json'], { cwd, env, input: jwt })
    expect(JSON.parse(verdict.out)).toMatchObject({ active: false, code: 'wrong_issuer' })
    await third.stop()
  })

  it('a document not seen before gets its own audience, client and key with every scope', async () => {
    const data = join(cwd, 'several')
    const file = join(cwd, 'pets.yaml')
    writeFileSync(
      file,
      'openapi: 3.1.0\ninfo: {title: My Pets, version: "1"}\npaths:\n  /pets:\n    get: {security: [{k: ["pets:read"]}]}\n    post: {security: [{k: ["pets:write"]}]}\n',
    )
    const demo = await startDev(cwd, '--data', data)
    await demo.stop()
    const flags = ['--data', data, '--openapi', file, '--upstream', upstreamUrl]
    const own = await startDev(cwd, ...flags)
    expect(own.ready).toMatchObject({
      audience: 'urn:countersign:dev:my-pets',
      adminKey: null,
      demo: { scope: 'pets:read pets:write', key: expect.stringMatching(/^cs_test_/) },
    })
    const answer = await fetch(`${own.ready.gatewayUrl}/pets`, bearer(own.ready.demo.key))
    expect([answer.status, await answer.json()]).toEqual([
      200,
      expect.objectContaining({ 'x-countersign-scope': 'pets:read pets:write' }),
    ])
    expect((await fetch(`${own.ready.gatewayUrl}/pets`, bearer(demo.ready.demo.key))).status).toBe(401)
    await own.stop()
    const again = await startDev(cwd, ...flags)
    expect(again.ready).toMatchObject({ audience: 'urn:countersign:dev:my-pets', demo: { key: null } })
    await again.stop()
  })
})

it('sets the headers of its document’s apiKey schemes at its API, unless somebody has set any', async () => {
  const other = makeFolder()
  const file = join(other.path, 'partner.json')
  const write = (name: string) => {
    const securitySchemes = {
      k: { type: 'apiKey', in: 'header', name },
      q: { type: 'apiKey', in: 'query', name: 'key' },
    }
    const paths = { '/orders': { get: { security: [{ k: ['orders:read'] }] } } }
    writeFileSync(
      file,
      JSON.stringify({
        openapi: '3.1.0',
        info: { title: 'Partner', version: '1' },
        components: { securitySchemes },
        paths,
      }),
    )
  }
  const start = () => startDev(other.path, '--openapi', file, '--upstream', upstreamUrl)
  write('X-Partner-Key')
  const first = await start()
  const { key } = first.ready.demo
  expect(first.err()).toContain('credentials are also read from X-Partner-Key')
  const statusOf = async ({ ready }: Dev, headers: Record<string, string>, query = '') =>
    (await fetch(`${ready.gatewayUrl}/orders${query}`, { headers })).status
  expect(await statusOf(first, { 'X-Partner-Key': key! })).toBe(200)
  expect(await statusOf(first, {}, `?key=${key}`)).toBe(401)
  const shown = await run(['apis', 'show', first.ready.audience], { cwd: other.path })
  expect(shown.out).toMatch(/^credentialHeaders +X-Partner-Key$/m)
  await first.stop()
  write('X-Renamed-Key')
  const second = await start()
  expect(await statusOf(second, { 'X-Renamed-Key': key! })).toBe(401)
  expect(await statusOf(second, { 'X-Partner-Key': key! })).toBe(200)
  await second.stop()
  other.remove()
})

it('without --json a newcomer sees a screen of text, and one line a request', async () => {
  const args = ['dev', '--port', '0', '--gateway-port', '0', '--data', './screen']
  const running = await startUntilReady(args, { cwd })
  const profile = JSON.parse(readFileSync(join(cwd, 'screen/profile.json'), 'utf8'))
  const gatewayUrl = profile.audiences.demo
  expect((await fetch(`${gatewayUrl}/orders?key=hidden`)).status).toBe(401)
  expect(await running.stop('SIGINT')).toBe(0)
  expect(running.err()).toMatch(/^GET \/orders {2}401 missing_credential {2}.+\n$/)
})
