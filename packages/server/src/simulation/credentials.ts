/** The credentials that the simulated verifiers are shown: made once, with real signatures. */
import {
  type Ancestor,
  accessTokenClaims,
  type CredentialRecord,
  digest,
  generateKey,
  generateKeyPair,
  importSigningKey,
  jwkThumbprint,
  type PublicKeyRecord,
  signJwt,
} from '@countersign/core'

export const issuer = 'https://auth.example.com'
export const audience = 'https://api.example.com'
export const tenant = 'ten_1'
export const apiId = 'api_1'
/** The server's clock at the beginning of every run, in seconds. */
export const startAt = 1_790_000_000

/** All that a credential of the model can be refused for, by type and id. */
export interface Dependency {
  readonly type: 'tenant' | 'api' | 'client' | 'public_key' | 'key' | 'token' | 'client_token' | 'signing_key'
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

export interface ModelKey {
  readonly digest: string
  readonly record: CredentialRecord
}

const clients = ['client_0', 'client_1'] as const
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

export const ownPairs = [await createPair('k1'), await createPair('k2')]
const clientPair = await createPair('c1')
export const thumbprint = await jwkThumbprint(clientPair.publicJwk)

export const publicKeyRecord: PublicKeyRecord = {
  clientId: clients[1],
  kid: 'c1',
  thumbprint,
  alg: 'RS256',
  publicJwk: clientPair.publicJwk,
  lifeSecondsMax: 3_600,
  clientStatus: 'active',
  access: { [apiId]: 'a b' },
  metadata: {},
}

export const modelKeys: readonly ModelKey[] = [0, 1, 2].map((index) => {
  const { id, text } = generateKey({ prefix: 'cs', marker: 'live', randomBytes })
  const clientId = clients[index % 2] as string
  const record: CredentialRecord = {
    kind: 'api_key',
    id,
    version: 1,
    prefix: 'cs',
    clientId,
    subject: clientId,
    apiId,
    audience,
    scope: 'a b',
    status: 'active',
    environment: 'live',
    metadata: { text },
    // Never spent; where limits are shared it makes the engine wait.
    rateLimit: { limit: 1_000_000, windowSeconds: 1 },
    limitId: id,
    lineage: [],
    inherited: [],
    clientStatus: 'active',
    access: 'a b',
  }
  return { digest: digest(text) as string, record }
})

const keyCredentials = modelKeys.map(
  ({ record }, index): ModelCredential => ({
    name: `key ${index}`,
    text: record.metadata.text as string,
    own: { type: 'key', id: record.id },
    clientId: record.clientId,
    ancestors: [],
    signedBy: undefined,
    position: undefined,
    endsAt: Number.POSITIVE_INFINITY,
    isForged: false,
  }),
)

const firstKeyId = (modelKeys[0] as ModelKey).record.id

/** Issued before the run, by servers whose clocks disagree by up to 30 s: `cs_pos` says when, `iat` does not. */
const tokens = [
  { jti: 'tok_0', client: 0, pair: 0, iat: -130, life: 10_000, lineage: [] },
  { jti: 'tok_1', client: 1, pair: 1, iat: 9, life: 3_000, lineage: [] },
  { jti: 'tok_2', client: 0, pair: 0, iat: 8, life: 5_000, lineage: [{ type: 'key', id: firstKeyId }] },
  { jti: 'tok_3', client: 0, pair: 1, iat: -90, life: 200, lineage: [{ type: 'token', id: 'tok_0' }] },
] as const

async function issue(token: (typeof tokens)[number]): Promise<ModelCredential> {
  const clientId = clients[token.client] as string
  const pair = ownPairs[token.pair] as (typeof ownPairs)[number]
  const position = 5
  const claims = accessTokenClaims({
    issuer,
    subject: clientId,
    audience,
    clientId,
    jti: token.jti,
    issuedAt: startAt + token.iat,
    expiresAt: startAt + token.life,
    scope: ['a', 'b'],
    position,
    lineage: token.lineage,
    rateLimit: { limit: 1_000_000, windowSeconds: 1 },
    limitId: token.jti,
  })
  return {
    name: token.jti,
    text: await signJwt({ typ: 'at+jwt', claims, key: pair.signingKey }),
    own: { type: 'token', id: token.jti },
    clientId,
    ancestors: token.lineage,
    signedBy: { type: 'signing_key', id: pair.kid },
    position,
    endsAt: startAt + token.life,
    isForged: false,
  }
}

async function selfIssue(jti: string, life: number): Promise<ModelCredential> {
  const clientId = clients[1]
  const exp = startAt + life
  const claims = { iss: clientId, sub: clientId, aud: audience, jti, iat: startAt - 10, exp, scope: 'a b' }
  return {
    name: `self-issued ${jti}`,
    text: await signJwt({ typ: 'at+jwt', claims, key: clientPair.signingKey }),
    own: { type: 'client_token', id: `${clientId} ${jti}` },
    clientId,
    ancestors: [],
    signedBy: { type: 'public_key', id: `${clientId} ${thumbprint}` },
    position: undefined,
    endsAt: exp + 10,
    isForged: false,
  }
}

/** The id of a real key with another secret: the id is readable by whoever sees a log. */
async function forge(): Promise<ModelCredential> {
  const { keyChecksum } = await import('@countersign/core')
  const body = `cs_live_${firstKeyId}_${'7'.repeat(32)}`
  return { ...(keyCredentials[0] as ModelCredential), name: 'forged', text: body + keyChecksum(body), isForged: true }
}

export const credentials: readonly ModelCredential[] = [
  ...keyCredentials,
  ...(await Promise.all(tokens.map(issue))),
  await selfIssue('s_0', 100),
  await selfIssue('s_1', 400),
  await forge(),
]
