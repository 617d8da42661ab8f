/**
 * The tenants of the model and the credentials that their verifiers are shown: made once, with real signatures. Clients,
 * APIs and tokens of both tenants have the same ids, so that a wall with a hole shows.
 */
import {
  type Ancestor,
  accessTokenClaims,
  clientTokenId,
  digest,
  generateKey,
  generateKeyPair,
  importSigningKey,
  jwkThumbprint,
  keyChecksum,
  publicKeyId,
  signJwt,
} from '@countersign/core'
import type { Api, Client, ClientJwk, Key, SigningKey, Tenant, Token } from '@countersign/store'

export const audience = 'https://api.example.com'
export const apiId = 'api_1'
/** The true time at the beginning of every run, in seconds. */
export const startAt = 1_790_000_000
/** The last sequence of a tenant's log when a run begins: all that is there was issued at it. */
export const issuedPosition = 7
/** The objects of each tenant, in one run. */
const mintedMax = 20

/** All that a credential of the model can be refused for, by type and id. */
export interface Dependency {
  readonly tenant: string
  readonly type:
    | 'tenant'
    | 'api'
    | 'client'
    | 'public_key'
    | 'key'
    | 'token'
    | 'opaque_token'
    | 'client_token'
    | 'signing_key'
  readonly id: string
}

export interface ModelCredential {
  readonly name: string
  readonly text: string
  readonly own: Dependency
  readonly clientId: string
  readonly ancestors: readonly Ancestor[]
  readonly signedBy: Dependency | undefined
  /** `cs_pos`. */
  readonly position: number | undefined
  /** With its leeway. */
  readonly endsAt: number
  /** Nobody ever issued it. */
  readonly isForged: boolean
}

/** The rows that are there when a run begins. */
export interface ModelTenant {
  readonly tenant: Tenant
  readonly issuer: string
  readonly api: Api
  readonly clients: readonly Client[]
  readonly keys: readonly Key[]
  readonly tokens: readonly Token[]
  readonly jwk: ClientJwk
  readonly signingKeys: readonly SigningKey[]
  readonly credentials: readonly ModelCredential[]
  /** JWTs that are issued during a run, when the log has come to their position; no row knows them. */
  readonly minted: readonly ModelCredential[]
}

const fresh = { version: 1, createdAt: startAt - 200, updatedAt: startAt - 200 }
const clientIds = ['client_0', 'client_1'] as const
const rateLimit = { limit: 1_000_000, windowSeconds: 1 }
const bytes = Uint8Array.from({ length: 4_096 }, (_, index) => (index * 167 + (index >> 5) * 29) & 0xff)
let used = 0
const randomBytes = (count: number): Uint8Array => {
  used += count
  return bytes.slice(used % 2_048, (used % 2_048) + count)
}

// RS256, the cheapest to verify: what is simulated is not the signature.
async function createPair(kid: string) {
  const { privateJwk, publicJwk } = await generateKeyPair('RS256')
  const jwk = { ...publicJwk, kid } as { readonly [member: string]: unknown }
  return { kid, publicJwk: jwk, signingKey: importSigningKey({ ...privateJwk, kid }) }
}

/** The third signs nothing and is never removed: a tenant without any key would have one made. */
const ownPairs = [await createPair('k1'), await createPair('k2'), await createPair('k3')]
const clientPair = await createPair('c1')
const thumbprint = await jwkThumbprint(clientPair.publicJwk)

export const issuerOf = (slug: string): string =>
  slug === '' ? 'https://auth.example.com' : `https://auth.example.com/t/${slug}`

/** An API key of its own, with its row. Its limit is never spent; where limits are shared it makes the engine wait. */
export function createKey(
  tenant: string,
  clientId: string,
  createdAt: number,
  random: (count: number) => Uint8Array,
): { readonly row: Key; readonly credential: ModelCredential } {
  const { id, text } = generateKey({ prefix: 'cs', marker: 'live', randomBytes: random })
  const row: Key = {
    tenant,
    id,
    digest: digest(text) as string,
    prefix: 'cs',
    environment: 'live',
    clientId,
    apiId,
    scope: 'a b',
    name: '',
    status: 'active',
    metadata: {},
    rateLimit,
    ...fresh,
    createdAt,
  }
  const credential: ModelCredential = {
    name: `key ${id}`,
    text,
    own: { tenant, type: 'key', id },
    clientId,
    ancestors: [],
    signedBy: undefined,
    position: undefined,
    endsAt: Number.POSITIVE_INFINITY,
    isForged: false,
  }
  return { row, credential }
}

