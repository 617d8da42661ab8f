import {
  accessTokenTypes,
  andThen,
  type JwtFault,
  type MaybePromise,
  readAccessToken,
  type UnverifiedJwt,
  type VerifiedJwt,
  verifyJwt,
} from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import type { Stamp } from '../clock.ts'
import { badSignature, type Establishment, malformed, noSuchAudience } from './establishment.ts'
import { unknown } from './look_up.ts'
import type { Signer, Signers } from './signers.ts'

/**
 * Step two for JWTs of ours. Our keys come with the feed: an unknown `kid` is refused without asking anybody
 * (docs/protocol/feed.md §6).
 */
export function establishOwnJwt(
  signers: Signers,
  jwt: UnverifiedJwt,
  issuer: string,
  book: StatusBook,
  at: Stamp,
): MaybePromise<Establishment> {
  const kid = jwt.header.kid
  const state = typeof kid === 'string' ? book.state('signing_key', kid) : undefined
  if (typeof kid !== 'string' || state?.publicJwk === undefined) {
    return issuer === book.issuer ? badSignature('no signing key has its kid') : unknown
  }
  if (state.purpose !== 'access_token') return badSignature('the key with its kid signs no access tokens')
  const signer = signers.find(state, 'access_token', 'signing_key', kid)
  if (signer === undefined) return badSignature('the key cannot be read')
  // Only a token that we signed is told that its issuer is wrong (docs/security/invariants.md §7), so the signature
  // is verified first.
  const expected = { typ: accessTokenTypes, issuer, purpose: 'access_token' } as const
  return andThen(verifyJwt(jwt, signer.key, expected), establishSigned, { book, at, signedBy: signer.signedBy })
}

interface SignedBefore {
  readonly book: StatusBook
  readonly at: Stamp
  readonly signedBy: Signer['signedBy']
}

/** Makes a credential of a JWT of ours whose signature was verified. */
function establishSigned(verified: VerifiedJwt | JwtFault, { book, at, signedBy }: SignedBefore): Establishment {
  if ('fault' in verified) return { rejection: { code: verified.fault, detail: verified.detail } }
  const { claims } = verified
  if (claims.iss !== book.issuer) {
    return { rejection: { code: 'wrong_issuer', detail: 'it names another issuer, perhaps a former one' } }
  }
  const api = typeof claims.aud === 'string' ? book.apiByAudience(claims.aud) : undefined
  if (api === undefined) return noSuchAudience
  const { audience } = api.state
  const established = readAccessToken(claims, { tenant: book.tenant, apiId: api.apiId, audience })
  if (established === undefined) return malformed('a required claim is missing or has another shape')
  return { known: { established, readAt: undefined, since: at, signedBy } }
}
