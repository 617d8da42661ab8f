/** Step two of the engine: from the text of a credential to what its digest or signature proves. Nothing is decided here. */
import {
  accessTokenTypes,
  andThen,
  type CredentialRecord,
  clientIdPrefix,
  type Established,
  establishRecord,
  establishSelfIssued,
  importVerificationKey,
  isJwsAlgorithm,
  type KeyPurpose,
  type LookupAnswer,
  limits,
  type MaybePromise,
  type ParsedKey,
  type PublicKeyRecord,
  parseCredential,
  parseJwt,
  publicKeyId,
  type Rejection,
  readAccessToken,
  readSelfIssuedClaims,
  type UnverifiedJwt,
  type VerificationKey,
  verifyJwt,
} from '@countersign/core'
import { Cache } from './cache.ts'
import type { Directory } from './directory.ts'
import type { StatusBook } from './status_book.ts'

/** A credential with all that tells when it is out of date. */
export interface Known {
  readonly established: Established
  /** The sequence its record was read at; `undefined` for JWTs of ours, which depend on the book alone. */
  readonly readAt: number | undefined
  /** The key that signed it: gone from the book, the credential goes too. */
  readonly signedBy: { readonly type: 'signing_key' | 'public_key'; readonly id: string } | undefined
}

export type Establishment = { readonly known: Known } | { readonly rejection: Rejection } | 'unavailable'

export interface Establisher {
  (text: string, digest: string, book: StatusBook): MaybePromise<Establishment>
  /** Drop imported keys: the book was replaced. */
  clear(): void
}

const unknown: Establishment = { rejection: { code: 'unknown', detail: 'no such credential here' } }