interface TokenOptions {
  readonly clientId: string
  readonly createdAt: number
  readonly endsAt: number
  readonly position: number
  readonly lineage: readonly Ancestor[]
}

/** An opaque token, with its row. */
export function createOpaqueToken(
  tenant: string,
  options: TokenOptions,
  random: (count: number) => Uint8Array,
): { readonly row: Token; readonly credential: ModelCredential } {
  const { id: jti, text } = generateKey({ prefix: 'cs', marker: 'at', randomBytes: random })
  const row = {
    ...tokenRow(tenant, jti, options),
    format: 'opaque' as const,
    digest: digest(text) as string,
    prefix: 'cs',
  }
  const { clientId, lineage, position, endsAt } = options
  const credential: ModelCredential = {
    name: `opaque ${jti}`,
    text,
    own: { tenant, type: 'opaque_token', id: jti },
    clientId,
    ancestors: lineage,
    signedBy: undefined,
    position,
    endsAt,
    isForged: false,
  }
  return { row, credential }
}

function tokenRow(
  tenant: string,
  jti: string,
  { clientId, createdAt, endsAt, position, lineage }: TokenOptions,
): Token {
  return {
    tenant,
    jti,
    format: 'jwt',
    clientId,
    apiId,
    subject: clientId,
    name: '',
    metadata: {},
    issuedScope: 'a b',
    issuedExpiresAt: endsAt,
    status: 'active',
    lineage,
    inherited: [],
    limitId: jti,
    position,
    rateLimit,
    ...fresh,
    createdAt,
  }
}

/** Issued before the run, by servers whose clocks disagree by up to 30 s: `cs_pos` says when, `iat` does not. */
const jwts = [
  { jti: 'tok_0', client: 0, pair: 0, iat: -130, life: 10_000, ofKey: false, parent: undefined },
  { jti: 'tok_1', client: 1, pair: 1, iat: 9, life: 3_000, ofKey: false, parent: undefined },
  { jti: 'tok_2', client: 0, pair: 0, iat: 8, life: 5_000, ofKey: true, parent: undefined },
  // It ends between a week and the drop time of a week whose clocks were ahead.
  { jti: 'tok_week', client: 1, pair: 1, iat: -5, life: 607_500, ofKey: false, parent: undefined },
  { jti: 'tok_3', client: 0, pair: 1, iat: -90, life: 200, ofKey: false, parent: 'tok_0' },
] as const

const opaques = [
  { client: 0, life: 4_000, ofKey: false },
  { client: 1, life: 250, ofKey: true },
] as const

export const tenants: readonly ModelTenant[] = [await createTenant('ten_1', ''), await createTenant('ten_2', 'two')]

