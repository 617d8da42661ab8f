import {
  andThen,
  type ExternalClaims,
  establishExternal,
  externalTokenId,
  externalTypes,
  type IssuerKey,
  type JwtFault,
  type MaybePromise,
  publicKeyId,
  readExternalClaims,
  scopeByApi,
  type TrustedIssuerState,
  type UnverifiedJwt,
  type VerifiedJwt,
  verifyJwt,
} from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import { type Clock, elapsedMs, type Stamp } from '../clock.ts'
import type { Directory } from '../directory.ts'
import { issuerLimits } from '../limits.ts'
import { badSignature, type Establishment, malformed } from './establishment.ts'
import type { Signer, Signers } from './signers.ts'

/** An issuer that the tenant trusts, as its book has it. */
export interface TrustedIssuer {
  /** The id of its record. */
  readonly issuerId: string
  /** Its state in the book. */
  readonly state: TrustedIssuerState
}

/** A foreign JWT whose signature holds. What it may do is not known yet. */
export interface VerifiedExternalJwt {
  /** Its claims, as the issuer has signed them. */
  readonly claims: ExternalClaims
  /** Its name in the feed. */
  readonly id: string
  /** The key of the issuer that signed it. */
  readonly signedBy: Signer['signedBy']
}

export type EstablishExternal = (
  jwt: UnverifiedJwt,
  text: string,
  issuer: TrustedIssuer,
  book: StatusBook,
  at: Stamp,
) => MaybePromise<Establishment>

/** Step two for JWTs of trusted issuers. Their keys and rules come with the feed: nothing is fetched here. */
export function createExternalEstablisher(options: {
  readonly directory: Directory
  readonly signers: Signers
  readonly clock: Clock
}): EstablishExternal {
  const { signers } = options
  const tellUnknownKey = createTeller(options)

  return (jwt, text, issuer, book, at) => {
    // Before the first wait: whatever is said of issuer or client from here on makes the result out of date.
    const readAt = book.place.sequence
    if (keyOf(jwt, issuer.state) === undefined) tellUnknownKey(jwt, issuer, book)
    return andThen(verifyExternalJwt(signers, jwt, text, issuer), (verified): Establishment => {
      if ('rejection' in verified) return verified
      return conclude(verified, issuer, book, { readAt, since: at })
    })
  }
}

/** Verifies a JWT of a trusted issuer: its claims as far as they need no record, then its signature. */
export function verifyExternalJwt(
  signers: Signers,
  jwt: UnverifiedJwt,
  text: string,
  { issuerId, state }: TrustedIssuer,
): MaybePromise<VerifiedExternalJwt | Refusal> {
  const claims = readExternalClaims(jwt.claims)
  if (typeof claims === 'string') return malformed(claims)
  const key = keyOf(jwt, state)
  if (key === undefined) return noSuchKey
  const signer = signers.find(key, 'trusted_issuer', 'public_key', publicKeyId(issuerId, key.thumbprint))
  if (signer === undefined) return unreadableKey
  const expected = { typ: externalTypes, issuer: state.issuer, purpose: 'trusted_issuer' } as const
  return andThen(verifyJwt(jwt, signer.key, expected), (verified: VerifiedJwt | JwtFault) => {
    if ('fault' in verified) return { rejection: { code: verified.fault, detail: verified.detail } }
    return andThen(externalTokenId(claims, text), (id) => ({ claims, id, signedBy: signer.signedBy }))
  })
}

type Refusal = Extract<Establishment, { readonly rejection: unknown }>

const noSuchKey = badSignature('no key of its issuer has its kid') as Refusal
const unreadableKey = badSignature('the key cannot be read') as Refusal

/** The key that the JWT names; without `kid`, the issuer's only key of that algorithm. */
function keyOf({ header: { kid, alg } }: UnverifiedJwt, { keys }: TrustedIssuerState): IssuerKey | undefined {
  if (kid !== undefined) return keys.find((key) => key.kid === kid)
  const fitting = keys.filter((key) => key.alg === alg)
  return fitting.length === 1 ? fitting[0] : undefined
}

/** A JWT that no rule speaks of may do nothing anywhere; one that has scopes at several APIs is exchanged, not presented. */
function conclude(
  { claims, id, signedBy }: VerifiedExternalJwt,
  { state }: TrustedIssuer,
  book: StatusBook,
  mark: { readonly readAt: number; readonly since: Stamp },
): Establishment {
  const [given, ...others] = scopeByApi(claims, state, book)
  if (given === undefined) return wrongAudience('no rule of its issuer gives it anything, or its aud is another')
  if (others.length > 0) return wrongAudience('the rules of its issuer give it scopes at several APIs: exchange it')
  const [apiId, scope] = given
  const client = book.state('client', state.clientId)
  const audience = book.audienceOf(apiId)
  // Without an entry nobody can tell what the client may do now; a revoked one has none either.
  if (client === undefined || audience === undefined) return clientIsUnknown
  const grant = {
    id,
    tenant: book.tenant,
    apiId,
    audience,
    scope,
    status: state.status,
    clientId: state.clientId,
    client,
  }
  return { known: { established: establishExternal(claims, grant), signedBy, ...mark } }
}

function wrongAudience(detail: string): Establishment {
  return { rejection: { code: 'wrong_audience', detail } }
}

const clientIsUnknown: Establishment = {
  rejection: { code: 'revoked', detail: 'the client of its issuer was deleted, or is not known' },
}

/**
 * Tells the server of a `kid` that no key of an issuer has: it may fetch the issuer's keys anew, and the feed then brings
 * them. Nobody waits for that. Whatever is presented, the server hears of it once in a while.
 */
function createTeller({ directory, clock }: { readonly directory: Directory; readonly clock: Clock }) {
  const toldAt = new Map<string, Stamp>()
  return ({ header: { kid } }: UnverifiedJwt, { issuerId, state }: TrustedIssuer, book: StatusBook): void => {
    const before = toldAt.get(issuerId)
    const at = clock.stamp()
    const isTold = before !== undefined && elapsedMs(before, at) < issuerLimits.unknownKeyToldSeconds * 1000
    if (kid === undefined || isTold || state.status !== 'active') return
    if (toldAt.size >= issuerLimits.unknownKeyIssuersMax) toldAt.clear()
    toldAt.set(issuerId, at)
    try {
      void Promise.resolve(directory.publicKey(issuerId, kid, book.place)).catch(() => {})
    } catch {
      // A server that cannot be asked fetches by its own schedule.
    }
  }
}
