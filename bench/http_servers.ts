/** All the servers of the HTTP suite in one process; each pair is loaded in turn, so that neither has the other's company. */
import { createPrivateKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGateway } from '@countersign/gateway'
import { readDocument, readOperations } from '@countersign/openapi'
import { connect, type Engine } from '@countersign/verifier'
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

const { privateKey: pem } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
  publicKeyEncoding: { format: 'pem', type: 'spki' },
})
const privateKey = createPrivateKey(pem)
const upstream = await listen((request, response) => {
  request.resume()
  response.setHeader('content-type', 'application/json')
  response.end('{"orders":[]}')
})
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
  bareVerify: { url: await listen(answerParsed), method: 'POST', headers: json, body: question },
  token: { url: `${url}/oauth/token`, method: 'POST', headers: formHeaders, body: form },
  bareToken: { url: await listen(answerSigned), method: 'POST', headers: formHeaders, body: form },
  gateway: { url: `${await listenServer(guarded.server)}/orders`, method: 'GET', headers: bearer },
  bareGateway: { url: `${await listenServer(unguarded.server)}/orders`, method: 'GET', headers: bearer },
}
process.stdout.write(`${JSON.stringify(targets)}\n`)

/** What `POST /v1/verify` costs without us: the body read and parsed, an answer of the same size written. */
function answerParsed(...[request, response]: Parameters<RequestListener>): void {
  readBody(request, (body) => {
    const asked = JSON.parse(body) as { readonly audience: string }
    const answer = {
      active: true,
      grant: {
        kind: 'api_key',
        credentialId: 'x'.repeat(12),
        tenant: 'default',
        clientId,
        subject: clientId,
        audience: asked.audience,
        scope: 'orders:read',
        expiresAt: null,
        environment: 'live',
        metadata: {},
      },
    }
    send(response, JSON.stringify(answer))
  })
}

/** What a token costs without us: the form parsed, the same claims signed with ES256. */
function answerSigned(...[request, response]: Parameters<RequestListener>): void {
  readBody(request, (body) => {
    const asked = new URLSearchParams(body)
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      iss: url,
      sub: clientId,
      aud: audience,
      client_id: clientId,
      jti: randomUUID(),
      iat: now,
      exp: now + 3_600,
      scope: asked.get('scope'),
      cs_pos: 9,
    }
    const input = `${encode({ alg: 'ES256', typ: 'at+jwt', kid: 'x'.repeat(43) })}.${encode(claims)}`
    const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    const token = `${input}.${signature.toString('base64url')}`
    send(
      response,
      JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: 3_600, scope: 'orders:read' }),
    )
  })
}

function readBody(request: Parameters<RequestListener>[0], use: (body: string) => void): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => use(Buffer.concat(chunks).toString('utf8')))
}

function send(response: Parameters<RequestListener>[1], body: string): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function listen(handler: RequestListener): Promise<string> {
  return listenServer(createServer(handler))
}

async function listenServer(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
