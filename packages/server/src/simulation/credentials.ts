/** The credentials that verifiers of the model are shown, with real signatures. */
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
import type { Key, Token } from '@countersign/store'

export const audience = 'https://api.example.com'
export const apiId = 'api_1'
/** The true time at the beginning of every run, in seconds. */
export const startAt = 1_790_000_000
/** The last sequence of a tenant's log when a run begins: all that is there was issued at it. */
export const issuedPosition = 7
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

export const fresh = { version: 1, createdAt: startAt - 200, updatedAt: startAt - 200 }
export const clientIds = ['client_0', 'client_1'] as const
const rateLimit = { limit: 1_000_000, windowSeconds: 1 }
const bytes = Uint8Array.from({ length: 4_096 }, (_, index) => (index * 167 + (index >> 5) * 29) & 0xff)
let used = 0
export const randomBytes = (count: number): Uint8Array => {
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
export const ownPairs = [await createPair('k1'), await createPair('k2'), await createPair('k3')]
export const clientPair = await createPair('c1')
export const thumbprint = await jwkThumbprint(clientPair.publicJwk)

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

export async function signToken(
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

export async function selfIssue(tenant: string, jti: string, life: number): Promise<ModelCredential> {
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
export function forge(of: ModelCredential): ModelCredential {
  const body = `cs_live_${of.own.id}_${'7'.repeat(32)}`
  return { ...of, name: 'forged', text: body + keyChecksum(body), isForged: true }
}
