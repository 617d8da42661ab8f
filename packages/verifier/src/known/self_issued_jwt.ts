import {
  type Address,
  accessTokenTypes,
  andThen,
  clientIdPrefix,
  decoyJwk,
  establishSelfIssued,
  importVerificationKey,
  limits,
  type MaybePromise,
  publicKeyId,
  readSelfIssuedClaims,
  type UnverifiedJwt,
  type VerificationKey,
  verifyJwt,
} from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import type { Directory } from '../directory.ts'
import { badSignature, type Establishment, malformed, noSuchAudience } from './establishment.ts'
import { type LookUp, unknown } from './look_up.ts'
import type { PublicKeys } from './public_keys.ts'
import type { Signers } from './signers.ts'

interface SelfIssuedOptions {
  readonly directory: Directory
  readonly lookUp: LookUp
  readonly publicKeys: PublicKeys
  readonly signers: Signers
  /** As in `EngineOptions`. */
  readonly keepsRefused: boolean
}

export type EstablishSelfIssued = (
  jwt: UnverifiedJwt,
  book: StatusBook,
  from: Address | undefined,
) => MaybePromise<Establishment>

/** Step two for JWTs that clients sign: the client's key is looked up, and the signature verified. */
export function createSelfIssuedEstablisher(options: SelfIssuedOptions): EstablishSelfIssued {
  const { publicKeys, signers, keepsRefused } = options
  const decoys = new Map<string, VerificationKey>()

  return (jwt, book, from) => {
    const claims = readSelfIssuedClaims(jwt.claims)
    const kid = jwt.header.kid
    if (typeof claims === 'string') return malformed(claims)
    if (typeof kid !== 'string' || kid.length > limits.identityBytesMax) return badSignature('it has no kid')
    const establishment = publicKeys.find(claims.clientId, kid, book, from, ({ record, readAt, since }, isKept) => {
      const { clientId, thumbprint } = record
      const id = publicKeyId(clientId, thumbprint)
      // `revoked` beats every version, also a record read a moment too early: such a key is unknown.
      if (clientId !== claims.clientId || record.kid !== kid || book.isRevoked('public_key', id)) return unknown
      const signer = signers.find(record, 'self_issued_jwt', 'public_key', id)
      if (signer === undefined) return badSignature('the key cannot be read')
      const expected = { typ: accessTokenTypes, issuer: clientId, purpose: 'self_issued_jwt' } as const
      return andThen(verifyJwt(jwt, signer.key, expected), (verified): MaybePromise<Establishment> => {
        if ('fault' in verified) {
          const refused = { rejection: { code: verified.fault, detail: verified.detail } }
          // A look-up of nothing, so that a known key takes as long as an unknown one, which was just looked up.
          return isKept && !keepsRefused ? lookUpNothing(options, refused, book, from) : refused
        }
        const api = book.apiByAudience(claims.audience)
        if (api === undefined) return noSuchAudience
        const established = establishSelfIssued(claims, record, { tenant: book.tenant, apiId: api.apiId })
        if (typeof established === 'string') return malformed(established)
        return { known: { established, readAt, since, signedBy: signer.signedBy } }
      })
    })
    return andThen(establishment, (found) =>
      found !== 'unavailable' && 'rejection' in found && found.rejection.code === 'unknown'
        ? andThen(verifyDecoy(decoys, jwt, claims.clientId), () => found)
        : found,
    )
  }
}

/** Verifies a decoy's signature: the time of the answer must not show whether client and `kid` are known. */
function verifyDecoy(decoys: Map<string, VerificationKey>, jwt: UnverifiedJwt, issuer: string): MaybePromise<unknown> {
  const jwk = decoyJwk(jwt)
  if (jwk === undefined) return
  const name = `${jwt.header.alg} ${jwk.n ?? ''}`
  const key = decoys.get(name) ?? importVerificationKey(jwk, { alg: jwt.header.alg, purpose: 'self_issued_jwt' })
  decoys.set(name, key)
  return verifyJwt(jwt, key, { typ: accessTokenTypes, issuer, purpose: 'self_issued_jwt' })
}

/** Looks up a key that cannot exist, since no `kid` is empty. */
function lookUpNothing(
  { directory, lookUp }: Pick<SelfIssuedOptions, 'directory' | 'lookUp'>,
  refused: Establishment,
  book: StatusBook,
  from: Address | undefined,
): MaybePromise<Establishment> {
  return andThen(
    lookUp(
      () => directory.publicKey(clientIdPrefix, '', book.place),
      book,
      from,
      () => refused,
    ),
    () => refused,
  )
}
