/** All the servers of the HTTP suite in one process; each pair is loaded in turn, so that neither has the other's company. */
import { randomUUID } from 'node:crypto'
import { createGateway } from '@countersign/gateway'
import { readDocument, readOperations } from '@countersign/openapi'
import { connect, type Engine } from '@countersign/verifier'
import { answerOrders, answerParsed, answerSigned, listen, listenServer } from './bare_answers.ts'
import type { HttpTargets } from './http.ts'
import { audience, startInstallation } from './installation.ts'

const installation = await startInstallation()
const { call, clientId, clientSecret, url, verifierKey } = installation
const key = await call('POST', '/v1/keys', { clientId, audience, scope: 'orders:read', name: 'k' })
const credential = key.key as string
const question = JSON.stringify({ credential, audience, scope: 'orders:read' })
const form = new URLSearchParams({
  grant_type: 'client_credentials',
  client_id: clientId,
  client_secret: clientSecret,
  scope: 'orders:read',
}).toString()

const upstream = await listen(answerOrders)
const description = readOperations(
  readDocument(
    JSON.stringify({
      openapi: '3.1.0',
      info: { title: 'b', version: '1' },
      paths: { '/orders': { get: { security: [{ k: ['orders:read'] }] } } },
    }),
  ),
)
const connection = connect({ issuer: url, audience, credential: verifierKey, maxStalenessSeconds: 300 })
await connection.ready()
const shared = {
  description,
  upstream: new URL(upstream),
  audience,
  trustedProxies: [],
  now: () => Date.now() / 1000,
  nextRequestId: randomUUID,
}
const guarded = createGateway({
  ...shared,
  engine: connection.engine,
  keeper: connection.keeper,
  assertions: () => ({ assertion: 'x', expiresAt: Date.now() / 1000 + 60 }),
})
const grant = await connection.engine.verify({
  credential,
  audience,
  requires: [[]],
  address: undefined,
  origin: undefined,
})
/** The same proxy, told yes by nobody in particular. */
const open: Engine = { ...connection.engine, verify: () => grant }
const unguarded = createGateway({
  ...shared,
  engine: open,
  keeper: connection.keeper,
  assertions: () => ({ assertion: 'x', expiresAt: Date.now() / 1000 + 60 }),
})

const json = { 'content-type': 'application/json', authorization: `Bearer ${verifierKey}` }
const formHeaders = { 'content-type': 'application/x-www-form-urlencoded' }
const bearer = { authorization: `Bearer ${credential}` }
const targets: HttpTargets = {
  verify: { url: `${url}/v1/verify`, method: 'POST', headers: json, body: question },
  bareVerify: { url: await listen(answerParsed(clientId)), method: 'POST', headers: json, body: question },
  token: { url: `${url}/oauth/token`, method: 'POST', headers: formHeaders, body: form },
  bareToken: {
    url: await listen(answerSigned({ issuer: url, clientId, audience })),
    method: 'POST',
    headers: formHeaders,
    body: form,
  },
  gateway: { url: `${await listenServer(guarded.server)}/orders`, method: 'GET', headers: bearer },
  bareGateway: { url: `${await listenServer(unguarded.server)}/orders`, method: 'GET', headers: bearer },
}
process.stdout.write(`${JSON.stringify(targets)}\n`)
