/** Step two of the engine: finds out which credential a text is, by digest or signature. Nothing is decided here. */
import {
  type Address,
  accessTokenTypes,
  andThen,
  type CredentialRecord,
  clientIdPrefix,
  decoyJwk,
  establishRecord,
  establishSelfIssued,
  importVerificationKey,
  isJwsAlgorithm,
  type JwtFault,
  type KeyPurpose,
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
  type SigningKeyState,
  type UnverifiedJwt,
  type VerificationKey,
  type VerifiedJwt,
  verifyJwt,
} from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import { Cache } from '../cache.ts'
import { type Clock, elapsedMs, type Stamp } from '../clock.ts'
import type { Directory } from '../directory.ts'
import type { Budget } from './budget.ts'
import { isOutdated, type Known } from './known.ts'
import { createLookUp, type Looked, unknown } from './look_up.ts'
import type { PackedKeysView } from './packed_keys.ts'

/** The result of step two: the credential that a text proved to be, or the reason why it is none. */
export type Establishment =
  /** `isFrequent: false`: known without a look-up, and used so seldom that keeping it ready would push others out. */
  | { readonly known: Known; readonly isFrequent?: boolean }
  /** `unknownAt`, `decoy`: as `Unknown` has them, where a directory knew no such credential. */
  | { readonly rejection: Rejection; readonly unknownAt?: number; readonly decoy?: Known }
  | 'unavailable'

export interface Establisher {
  /** `from` is the address that showed it, for the budget of look-ups. */
  (text: string, digest: string, book: StatusBook, at: Stamp, from?: Address): MaybePromise<Establishment>
  /** Drops all looked-up records: the book was replaced by this one. */
  clear(book: StatusBook | undefined): void
}

type SignedBy = NonNullable<Known['signedBy']>

/** An imported key, with the `signedBy` of all credentials that it signed. */
interface Imported {
  readonly key: VerificationKey
  readonly signedBy: SignedBy
}

