import {
  type Ancestor,
  accessTokenClaims,
  accessTokenTypes,
  type Constraints,
  digest,
  type Environment,
  formatScope,
  generateKey,
  type Limited,
  type Metadata,
  policiesOf,
  randomBase62,
  type Seconds,
  Secret,
  type SignInput,
  type SigningKey,
  signJwt,
} from '@countersign/core'
import type { Api, AuditActor, Client, Token, WriteTransaction } from '@countersign/store'
import type { Services, TenantContext } from '../context.ts'
import { serverLimits } from '../limits.ts'
import { type Authority, type IssuableScope, requireIssuableIn, requireStillIssuable } from './issuing_gate.ts'
import { BehindError, type IssuingMoment, requireSameBook } from './issuing_moment.ts'

/** Everything that a token says. Nothing of it is widened or cut here. */
export interface IssueRequest extends Limited {
  readonly tenant: TenantContext
  /** The token carries its position, and begins when it was taken. */
  readonly moment: IssuingMoment
  readonly client: Client
  readonly api: Api
  /** Looked at again where the token is made. */
  readonly authorities: readonly Authority[]
  readonly subject: string
  /** The scope and the end. */
  readonly issuable: IssuableScope
  readonly lineage?: readonly Ancestor[]
  readonly constraints?: readonly Constraints[]
  readonly environment?: Environment
  readonly metadata?: Metadata
  readonly limitId?: string
  /** Minted as an API key. Default false. */
  readonly isListed?: boolean
  readonly name?: string
}

export interface IssuedToken {
  readonly text: Secret
  readonly jti: string
  readonly expiresAt: Seconds
}

/** Scope and metadata would make a token that no verifier takes: too long, or too deep. */
export class UnsignableTokenError extends Error {
  override readonly name = 'UnsignableTokenError'

  constructor(cause: TypeError) {
    super('the token would be too large: ask for less scope, or give it less metadata', { cause })
  }
}

/** A JWT, RFC 9068. Writes nothing. */
export async function issueJwt(
  services: Pick<Services, 'books' | 'randomBytes' | 'signing' | 'signingKeys'>,
  request: IssueRequest,
): Promise<IssuedToken> {
  const jti = randomBase62(22, services.randomBytes)
  const claims = claimsOf(request, jti)
  for (let round = 0; round < serverLimits.issuingRoundsMax; round++) {
    const signer = services.signingKeys.signer(request.tenant.id, request.api.signingAlg, 'access_token')
    // Each wait here may end what was looked at: only a turn without a wait may hand the claims over.
    const waiting = signer instanceof Promise ? signer : requireStillIssuable(services, request)
    if (waiting instanceof Promise || signer instanceof Promise) {
      await waiting
      continue
    }
    const text = await sign(claims, signer, services.signing.sign)
    return { text: new Secret(text), jti, expiresAt: Math.floor(request.issuable.expiresAt) }
  }
  throw new BehindError()
}

function claimsOf(request: IssueRequest, jti: string): ReturnType<typeof accessTokenClaims> {
  const { tenant, client, api, moment } = request
  return accessTokenClaims({
    ...request,
    ...request.issuable,
    issuer: tenant.issuer,
    audience: api.audience,
    clientId: client.id,
    jti,
    issuedAt: moment.takenAt,
    position: moment.position,
    clientRateLimits: policiesOf(client),
  })
}

/** `signJwt` throws a TypeError for claims that verifiers would refuse. */
async function sign(claims: ReturnType<typeof accessTokenClaims>, key: SigningKey, signer: SignInput): Promise<string> {
  try {
    return await signJwt({ typ: accessTokenTypes[0], claims, key, sign: signer })
  } catch (error) {
    if (error instanceof TypeError) throw new UnsignableTokenError(error)
    throw error
  }
}

export type IssuerServices = Pick<
  Services,
  'books' | 'keyPrefix' | 'now' | 'opaqueTokens' | 'randomBytes' | 'signing' | 'signingKeys'
>

/** An opaque token: random text whose digest is stored, looked up like an API key. */
export async function issueOpaqueToken(
  services: IssuerServices,
  request: IssueRequest,
  transaction: WriteTransaction,
  audit: { readonly actor: AuditActor; readonly requestId: string },
): Promise<IssuedToken> {
  await requireIssuableIn(transaction, request)
  requireSameBook(services, request.tenant, request.moment)
  const { keyPrefix, randomBytes } = services
  const { id, text } = generateKey({ prefix: keyPrefix, marker: 'at', randomBytes })
  const token = tokenRecord(request, { jti: id, format: 'opaque' })
  await transaction.tokens.insert({ ...token, digest: await digest(text), prefix: keyPrefix })
  // An event each would make the audit log grow with the use of the API: they are counted, and the first of a day is
  // told.
  const isFirst = services.opaqueTokens.count(request.tenant.id, request.client.id, services.now())
  if (isFirst) {
    const { id: objectId } = request.client
    const after = { format: 'opaque', of: new Date(services.now() * 1000).toISOString().slice(0, 10) }
    transaction.append({
      tenant: request.tenant.id,
      audit: { ...audit, action: 'token.issue', objectType: 'client', objectId, after },
    })
  }
  return { text: new Secret(text), jti: id, expiresAt: token.issuedExpiresAt }
}

/** A token as it is kept: opaque ones, and JWTs minted as API keys. */
export function tokenRecord(
  request: IssueRequest,
  made: { readonly jti: string; readonly format: 'jwt' | 'opaque' },
): Token {
  const { tenant, client, api, moment, environment, rateLimit, rateLimits } = request
  const at = Math.floor(moment.takenAt)
  return {
    tenant: tenant.id,
    jti: made.jti,
    format: made.format,
    clientId: client.id,
    apiId: api.id,
    subject: request.subject,
    name: request.name ?? '',
    metadata: request.metadata ?? {},
    issuedScope: formatScope(request.issuable.scope),
    issuedExpiresAt: Math.floor(request.issuable.expiresAt),
    status: 'active',
    ...(environment === undefined ? {} : { environment }),
    lineage: request.lineage ?? [],
    inherited: request.constraints ?? [],
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(rateLimits === undefined ? {} : { rateLimits }),
    limitId: request.limitId ?? made.jti,
    position: moment.position,
    version: 1,
    createdAt: at,
    updatedAt: at,
  }
}