export function createEstablisher(directory: Directory): Establisher {
  const keys = new Cache<VerificationKey>(1_000)

  function establish(text: string, digest: string, book: StatusBook): MaybePromise<Establishment> {
    const parsed = parseCredential(text)
    if (parsed === undefined) return malformed('it is neither an API key nor a token, or its checksum is wrong')
    if (parsed.kind === 'key') return establishKey(parsed.key, digest, book)
    const jwt = parseJwt(text)
    if ('fault' in jwt) return malformed(jwt.detail)
    const issuer = jwt.claims.iss
    return typeof issuer === 'string' && issuer.startsWith(clientIdPrefix)
      ? establishSelfIssuedJwt(jwt, book)
      : establishOwnJwt(jwt, book)
  }

  function establishKey(key: ParsedKey, digest: string, book: StatusBook): MaybePromise<Establishment> {
    return lookUp(
      () => directory.credential(digest, book.place),
      book,
      (record: CredentialRecord, readAt) => {
        // The checksum is public: what stands around the secret must be what was stored (contract.md §3).
        const marker = record.kind === 'api_key' ? record.environment : 'at'
        if (record.prefix !== key.prefix || record.id !== key.id || marker !== key.marker) return unknown
        return { known: { established: establishRecord(record, book.tenant), readAt, signedBy: undefined } }
      },
    )
  }

  /** Our keys come with the feed: an unknown `kid` is refused without asking anybody (feed.md §6). */
  function establishOwnJwt(jwt: UnverifiedJwt, book: StatusBook): MaybePromise<Establishment> {
    const kid = jwt.header.kid
    const state = typeof kid === 'string' ? book.state('signing_key', kid) : undefined
    if (typeof kid !== 'string' || state?.publicJwk === undefined) {
      return jwt.claims.iss === book.issuer ? badSignature('no key of ours has its kid') : unknown
    }
    if (state.purpose !== 'access_token') return badSignature('that key signs no access tokens')
    const { publicJwk, alg } = state
    const key = importKey(`own ${kid}`, publicJwk, alg, 'access_token')
    if (key === undefined) return badSignature('the key cannot be read')
    // Only what we signed is told that its issuer is wrong (invariant 7): the signature is verified for the issuer it names.
    const expected = { typ: accessTokenTypes, issuer: jwt.claims.iss ?? '-', purpose: 'access_token' } as const
    return andThen(verifyJwt(jwt, key, expected), (verified): Establishment => {
      if ('fault' in verified) return { rejection: { code: verified.fault, detail: verified.detail } }
      if (verified.claims.iss !== book.issuer) {
        return { rejection: { code: 'wrong_issuer', detail: 'it names another issuer, a former one perhaps' } }
      }
      const audience = verified.claims.aud
      const api = typeof audience === 'string' ? book.apiByAudience(audience) : undefined
      if (api === undefined) return { rejection: { code: 'wrong_audience', detail: 'it is for no API of this issuer' } }
      const established = readAccessToken(verified.claims, { tenant: book.tenant, apiId: api.apiId })
      if (established === undefined) return malformed('a claim that must be there is not, or has another shape')
      return { known: { established, readAt: undefined, signedBy: { type: 'signing_key', id: kid } } }
    })
  }

  function establishSelfIssuedJwt(jwt: UnverifiedJwt, book: StatusBook): MaybePromise<Establishment> {
    const claims = readSelfIssuedClaims(jwt.claims)
    const kid = jwt.header.kid
    if (typeof claims === 'string') return malformed(claims)
    if (typeof kid !== 'string' || kid.length > limits.identityBytesMax) return badSignature('it names no kid')
    return lookUp(
      () => directory.publicKey(claims.clientId, kid, book.place),
      book,
      (record: PublicKeyRecord, readAt) => {
        const { publicJwk, alg, clientId, thumbprint } = record
        const id = publicKeyId(clientId, thumbprint)
        const key = importKey(`client ${id}`, publicJwk, alg, 'self_issued_jwt')
        if (key === undefined) return badSignature('the key cannot be read')
        const expected = { typ: accessTokenTypes, issuer: clientId, purpose: 'self_issued_jwt' } as const
        return andThen(verifyJwt(jwt, key, expected), (verified): Establishment => {
          if ('fault' in verified) return { rejection: { code: verified.fault, detail: verified.detail } }
          const api = book.apiByAudience(claims.audience)
          if (api === undefined)
            return { rejection: { code: 'wrong_audience', detail: 'it is for no API of this issuer' } }
          const established = establishSelfIssued(claims, record, { tenant: book.tenant, apiId: api.apiId })
          if (typeof established === 'string') return malformed(established)
          return { known: { established, readAt, signedBy: { type: 'public_key', id } } }
        })
      },
    )
  }

  /** One look-up: its answer is used only if it is not behind the place it was asked from. */
  function lookUp<R>(
    ask: () => MaybePromise<LookupAnswer<R>>,
    book: StatusBook,
    use: (record: R, readAt: number) => MaybePromise<Establishment>,
  ): MaybePromise<Establishment> {
    const asked = book.place
    const answered = (answer: LookupAnswer<R>): MaybePromise<Establishment> => {
      if (answer.place.epoch !== asked.epoch || answer.place.sequence < asked.sequence) return 'unavailable'
      return answer.record === undefined ? unknown : use(answer.record, answer.place.sequence)
    }
    const failed = (): Establishment => 'unavailable'
    try {
      const answer = ask()
      return answer instanceof Promise ? answer.then(answered).catch(failed) : answered(answer)
    } catch {
      return failed()
    }
  }

  /** `undefined` for a record that is no key of its algorithm: it refuses, and only for what it signed. */
  function importKey(id: string, jwk: unknown, alg: string, purpose: KeyPurpose): VerificationKey | undefined {
    const known = keys.get(id)
    if (known !== undefined) return known
    if (!isJwsAlgorithm(alg)) return undefined
    try {
      const key = importVerificationKey(jwk, { alg, purpose })
      keys.set(id, key)
      return key
    } catch {
      return undefined
    }
  }

  return Object.assign(establish, { clear: () => keys.clear() })
}

function malformed(detail: string): Establishment {
  return { rejection: { code: 'malformed', detail } }
}

function badSignature(detail: string): Establishment {
  return { rejection: { code: 'bad_signature', detail } }
}