export function createEstablisher(options: {
  readonly directory: Directory
  readonly packed: PackedKeysView
  readonly budget: Budget
  readonly clock: Clock
  /** As in `EngineOptions`. */
  readonly keepsRefused: boolean
}): Establisher {
  const { directory, packed, clock, keepsRefused } = options
  const lookUp = createLookUp(options)
  /** Imported keys by the state or record they were made of: a newer state is another object, and is imported anew. */
  const imported = new WeakMap<SigningKeyState | PublicKeyRecord, Imported>()
  const publicKeys = new Cache<Looked<PublicKeyRecord>>(10_000)
  const decoys = new Map<string, VerificationKey>()

  function establish(
    text: string,
    digest: string,
    book: StatusBook,
    at: Stamp,
    from?: Address,
  ): MaybePromise<Establishment> {
    const parsed = parseCredential(text)
    if (parsed === undefined) return notACredential
    if (parsed.kind === 'key') return establishKey(parsed.key, digest, book, at, from)
    const jwt = parseJwt(text)
    if ('fault' in jwt) return malformed(jwt.detail)
    const issuer = jwt.claims.iss
    if (issuer === undefined || issuer === '') return malformed('iss is missing')
    return issuer.startsWith(clientIdPrefix)
      ? establishSelfIssuedJwt(jwt, book, from)
      : establishOwnJwt(jwt, issuer, book, at)
  }

  function establishKey(
    key: ParsedKey,
    digest: string,
    book: StatusBook,
    at: Stamp,
    from: Address | undefined,
  ): MaybePromise<Establishment> {
    const recalled = packed.recall(digest, key.id, at)
    if (recalled !== undefined) {
      const { established, readAt, since, isFrequent } = recalled
      const known = { established, readAt, since, signedBy: undefined }
      if (keepsRefused || !isGone(key.id, established.clientId, book)) {
        if (!isOutdated(known, book, at)) return { known, isFrequent }
      }
    }
    return lookUp(
      () => directory.credential(digest, book.place, key.marker === 'at' ? 'token' : 'key'),
      book,
      from,
      ({ record, readAt, since }: Looked<CredentialRecord>) => {
        const established = establishRecord(record, book.tenant)
        // The checksum is public, so prefix, marker and id of the text must be those that were stored
        // (docs/protocol/credentials.md §1).
        const marker = record.kind === 'api_key' ? record.environment : 'at'
        if (record.prefix !== key.prefix || record.id !== key.id || marker !== key.marker) return unknown
        if (record.status !== 'revoked') packed.remember(book, digest, { established, readAt, since })
        return { known: { established, readAt, since, signedBy: undefined } }
      },
    )
  }

  /** Our keys come with the feed: an unknown `kid` is refused without asking anybody (docs/protocol/feed.md §6). */
  function establishOwnJwt(
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
    const signer = importKey(state, 'access_token', 'signing_key', kid)
    if (signer === undefined) return badSignature('the key cannot be read')
    // Only a token that we signed is told that its issuer is wrong (docs/security/invariants.md §7), so the signature
    // is verified first.
    const expected = { typ: accessTokenTypes, issuer, purpose: 'access_token' } as const
    return andThen(verifyJwt(jwt, signer.key, expected), establishSigned, { book, at, signedBy: signer.signedBy })
  }

  function establishSelfIssuedJwt(
    jwt: UnverifiedJwt,
    book: StatusBook,
    from: Address | undefined,
  ): MaybePromise<Establishment> {
    const claims = readSelfIssuedClaims(jwt.claims)
    const kid = jwt.header.kid
    if (typeof claims === 'string') return malformed(claims)
    if (typeof kid !== 'string' || kid.length > limits.identityBytesMax) return badSignature('it has no kid')
    const establishment = withPublicKey(claims.clientId, kid, book, from, ({ record, readAt, since }, isKept) => {
      const { clientId, thumbprint } = record
      const id = publicKeyId(clientId, thumbprint)
      // `revoked` beats every version, also a record read a moment too early: such a key is unknown.
      if (clientId !== claims.clientId || record.kid !== kid || book.isRevoked('public_key', id)) return unknown
      const signer = importKey(record, 'self_issued_jwt', 'public_key', id)
      if (signer === undefined) return badSignature('the key cannot be read')
      const expected = { typ: accessTokenTypes, issuer: clientId, purpose: 'self_issued_jwt' } as const
      return andThen(verifyJwt(jwt, signer.key, expected), (verified): MaybePromise<Establishment> => {
        if ('fault' in verified) {
          const refused = { rejection: { code: verified.fault, detail: verified.detail } }
          // A look-up of nothing, so that a known key takes as long as an unknown one, which was just looked up.
          return isKept && !keepsRefused ? lookUpNothing(refused, book, from) : refused
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
        ? andThen(verifyDecoy(jwt, claims.clientId), () => found)
        : found,
    )
  }

  /** Verifies a decoy's signature: the time of the answer must not show whether client and `kid` are known. */
  function verifyDecoy(jwt: UnverifiedJwt, issuer: string): MaybePromise<unknown> {
    const jwk = decoyJwk(jwt)
    if (jwk === undefined) return
    const name = `${jwt.header.alg} ${jwk.n ?? ''}`
    const key = decoys.get(name) ?? importVerificationKey(jwk, { alg: jwt.header.alg, purpose: 'self_issued_jwt' })
    decoys.set(name, key)
    return verifyJwt(jwt, key, { typ: accessTokenTypes, issuer, purpose: 'self_issued_jwt' })
  }

  /** Looks up a key that cannot exist, since no `kid` is empty. */
  function lookUpNothing(
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

  /** A client may sign a new JWT for every request: its key is looked up once, and again after the feed spoke of it. */
  function withPublicKey(
    clientId: string,
    kid: string,
    book: StatusBook,
    from: Address | undefined,
    use: (looked: Looked<PublicKeyRecord>, isKept: boolean) => MaybePromise<Establishment>,
  ): MaybePromise<Establishment> {
    // `iss` and `kid` are not verified yet: joined by a character that either may hold, two pairs could be one name.
    const name = JSON.stringify([clientId, kid])
    const known = publicKeys.get(name)
    if (known !== undefined && !isKeyOutdated(known, book)) return use(known, true)
    return lookUp(
      () => directory.publicKey(clientId, kid, book.place),
      book,
      from,
      (looked: Looked<PublicKeyRecord>) => {
        publicKeys.set(name, looked)
        return use(looked, false)
      },
    )
  }

  function isKeyOutdated({ record, readAt, since }: Looked<PublicKeyRecord>, book: StatusBook): boolean {
    return (
      elapsedMs(since, clock.stamp()) > limits.recordLifeSeconds * 1000 ||
      book.isChangedSince('client', record.clientId, readAt) ||
      book.isRevoked('public_key', publicKeyId(record.clientId, record.thumbprint))
    )
  }

  /** `undefined` for a record that is no key of its algorithm: only credentials signed with it are refused. */
  function importKey(
    from: SigningKeyState | PublicKeyRecord,
    purpose: KeyPurpose,
    type: SignedBy['type'],
    id: string,
  ): Imported | undefined {
    const known = imported.get(from)
    if (known !== undefined) return known
    const { publicJwk, alg } = from
    if (!isJwsAlgorithm(alg)) return undefined
    try {
      const signer = { key: importVerificationKey(publicJwk, { alg, purpose }), signedBy: { type, id } }
      imported.set(from, signer)
      return signer
    } catch {
      return undefined
    }
  }

  return Object.assign(establish, {
    clear(book: StatusBook | undefined) {
      publicKeys.clear()
      packed.clear(book)
    },
  })
}

/** Whether the book says that the key is revoked, or its client. */
function isGone(keyId: string, clientId: string, book: StatusBook): boolean {
  return book.isRevoked('key', keyId) || book.isRevoked('client', clientId)
}

interface SignedBefore {
  readonly book: StatusBook
  readonly at: Stamp
  readonly signedBy: SignedBy
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

/** The rejection of a text that by its shape can be no credential of any kind. Looks nothing up. */
export function findMalformed(text: string): Rejection | undefined {
  return parseCredential(text) === undefined ? notACredential.rejection : undefined
}

function malformed(detail: string): { readonly rejection: Rejection } {
  return { rejection: { code: 'malformed', detail } }
}

const notACredential = malformed('it is neither an API key nor a token, or its checksum is wrong')
const noSuchAudience: Establishment = {
  rejection: { code: 'wrong_audience', detail: 'its audience is not an API of this issuer' },
}

function badSignature(detail: string): Establishment {
  return { rejection: { code: 'bad_signature', detail } }
}
