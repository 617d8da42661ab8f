import {
  type Ancestor,
  accessTokenClaims,
  accessTokenTypes,
  type Constraints,
  digest,
  type Environment,
  fitsClaims,
  formatScope,
  generateKey,
  type Identity,
  issuerIdPrefix,
  type Limited,
  type Metadata,
  policiesOf,
  randomBase62,
  type Seconds,
  Secret,
  type SignInput,
  type SigningKey,
  signJwt,
  splitClientObjectId,
  subjectIdentity,
} from '@countersign/core'
import type { AuditActor, Token } from '@countersign/store'
import type { Services } from '../context.ts'
import { toldToTeam } from '../feed/told_to_team.ts'
import { serverLimits } from '../limits.ts'
import { type Issuing, requireStillIssuable } from './issuing_gate.ts'
import { BehindError } from './issuing_moment.ts'

/** Everything that a token says. Nothing of it is widened or cut here. */
export interface IssueRequest extends Issuing, Limited {
  /** The issuer that `subject` is a name of. Default: us. */
  readonly subjectIssuer?: string
  /** The id that the owner of the APIs has for the account that `subject` is. */
  readonly externalSubject?: string
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

/** Whether metadata may stand in a JWT: its holder carries it with each request, and verifiers take no deeper claims. */
export function isMetadataOfToken(metadata: Metadata): boolean {
  return fitsClaims(JSON.stringify(metadata), serverLimits.tokenMetadataBytesMax)
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
    scopeClaim: api.scopeClaim,
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

export type IssuerServices = Pick<Services, 'books' | 'keyPrefix' | 'now' | 'randomBytes' | 'signing' | 'signingKeys'>

/**
 * An opaque token: random text whose digest is stored, looked up like an API key. The row is its only trace: an event each
 * would make the audit log grow with the use of the API. They are counted, and the first of a day is told.
 */
export async function issueOpaqueToken(
  services: OpaqueIssuerServices,
  request: IssueRequest,
  audit: { readonly actor: AuditActor; readonly requestId: string },
): Promise<IssuedToken> {
  const { keyPrefix, randomBytes, store } = services
  await tellFirstOfDay(services, request, audit)
  const { id, text } = generateKey({ prefix: keyPrefix, marker: 'at', randomBytes })
  const token = {
    ...tokenRecord(request, { jti: id, format: 'opaque' }),
    digest: await digest(text),
    prefix: keyPrefix,
  }
  const authorisation = { epoch: request.moment.book.place.epoch, by: madeFrom(request) }
  for (let round = 0; round < serverLimits.issuingRoundsMax; round++) {
    const waiting = requireStillIssuable(services, request)
    if (waiting instanceof Promise) {
      await waiting
      continue
    }
    if (!(await store.insertToken(token, authorisation))) throw new BehindError()
    return { text: new Secret(text), jti: id, expiresAt: token.issuedExpiresAt }
  }
  throw new BehindError()
}

export type OpaqueIssuerServices = IssuerServices & Pick<Services, 'opaqueTokens' | 'store'>

/** The end of a secret or public key at once is an entry about its client too. */
function madeFrom({ tenant, client, api, subject, lineage = [] }: IssueRequest): readonly Identity[] {
  const by: Identity[] = [
    { type: 'tenant', id: tenant.id },
    { type: 'api', id: api.id },
    { type: 'client', id: client.id },
  ]
  if (subject !== client.id) by.push(subjectIdentity(subject))
  // A token that is born into an ended family is dead: of many who show one code at once, one is answered and gains nothing.
  const others = lineage.filter(({ type }) => type !== 'family')
  return [...by, ...others, ...issuersOf(others)]
}

/** A key of a trusted issuer has no entry of its own: the issuer's says which keys there are. */
function issuersOf(lineage: readonly Identity[]): readonly Identity[] {
  const keys = lineage.filter(({ type, id }) => type === 'public_key' && id.startsWith(issuerIdPrefix))
  return keys.map(({ id }) => ({ type: 'trusted_issuer', id: splitClientObjectId(id).clientId }))
}

async function tellFirstOfDay(
  { now, opaqueTokens, store }: OpaqueIssuerServices,
  { tenant, client }: IssueRequest,
  audit: { readonly actor: AuditActor; readonly requestId: string },
): Promise<void> {
  if (!opaqueTokens.count(tenant.id, client.id, now())) return
  const after = { format: 'opaque', of: new Date(now() * 1000).toISOString().slice(0, 10) }
  const event = { ...audit, action: 'token.issue', objectType: 'client', objectId: client.id, after }
  const append = { tenant: tenant.id, audit: event }
  await store.write(async (it) => toldToTeam(it, () => client.teamId).append(append), { tenant: tenant.id })
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
    ...(request.subjectIssuer === undefined ? {} : { subjectIssuer: request.subjectIssuer }),
    ...(request.externalSubject === undefined ? {} : { externalSubject: request.externalSubject }),
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
