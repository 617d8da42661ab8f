/**
 * Steps one to three of the engine: read the text, find who it is, and take what was said since. What is done with a
 * hit is done in the same turn; after every wait all begins again from the top, with book, freshness and clock read
 * anew (docs/protocol/feed.md §4).
 */
import { andThen, limits, type MaybePromise, digest as sha256 } from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import type { BookKeeper } from '../book_keeper.ts'
import type { Clock } from '../clock.ts'
import { type Refused, rejected, unavailable } from '../outcome.ts'
import type { ClientMetadata } from './client_metadata.ts'
import { digestNumber } from './digest_bits.ts'
import { findMalformed } from './establish.ts'
import { type Hit, hitOf, type KnownCredentials } from './known_credentials.ts'
import type { Asked, Settle, Settled } from './settlement.ts'

/** Calls `use` with the hit of what is asked about, in the turn that read the book. `round`: how often it has begun. */
export type WithHit = <R>(asked: Asked, round: number, use: Use<R>) => MaybePromise<R | Refused>

type Use<R> = (hit: Hit) => MaybePromise<R>

interface Asking<R> {
  readonly asked: Asked
  /** The number of times it has begun again. */
  readonly round: number
  /** Whether it waited for a look-up of this very credential. */
  readonly hasLookedUp?: boolean
  /** Whether it waited for the metadata of its client, which it does once at most. */
  readonly hasAskedClient?: boolean
  readonly use: Use<R>
}

/** The number of waits after which the engine gives up on a book that keeps changing. */
const roundsMax = 5

interface HitsOptions {
  readonly keeper: BookKeeper
  readonly clock: Clock
  readonly known: KnownCredentials
  readonly settle: Settle
  readonly keepsRefused: boolean
  /** Absent where records alone tell the metadata of clients. */
  readonly clients: ClientMetadata | undefined
}

export function createHits(options: HitsOptions): WithHit {
  const { keeper, clock, known, settle, keepsRefused, clients } = options

  function withHit<R>(asked: Asked, round: number, use: Use<R>): MaybePromise<R | Refused> {
    if (asked.credential.length > limits.credentialBytesMax) return tooLong
    return andThen(sha256(asked.credential), withDigest<R>, { asked, round, use })
  }

  function withDigest<R>(digest: string, asking: Asking<R>): MaybePromise<R | Refused> {
    const { asked, round, use } = asking
    const { book } = keeper
    const at = clock.stamp()
    const minSequence = asked.minSequence ?? 0
    if (round > roundsMax) return unavailable
    if (book === undefined || !keeper.isFresh(at) || book.place.sequence < minSequence) {
      const malformed = findMalformed(asked.credential)
      if (malformed !== undefined) return rejected(malformed)
      const isBehind = book !== undefined && book.place.sequence < minSequence
      return withNewBook(isBehind ? keeper.reach(minSequence) : keeper.refresh(), digest, asking)
    }
    known.follow(book)
    const number = digestNumber(digest)
    const entry = known.find(number, digest, book, at)
    if (entry !== undefined) {
      const hit = hitOf(entry, book, at, clients)
      if (keepsRefused || asking.hasLookedUp === true || !isRefusedRecord(hit)) {
        return clients === undefined ? use(hit) : useHit(hit, book, digest, asking)
      }
      known.forget(number)
    }
    if (known.isUnknown(number, digest, at, minSequence)) return unknownCredential
    const settled = settle(asked, digest, book, at)
    if (settled instanceof Promise) return withSettled(settled, digest, asking)
    // Nothing was waited for, so this is still the turn in which book, freshness and clock were read.
    if (settled === 'again' || !('entry' in settled)) return refuse(settled)
    return useHit(hitOf(settled.entry, book, at, clients), book, digest, asking)
  }

  function useHit<R>(hit: Hit, book: StatusBook, digest: string, asking: Asking<R>): MaybePromise<R | Refused> {
    const attached = clients === undefined ? hit : clients.attach(hit, book)
    if (!(attached instanceof Promise)) return asking.use(attached)
    if (asking.hasAskedClient === true) return asking.use(hit)
    return attached.then(() => withDigest(digest, { ...asking, hasAskedClient: true }))
  }

  function withNewBook<R>(asked: MaybePromise<boolean>, digest: string, asking: Asking<R>): MaybePromise<R | Refused> {
    return andThen(asked, (ok) => (ok ? withDigest(digest, { ...asking, round: asking.round + 1 }) : unavailable))
  }

  function withSettled<R>(settled: Promise<Settled>, digest: string, asking: Asking<R>): Promise<R | Refused> {
    return settled.then((after) => {
      if (!isGoodAfterWaiting(after, keepsRefused, asking.asked.minSequence)) return refuse(after)
      return withDigest(digest, { ...asking, round: asking.round + 1, hasLookedUp: true })
    })
  }

  return withHit
}

const unknownCredential: Refused = {
  outcome: 'rejected',
  rejection: { code: 'unknown', detail: 'no such credential here' },
}
const tooLong: Refused = { outcome: 'rejected', rejection: { code: 'malformed', detail: 'the credential is too long' } }

/** Whether a hit is a looked-up record of a revoked credential. */
function isRefusedRecord({ entry, effective }: Hit): boolean {
  return effective.fault === 'revoked' && entry.readAt !== undefined
}

/**
 * Whether to go on with the cached answer of a directory, which has its age. Everything else is final, and so is an
 * answer `unknown` that is not kept, unless it was read before `minSequence`.
 */
function isGoodAfterWaiting(settled: Settled, keepsRefused: boolean, minSequence = 0): boolean {
  if (settled === 'again' || 'entry' in settled) return true
  if (!('unknownAt' in settled) || settled.unknownAt === undefined) return false
  return keepsRefused || settled.unknownAt < minSequence
}

/** The refusal where nothing more can be done: `unavailable` when the book kept changing. */
function refuse(settled: Settled): Refused {
  if (settled === 'again' || 'entry' in settled) return unavailable
  return settled.outcome === 'rejected' ? rejected(settled.rejection) : settled
}
