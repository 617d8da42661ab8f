/**
 * The servers of the HTTP suite, a process for each part, so that neither has the other's company: `http_servers.ts PART JSON`
 * with `upstream`, `ours` (given the upstream) or `bare` (given what `ours` told). Tells its targets when it is ready.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createGateway, type GatewayOptions } from '@countersign/gateway'
import { readDocument, readOperations } from '@countersign/openapi'
import { boundConnections } from '@countersign/verifier/connections'
import { connect, type Engine } from '@countersign/verifier/engine'
import { answerOrders, answerParsed, answerSigned, listen, listenServer } from './bare_answers.ts'
import type { Question } from './connection.ts'
import type { BareHttpTargets, OurHttpTargets } from './http.ts'
import { audience, startInstallation } from './installation.ts'

const [, , part = '', given = '{}'] = process.argv
const parts: Readonly<Record<string, () => Promise<object>>> = {
  upstream: async () => ({ upstream: await listen(answerOrders) }),
  ours: () => startOurs(JSON.parse(given) as { readonly upstream: string }),
  bare: () => startBare(JSON.parse(given) as OurHttpTargets),
}
process.stdout.write(`${JSON.stringify(await parts[part]?.())}\n`)

async function startOurs({ upstream }: { readonly upstream: string }): Promise<OurHttpTargets> {
  const { call, clientId, clientSecret, url: issuer, verifierKey } = await startInstallation()
  const { key } = await call('POST', '/v1/keys', { clientId, audience, scope: 'orders:read', name: 'k' })
  const credential = key as string
  const connection = connect({ issuer, audience, credential: verifierKey, maxStalenessSeconds: 300 })
  await connection.ready()
  const { engine, keeper } = connection
  const question = { credential, audience, requires: [[]], address: undefined, origin: undefined }
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: 'orders:read',
  })
  const verify = JSON.stringify({ credential, audience, scope: 'orders:read' })
  return {
    issuer,
    clientId,
    upstream,
    outcome: await engine.verify(question),
    verify: post(`${issuer}/v1/verify`, 'application/json', verify, { authorization: `Bearer ${verifierKey}` }),
    token: post(`${issuer}/oauth/token`, 'application/x-www-form-urlencoded', form.toString()),
    gateway: {
      url: `${await listenServer(gateway(upstream, engine, keeper))}/orders`,
      method: 'GET',
      headers: { authorization: `Bearer ${credential}` },
    },
  }
}

/** The same questions to servers that decide nothing: the gateway's is the same proxy, told yes by nobody in particular. */
async function startBare(ours: OurHttpTargets): Promise<BareHttpTargets> {
  const { issuer, clientId, outcome, upstream } = ours
  const engine = { verify: () => outcome } as unknown as Engine
  const keeper = { now: () => Date.now() / 1000, subscribe: () => () => {} } as unknown as GatewayOptions['keeper']
  return {
    verify: { ...ours.verify, url: await listen(answerParsed(clientId)) },
    turns: { ...ours.verify, url: await listenServer(inTurns(answerParsed(clientId))) },
    token: { ...ours.token, url: await listen(answerSigned({ issuer, clientId, audience })) },
    gateway: { ...ours.gateway, url: `${await listenServer(gateway(upstream, engine, keeper))}/orders` },
  }
}

function inTurns(answer: RequestListener): Server {
  const server = createServer(answer)
  boundConnections(server, { connectionsMax: 10_000, writeTimeoutMs: 30_000, isProxy: () => true })
  return server
}

function post(url: string, type: string, body: string, headers: Readonly<Record<string, string>> = {}): Question {
  return { url, method: 'POST', headers: { 'content-type': type, ...headers }, body }
}

function gateway(upstream: string, engine: Engine, keeper: GatewayOptions['keeper']) {
  const document = {
    openapi: '3.1.0',
    info: { title: 'b', version: '1' },
    paths: { '/orders': { get: { security: [{ k: ['orders:read'] }] } } },
  }
  return createGateway({
    description: readOperations(readDocument(JSON.stringify(document))),
    upstream: new URL(upstream),
    audience,
    trustedProxies: [],
    now: () => Date.now() / 1000,
    nextRequestId: randomUUID,
    engine,
    keeper,
    assertions: () => ({ assertion: 'x', expiresAt: Date.now() / 1000 + 60 }),
  }).server
}
