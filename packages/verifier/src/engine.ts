/** The engine as its users see it. `verify.ts` makes it. */
import type { CredentialRecord, EffectiveGrant, Expectation, Judged, MaybePromise } from '@countersign/core'
import type { BookKeeper } from './book_keeper.ts'
import type { Clock } from './clock.ts'
import type { Directory } from './directory.ts'
import type { Known } from './known/known.ts'
import type { PackedKeys } from './known/packed_keys.ts'
import type { Limiter } from './limiter.ts'
import type { Outcome, Refused } from './outcome.ts'
import type { CountedOperation } from './usage/operation_counter.ts'
import type { RefusedRequest } from './usage/refusal_samples.ts'
import type { CountOnce, UsagePort } from './usage/usage_counter.ts'

/** A credential and the expectation that it must meet. */
export interface Question extends Expectation {
  /** The text of the credential. */
  readonly credential: string
  /** The book must have applied at least this sequence. Default: any. */
  readonly minSequence?: number
  /** The amount that the call spends from every limit: a whole number, 0 to 1,000,000. Default 1. */
  readonly cost?: number | undefined
  /**
   * Given where a later step may refuse what is verified here: called with the count of it, to be made once, when the
   * request is over. Default: it is counted at once.
   */
  readonly countLater?: ((count: CountOnce) => void) | undefined
  /** Names the request, where its refusal is kept as an example. Called for a refusal alone. Default: none is kept. */
  readonly refusedAs?: (() => RefusedRequest) | undefined
  /** The operation that is called, by which the outcome is counted too. Default: by none. */
  readonly operation?: CountedOperation | undefined
  /** Asked again about a request that was admitted before and still runs: judged as ever, but it spends nothing. */
  readonly isRepeat?: true
  /**
   * Called in the turn of the decision with what it is made from, so that it can be explained. Not called for what is no
   * credential that is known here.
   */
  readonly onJudged?: ((judged: Judged, expected: Expectation) => void) | undefined
  /** The text came in a cookie. A session is good there and nowhere else, and nothing else is good there. Default false. */
  readonly isCookie?: true
}

/** The one engine that judges credentials: in the server, the gateway and the SDK. */
export interface Engine {
  /** Judges a credential. Synchronous where nothing has to wait; never throws for what a credential is. */
  verify(question: Question): MaybePromise<Outcome>
  /**
   * Tells what is known of a credential without judging it against a request: its effective grant, or why there is
   * none.
   */
  inspect(credential: string): MaybePromise<Inspection>
  /**
   * Takes in keys before anybody shows them, so that the first use of each needs no look-up. `read` is called once, and
   * what it reads must be committed when it is called or later. Gives the number of keys read.
   */
  preload(read: () => MaybePromise<readonly PreloadedKey[]>): MaybePromise<number>
  /** The book was replaced: nothing that was looked up before may be used again. */
  clear(): void
}

/** An API key as `preload` takes it. */
export interface PreloadedKey {
  /** Base64url SHA-256 of the key's text. */
  readonly digest: string
  readonly record: CredentialRecord
}

/** A credential as `inspect` knows it. `signedBy` is the key, ours or the client's, whose signature it bears. */
export type Inspection = (Known & { readonly effective: EffectiveGrant }) | Refused

/** The ports and sizes of an engine. */
export interface EngineOptions {
  /** Keeps the status book, and knows how fresh it is. */
  readonly keeper: BookKeeper
  /** Looks records up. */
  readonly directory: Directory
  /** Counts calls against rate limits. */
  readonly limiter: Limiter
  /** The source of time. */
  readonly clock: Clock
  /** Look-ups a second that may come back `unknown` before further ones are refused. Default 200. */
  readonly unknownPerSecondMax?: number
  /** Credentials kept in memory. Default 50,000. */
  readonly cacheEntriesMax?: number
  /** Keys that were looked up before, behind that cache. Default: 250,000 of its own. */
  readonly packedKeys?: PackedKeys
  /**
   * Called with the position of a token of ours that is above the book's place: its issuer knew more. In a server that
   * is the database's own, such a token proves that the database went back.
   */
  readonly onAhead?: (sequence: number) => void
  /**
   * Keep in memory what is refused for good, unknown or revoked, so that asking again costs no look-up. Default true.
   * False where a look-up is one read of an index: both then cost the same, and the time of an answer tells neither
   * from the other.
   */
  readonly keepsRefused?: boolean
  /**
   * Tell the metadata of the client with each grant, also of credentials whose record does not have it: one look-up for
   * each client and hour, and again after each change of the client. Default false.
   */
  readonly clientMetadata?: boolean
  /** Where every verification is counted, but for repeated ones. Default: nowhere. */
  readonly usage?: UsagePort
}
