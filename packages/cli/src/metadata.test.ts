/** Metadata of keys and clients at every reader: the SDK, a gateway of its own process, forward-auth. */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { parseJwt, readIdentityHeader } from '@countersign/core'
import { createVerifier, type Verifier } from '@countersign/verifier'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { bearer, type Dev, makeFolder, type Running, startDev, startUntilReady } from './countersign.fixture.ts'

const folder = makeFolder()
const upstream = createServer((incoming, response) => response.end(JSON.stringify(incoming.headers)))
let dev: Dev
let gateway: Running
let gatewayUrl: string
let verifier: Verifier
let plain: Verifier
let credentials: Readonly<Record<'key' | 'minted' | 'exchanged', string>>
let keyId: string
let clientId: string

type Wire = Readonly<Record<string, never>>

async function api(method: string, path: string, body?: object): Promise<Wire> {
  const answer = await fetch(dev.ready.url + path, {
    method,
    headers: { ...bearer(dev.ready.adminKey).headers, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  expect(answer.ok, text).toBe(true)
  return JSON.parse(text)
}

beforeAll(async () => {
  const document = join(folder.path, 'api.yaml')
  writeFileSync(
    document,
    'openapi: 3.1.0\ninfo: {title: Demo, version: "1"}\npaths:\n  /orders: {get: {security: [{k: ["orders:read"]}]}}\n  /health: {get: {security: []}}\n',
  )
  await new Promise<void>((listening) => upstream.listen(0, '127.0.0.1', listening))
  dev = await startDev(folder.path)
  const { url: issuer, audience } = dev.ready
  const credential = dev.ready.adminKey!
  const flags = ['--openapi', document, '--upstream', `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`]
  gateway = await startUntilReady(['gateway', ...flags, '--listen', '127.0.0.1:0', '--json'], {
    cwd: folder.path,
  })
  gatewayUrl = JSON.parse(gateway.line).url
  verifier = createVerifier({ issuer, audience, credential, clientMetadata: true })
  plain = createVerifier({ issuer, audience, credential })
  const access = [{ audience, scope: 'orders:read' }]
  const client = await api('POST', '/v1/clients', { name: 'c', type: 'service', access, metadata: { plan: 'pro' } })
  clientId = client.clientId!
  const common = { clientId, audience, scope: 'orders:read', name: 'n' }
  const key = await api('POST', '/v1/keys', { ...common, metadata: { région: '100%\r\n"é"' } })
  keyId = key.id!
  const minted = await api('POST', '/v1/tokens', { ...common, ttlSeconds: 600, metadata: { by: 'ci' } })
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: key.key!,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    client_id: clientId,
    client_secret: client.clientSecret!,
  }
  const answer = await fetch(`${issuer}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) })
  const exchanged = ((await answer.json()) as Wire).access_token!
  credentials = { key: key.key!, minted: minted.token!, exchanged }
})

afterAll(async () => {
  await Promise.all([verifier.close(), plain.close()])
  await gateway.stop()
  await dev.stop()
  upstream.closeAllConnections()
  upstream.close()
  folder.remove()
})

async function bySdk(text: string, by: Verifier = verifier): Promise<object | string> {
  const outcome = await by.verify(text)
  if (outcome.outcome !== 'verified') return JSON.stringify(outcome)
  const { metadata, clientMetadata } = outcome.grant
  return { metadata, clientMetadata }
}

/** Header and claims as the upstream has them, which must say the same. */
async function byGateway(text: string, more: Record<string, string> = {}): Promise<object> {
  const answer = await fetch(`${gatewayUrl}/orders`, { headers: { ...bearer(text).headers, ...more } })
  return told((await answer.json()) as Record<string, string>)
}

async function byForwardAuth(text: string): Promise<object> {
  const query = new URLSearchParams({ audience: dev.ready.audience, proxy: 'traefik', scope: 'orders:read' })
  const answer = await fetch(`${dev.ready.url}/v1/forward-auth?${query}`, {
    headers: {
      ...bearer(text).headers,
      'X-Countersign-Verifier': dev.ready.adminKey!,
      'X-Forwarded-Method': 'GET',
      'X-Forwarded-Uri': '/orders',
      'X-Forwarded-For': '192.0.2.9',
    },
  })
  expect(answer.status, await answer.text()).toBe(200)
  return told(Object.fromEntries(answer.headers))
}

function told(headers: Readonly<Record<string, string>>): object {
  const jwt = parseJwt(headers['x-countersign-assertion'] ?? '')
  if (!('claims' in jwt)) throw new Error(JSON.stringify(headers))
  const { cs_metadata, cs_client_metadata, cs_metadata_omitted } = jwt.claims as Record<string, unknown>
  const value = headers['x-countersign-metadata'] ?? '-'
  const omitted = headers['x-countersign-metadata-omitted'] ?? '-'
  if (value === '-') {
    expect([omitted, cs_metadata_omitted, cs_metadata, cs_client_metadata]).toEqual([
      'size',
      true,
      undefined,
      undefined,
    ])
    return { omitted }
  }
  const read = JSON.parse(readIdentityHeader(value))
  expect([omitted, cs_metadata_omitted]).toEqual(['-', undefined])
  expect({ metadata: cs_metadata, clientMetadata: cs_client_metadata }).toEqual(read)
  return read
}

const ofKey = { région: '100%\r\n"é"' }

describe('metadata of credential and client', () => {
  it('is the same at SDK, gateway and forward-auth, for keys and JWTs', async () => {
    const clientMetadata = { plan: 'pro' }
    for (const [name, metadata] of [
      ['key', ofKey],
      ['minted', { by: 'ci' }],
      ['exchanged', ofKey],
    ] as const) {
      const expected = { metadata, clientMetadata }
      expect(await bySdk(credentials[name]), name).toEqual(expected)
      expect(await byGateway(credentials[name]), name).toEqual(expected)
      expect(await byForwardAuth(credentials[name]), name).toEqual(expected)
    }
  })

  it('without the option, the client’s comes with what is looked up, and not with a JWT', async () => {
    expect(await bySdk(credentials.key, plain)).toEqual({ metadata: ofKey, clientMetadata: { plan: 'pro' } })
    expect(await bySdk(credentials.minted, plain)).toEqual({ metadata: { by: 'ci' } })
  })

  it('a caller’s own never reaches the upstream', async () => {
    const own = {
      'X-Countersign-Metadata': '{"metadata":{"admin":1}}',
      x_countersign_metadata: 'x',
      'X-Countersign-Metadata-Omitted': 'size',
    }
    expect(await byGateway(credentials.minted, own)).toEqual({
      metadata: { by: 'ci' },
      clientMetadata: { plan: 'pro' },
    })
    const answer = await fetch(`${gatewayUrl}/health`, { headers: own })
    expect(Object.keys((await answer.json()) as object).filter((name) => /metadata/.test(name))).toEqual([])
  })

  it('that was changed is new at every reader within the bound', async () => {
    await api('PATCH', `/v1/keys/${keyId}`, { metadata: { device: 8 } })
    await api('PATCH', `/v1/clients/${clientId}`, { metadata: { plan: 'free' } })
    const clientMetadata = { plan: 'free' }
    const everywhere = [bySdk, byGateway, byForwardAuth]
    await vi.waitFor(
      async () => {
        for (const read of everywhere) {
          expect(await read(credentials.key)).toEqual({ metadata: { device: 8 }, clientMetadata })
          expect(await read(credentials.minted)).toEqual({ metadata: { by: 'ci' }, clientMetadata })
        }
      },
      { timeout: 10_000, interval: 50 },
    )
  })

  it('beyond 1 KiB is left out for upstreams, both together, and the SDK still has it', async () => {
    const metadata = { text: 'x'.repeat(1_100) }
    await api('PATCH', `/v1/keys/${keyId}`, { metadata })
    await vi.waitFor(
      async () => {
        expect(await bySdk(credentials.key)).toEqual({ metadata, clientMetadata: { plan: 'free' } })
        expect(await byGateway(credentials.key)).toEqual({ omitted: 'size' })
        expect(await byForwardAuth(credentials.key)).toEqual({ omitted: 'size' })
      },
      { timeout: 10_000, interval: 50 },
    )
  })
})
