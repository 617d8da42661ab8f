/** The endpoints without us: `node:http` and the one primitive that cannot be left out. */
import { createPrivateKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface BareClaims {
  readonly issuer: string
  readonly clientId: string
  readonly audience: string
}

/** `POST /v1/verify` without us: the body read and parsed, an answer of the same size written. */
export function answerParsed(clientId: string): RequestListener {
  return (request, response) =>
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

/** Introspection without us: the form read and parsed, an answer of RFC 7662's fields written. */
export function answerIntrospected({ issuer, clientId, audience }: BareClaims): RequestListener {
  return (request, response) =>
    readBody(request, (body) => {
      const jti = (new URLSearchParams(body).get('token') ?? '').slice(0, 12)
      const named = { scope: 'orders:read', client_id: clientId, token_type: 'Bearer', sub: clientId }
      const now = Math.floor(Date.now() / 1000)
      const answer = { active: true, ...named, aud: audience, iss: issuer, jti, exp: now + 3_600, iat: now }
      send(response, JSON.stringify(answer))
    })
}

/** The token endpoint without us: the form parsed, the same claims signed with ES256. */
export function answerSigned({ issuer, clientId, audience }: BareClaims): RequestListener {
  const { privateKey: pem } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
    publicKeyEncoding: { format: 'pem', type: 'spki' },
  })
  const privateKey = createPrivateKey(pem)
  return (request, response) =>
    readBody(request, (body) => {
      const asked = new URLSearchParams(body)
      const now = Math.floor(Date.now() / 1000)
      const claims = {
        iss: issuer,
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

/** The API behind every proxy. */
export function answerOrders(...[request, response]: Parameters<RequestListener>): void {
  request.resume()
  response.setHeader('content-type', 'application/json')
  response.end('{"orders":[]}')
}

export function readBody(request: Parameters<RequestListener>[0], use: (body: string) => void): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => use(Buffer.concat(chunks).toString('utf8')))
}

export function send(response: Parameters<RequestListener>[1], body: string): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

export function listen(handler: RequestListener): Promise<string> {
  return listenServer(createServer(handler))
}

/** On a port of its own choice; answers the base URL. */
export async function listenServer(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
