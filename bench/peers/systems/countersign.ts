/** Countersign's server as `serve` runs it, in a process of its own, without a log; tells the credentials of the run. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireIssuable } from '../../../packages/server/src/oauth/issuing_gate.ts'
import { atOneMoment } from '../../../packages/server/src/oauth/issuing_moment.ts'
import { issueJwt } from '../../../packages/server/src/oauth/token_issuer.ts'
import { audience, type BenchInstallation, startInstallation } from '../../installation.ts'
import { answerQuestions } from '../answering.ts'
import type { Fixture } from '../fixture.ts'
import { falsify } from '../target.ts'

const scope = 'orders:read'
const opaqueAudience = 'https://opaque.bench.example'
const otherAudience = 'https://other.bench.example'

interface Parameter {
  readonly jwts: number
  /** A PostgreSQL. Default: SQLite. */
  readonly database?: string
}

answerQuestions(async ({ jwts, database }: Parameter) => {
  const masterKey = randomBytes(32).toString('base64url')
  const installation = await startInstallation(database === undefined ? {} : { database, masterKey })
  return { told: await fixtureOf(installation, jwts), stop: installation.stop }
})

async function fixtureOf(installation: BenchInstallation, jwts: number): Promise<Fixture> {
  const { url, clientId, clientSecret, verifierKey, directory, call, server } = installation
  await call('POST', '/v1/apis', { audience: otherAudience, name: 'other', scopes: [{ name: scope }] })
  const access = [{ audience: otherAudience, scope }]
  const { clientId: otherId = '' } = await call('POST', '/v1/clients', { name: 'other', type: 'service', access })
  const { key } = await call('POST', '/v1/keys', { clientId, audience, scope, name: 'warm' })
  const expiresAt = Math.floor(Date.now() / 1000) + 3_500
  const jwtsFile = join(directory, 'jwts.json')
  await writeJwts(jwtsFile, jwts, () => issue(installation, clientId, audience, expiresAt))
  const jwt = await issue(installation, clientId, audience, expiresAt)
  const [publicJwk] = await server.services.signingKeys.published('default', 'access_token')
  if (publicJwk === undefined) throw new Error('no signing key')
  const refusedJwts = [
    falsify(jwt),
    await issue(installation, clientId, audience, Math.floor(Date.now() / 1000) - 60),
    await issue(installation, otherId, otherAudience, expiresAt),
    foreign(jwt),
  ]
  return {
    url,
    audience,
    scope,
    clientId,
    clientSecret,
    verifierKey,
    apiKey: key as string,
    jwt,
    publicJwk: { ...publicJwk },
    refusedJwts,
    opaque: await issueOpaque(installation),
    jwtsFile,
  }
}

/** One after the other: a server that once held them all is slower for the rest of the run, which no server does. */
async function writeJwts(file: string, count: number, next: () => Promise<string>): Promise<void> {
  writeFileSync(file, '[', { mode: 0o600 })
  for (let made = 0; made < count; made++) {
    appendFileSync(file, `${made === 0 ? '' : ','}${JSON.stringify(await next())}`)
  }
  appendFileSync(file, ']')
}

/** By the token endpoint's own issuer, without HTTP: tens of thousands are needed. */
async function issue(
  { server }: BenchInstallation,
  clientId: string,
  forAudience: string,
  expiresAt: number,
): Promise<string> {
  const { services } = server
  const tenant = services.tenant('')
  const client = await services.store.lookup.client('default', clientId)
  const api = await services.store.read.apis.findByAudience('default', forAudience)
  if (tenant === undefined || client === undefined || api === undefined)
    throw new Error('the installation is not whole')
  const { text } = await atOneMoment(services, tenant, (moment) => {
    const authorised = { tenant, moment, client, api, authorities: [] }
    const ttlSeconds = expiresAt - Math.floor(moment.takenAt)
    const issuable = requireIssuable({ moment, client, api, requested: scope, ttlSeconds })
    return issueJwt(services, { ...authorised, subject: clientId, issuable })
  })
  return text.reveal()
}

/** The same header and claims, signed by somebody else. */
function foreign(jwt: string): string {
  const input = jwt.slice(0, jwt.lastIndexOf('.'))
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

async function issueOpaque({ url, call }: BenchInstallation): Promise<Fixture['opaque']> {
  await call('POST', '/v1/apis', {
    audience: opaqueAudience,
    name: 'opaque',
    scopes: [{ name: scope }],
    tokenFormat: 'opaque',
  })
  const access = [{ audience: opaqueAudience, scope }]
  const { clientId, clientSecret } = await call('POST', '/v1/clients', { name: 'opaque', type: 'service', access })
  if (clientId === undefined || clientSecret === undefined) throw new Error('the client has no secret')
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope,
  })
  const response = await fetch(`${url}/oauth/token`, { method: 'POST', body })
  const { access_token: token } = (await response.json()) as { readonly access_token: string }
  return { clientId, clientSecret, token }
}