async function createTenant(id: string, slug: string): Promise<ModelTenant> {
  const issuer = issuerOf(slug)
  const keys = [0, 1, 2].map((index) => createKey(id, clientIds[index % 2] as string, startAt - 200, randomBytes))
  const firstKey = (keys[0] as (typeof keys)[number]).credential
  // A token is exchanged only to the client of what it is exchanged for.
  const lineageOf = (client: number, ofKey: boolean, parent?: string): readonly Ancestor[] => [
    ...(ofKey ? [{ type: 'key' as const, id: (keys[client] as (typeof keys)[number]).row.id }] : []),
    ...(parent === undefined ? [] : [{ type: 'token' as const, id: parent }]),
  ]
  const tokens = await Promise.all(
    jwts.map(({ jti, client, pair, iat, life, ofKey, parent }) => {
      const options = {
        clientId: clientIds[client] as string,
        createdAt: startAt + iat,
        endsAt: startAt + life,
        position: issuedPosition,
        lineage: lineageOf(client, ofKey, parent),
      }
      return signToken(id, issuer, jti, pair, options)
    }),
  )
  const minted = await Promise.all(
    Array.from({ length: mintedMax }, (_, index) => {
      const position = issuedPosition + 1 + index
      const clientId = clientIds[index % 2] as string
      const options = { clientId, createdAt: startAt, endsAt: startAt + 6_000, position, lineage: [] }
      return signToken(id, issuer, `minted_${position}`, index % 2, options)
    }),
  )
  const opaque = opaques.map(({ client, life, ofKey }) => {
    const lineage = lineageOf(client, ofKey)
    const options = { clientId: clientIds[client], createdAt: startAt - 60, endsAt: startAt + life, lineage }
    return createOpaqueToken(id, { ...options, position: issuedPosition }, randomBytes)
  })
  return {
    tenant: { id, slug, name: id, status: 'active', ...fresh },
    issuer,
    api: {
      tenant: id,
      id: apiId,
      audience,
      name: 'API',
      status: 'active',
      tokenTtlSeconds: 3_600,
      tokenTtlSecondsMax: 86_400,
      tokenFormat: 'jwt',
      signingAlg: 'RS256',
      scopeClaim: 'string',
      accountScope: '',
      selfServiceScope: '',
      onRequestScope: '',
      maxStalenessSeconds: 300,
      isBuiltIn: false,
      createdSequence: 0,
      scopes: [],
      ...fresh,
    },
    clients: clientIds.map((clientId) => ({
      tenant: id,
      id: clientId,
      name: clientId,
      type: 'service',
      status: 'active',
      access: { [apiId]: 'a b' },
      guards: [],
      authority: { scope: '', guards: [] },
      metadata: {},
      selfIssuedLifeSecondsMax: 3_600,
      cutOff: 0,
      ...fresh,
    })),
    keys: keys.map(({ row }) => row),
    // The last JWT is of the token endpoint: no row knows it.
    tokens: [...tokens.slice(0, -1), ...opaque].map(({ row }) => row),
    jwk: {
      tenant: id,
      clientId: clientIds[1],
      kid: 'c1',
      thumbprint,
      alg: 'RS256',
      publicJwk: clientPair.publicJwk,
      createdAt: startAt - 200,
    },
    signingKeys: ownPairs.map(({ kid, publicJwk }) => ({
      tenant: id,
      kid,
      alg: 'RS256',
      purpose: 'access_token',
      publicJwk,
      publishedAt: startAt - 2_000,
      signsAt: startAt - 1_000,
      status: 'active',
      version: 1,
    })),
    credentials: [
      ...keys.map(({ credential }) => credential),
      ...[...tokens, ...opaque].map(({ credential }) => credential),
      await selfIssue(id, 's_0', 100),
      await selfIssue(id, 's_1', 400),
      forge(firstKey),
    ],
    minted: minted.map(({ credential }) => credential),
  }
}

async function signToken(
  tenant: string,
  issuer: string,
  jti: string,
  pair: number,
  options: TokenOptions,
): Promise<{ readonly row: Token; readonly credential: ModelCredential }> {
  const { clientId, createdAt, endsAt, position, lineage } = options
  const { kid, signingKey } = ownPairs[pair] as Awaited<ReturnType<typeof createPair>>
  const claims = accessTokenClaims({
    issuer,
    subject: clientId,
    audience,
    clientId,
    jti,
    issuedAt: createdAt,
    expiresAt: endsAt,
    scope: ['a', 'b'],
    position,
    lineage,
    rateLimit,
    limitId: jti,
  })
  const credential: ModelCredential = {
    name: jti,
    text: await signJwt({ typ: 'at+jwt', claims, key: signingKey }),
    own: { tenant, type: 'token', id: jti },
    clientId,
    ancestors: lineage,
    signedBy: { tenant, type: 'signing_key', id: kid },
    position,
    endsAt,
    isForged: false,
  }
  return { row: tokenRow(tenant, jti, options), credential }
}

async function selfIssue(tenant: string, jti: string, life: number): Promise<ModelCredential> {
  const clientId = clientIds[1]
  const exp = startAt + life
  // One client's keys are the same in both tenants, so the JWT of one must be told from that of the other by its id.
  const id = `${jti}_${tenant}`
  const claims = { iss: clientId, sub: clientId, aud: audience, jti: id, iat: startAt - 10, exp, scope: 'a b' }
  return {
    name: `self-issued ${id}`,
    text: await signJwt({ typ: 'at+jwt', claims, key: clientPair.signingKey }),
    own: { tenant, type: 'client_token', id: clientTokenId(clientId, id) },
    clientId,
    ancestors: [],
    signedBy: { tenant, type: 'public_key', id: publicKeyId(clientId, thumbprint) },
    position: undefined,
    endsAt: exp + 10,
    isForged: false,
  }
}

/** The id of a real key with another secret: the id is readable by whoever sees a log. */
function forge(of: ModelCredential): ModelCredential {
  const body = `cs_live_${of.own.id}_${'7'.repeat(32)}`
  return { ...of, name: 'forged', text: body + keyChecksum(body), isForged: true }
}
