/**
 * The engine: every credential of every kind goes through `verify`, in the server, the gateway and the SDK alike.
 *
 *     read it → who is it (cache, directory) → what was said since (book) → how often (limiter) → decide
 *
 * Synchronous while nothing has to wait. After each wait it begins again from the top, so that book, freshness and
 * clock are read in the same turn as the decision (docs/protocol/feed.md §4).
 */
import {
  type Address,
  andThen,
  decide,
  type EffectiveGrant,
  effectiveGrant,
  establishRecord,
  findRejection,
  limits,
  type MaybePromise,
  type RateLimitOutcome,
  type Spend,
  digest as sha256,
} from '@countersign/core'
import type { StatusBook } from './book/status_book.ts'
import { Cache } from './cache.ts'
import { elapsedMs, type Stamp } from './clock.ts'
import type { Engine, EngineOptions, Inspection, PreloadedKey, Question } from './engine.ts'
import { createBudget } from './known/budget.ts'
import { digestNumber } from './known/digest_bits.ts'
import { createEstablisher, type Establishment, findMalformed } from './known/establish.ts'
import { isOld, isOutdated, type Known } from './known/known.ts'
import { PackedKeys } from './known/packed_keys.ts'
import { type Outcome, type Refused, rejected, unavailable } from './outcome.ts'
import { standingOf } from './standing.ts'
import { countOutcome, type UsagePort } from './usage/usage_counter.ts'

interface Entry extends Known {
  readonly digest: string
  /** The version of the book for which `effective` was worked out; -1 before. */
  version: number
  effective: EffectiveGrant | undefined
}

/** `'again'`: the book was replaced meanwhile. */
type Settled = { readonly entry: Entry } | (Refused & { readonly unknownAt?: number | undefined }) | 'again'

/** The answer `unknown` of a directory, with the sequence it was read at and the moment the question began. */
interface Unknown {
  readonly digest: string
  readonly readAt: number
  readonly since: Stamp
}

/**
 * More than the budget lets through in their life of 5 s, and so few that those of a flood are gone before the garbage
 * collector moves them among objects that stay.
 */
const unknownsMax = 2_000

/** The number of waits after which the engine gives up on a book that keeps changing. */
const roundsMax = 5

/**
 * Makes an engine from its ports. It answers in the same turn whenever it need not wait. It never throws because of a
 * credential, and resolves to `unavailable` where nobody could tell.
 *
 * ```ts
 * const engine = createEngine({ keeper, directory, limiter: memoryLimiter(), clock: systemClock() })
 * const outcome = await engine.verify({ credential, audience, requires: [['orders:read']], address, origin })
 * ```
 */
export function createEngine(options: EngineOptions): Engine {
  const { keeper, directory, limiter, clock, usage, keepsRefused = true } = options
  // Both are keyed by the digest's number and hold the digest: of two with one number, the later replaces the earlier.
  const entries = new Cache<Entry, number>(options.cacheEntriesMax ?? 50_000)
  const unknowns = new Cache<Unknown, number>(unknownsMax)
  const underWay = new Map<string, Promise<Settled>>()
  const budget = createBudget(options.unknownPerSecondMax ?? 200, clock)
  const packed = (options.packedKeys ?? new PackedKeys()).view()
  const establish = createEstablisher({ directory, packed, budget, clock, keepsRefused })
  let cachedFrom: StatusBook | undefined

  function verify(question: Question): MaybePromise<Outcome> {
    if (usage === undefined || question.isRepeat === true) return withHit(question, 0, (hit) => judge(question, hit))
    let of: Hit | undefined
    const outcome = withHit(question, 0, (hit) => {
      of = hit
      return judge(question, hit)
    })
    return outcome instanceof Promise ? outcome.then((it) => counted(question, of, it)) : counted(question, of, outcome)
  }

  function counted(question: Question, hit: Hit | undefined, outcome: Outcome): Outcome {
    const now = keeper.now(hit?.at ?? clock.stamp())
    countOutcome(usage as UsagePort, now, hit?.entry.established, question.requires, outcome)
    return outcome
  }

  function inspect(credential: string): MaybePromise<Inspection> {
    return withHit({ credential }, 0, ({ entry, effective }) => ({ ...knownOf(entry), effective }))
  }

  /**
   * Steps one to three, then `use`, in one synchronous turn. After a wait everything begins again here, with book,
   * freshness and clock read anew (docs/protocol/feed.md §4).
   */
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
    if (book !== cachedFrom) empty(book)
    const number = digestNumber(digest)
    const entry = entries.get(number)
    if (entry?.digest === digest && !isEntryOutdated(entry, book, at)) {
      const hit = hitOf(entry, book, at)
      if (keepsRefused || asking.hasLookedUp === true || !isRefusedRecord(hit)) return use(hit)
      entries.delete(number)
    }
    if (!unknowns.isEmpty && isStillUnknown(unknowns.get(number), digest, at, minSequence)) return unknownCredential
    const settled = establishOnce(asked, digest, book, at)
    if (settled instanceof Promise) return withSettled(settled, digest, asking)
    // Nothing was waited for, so this is still the turn in which book, freshness and clock were read.
    return settled !== 'again' && 'entry' in settled ? use(hitOf(settled.entry, book, at)) : refuse(settled)
  }

  function withNewBook<R>(asked: MaybePromise<boolean>, digest: string, asking: Asking<R>): MaybePromise<R | Refused> {
    return andThen(asked, (ok) => (ok ? withDigest(digest, { ...asking, round: asking.round + 1 }) : unavailable))
  }

  function withSettled<R>(settled: Promise<Settled>, digest: string, asking: Asking<R>): Promise<R | Refused> {
    return settled.then((after) => {
      const isFinal =
        !isGoodAfterWaiting(after) || (!keepsRefused && isUnknownSince(after, asking.asked.minSequence ?? 0))
      if (isFinal) return refuse(after)
      return withDigest(digest, { ...asking, round: asking.round + 1, hasLookedUp: true })
    })
  }

  /** Single flight: callers that come during a look-up share its answer, whose age counts from when it was asked. */
  function establishOnce(asked: Asked, digest: string, book: StatusBook, at: Stamp): MaybePromise<Settled> {
    const running = underWay.size === 0 ? undefined : underWay.get(digest)
    if (running !== undefined) return running
    const establishment = establish(asked.credential, digest, book, at, asked.address)
    if (establishment instanceof Promise) return share(establishment, digest, book, at)
    return settle(establishment, digest, book, at)
  }

  function share(establishing: Promise<Establishment>, digest: string, book: StatusBook, at: Stamp): Promise<Settled> {
    const settled = establishing
      .then((establishment) => settle(establishment, digest, book, at))
      .finally(() => underWay.delete(digest))
    underWay.set(digest, settled)
    return settled
  }

  function settle(establishment: Establishment, digest: string, book: StatusBook, at: Stamp): Settled {
    // The book was replaced meanwhile and the cache emptied; this answer was made with the old book.
    if (keeper.book !== book) return 'again'
    if (establishment === 'unavailable') return unavailable
    if ('known' in establishment) {
      const { established, readAt, since, signedBy } = establishment.known
      if (signedBy !== undefined && (established.position ?? 0) > book.place.sequence) {
        options.onAhead?.(established.position ?? 0)
      }
      const entry = { digest, established, readAt, since, signedBy, version: -1, effective: undefined }
      if (establishment.isFrequent !== false) entries.set(digestNumber(digest), entry)
      return { entry }
    }
    const { rejection, unknownAt, decoy } = establishment
    if (decoy !== undefined) hitOf({ digest, ...decoy, version: -1, effective: undefined }, book, at)
    if (unknownAt !== undefined && keepsRefused)
      unknowns.set(digestNumber(digest), { digest, readAt: unknownAt, since: at })
    return { outcome: 'rejected', rejection, unknownAt }
  }

  /** Steps four and five. Only a credential that would pass spends from its limit. */
  function judge(question: Question, hit: Hit): MaybePromise<Outcome> {
    const { effective, at } = hit
    const { spends } = effective
    if (question.isRepeat === true || spends.length === 0) return conclude(question, hit, nothingTaken)
    const now = keeper.now(at)
    const rejection = findRejection(effective, question, now)
    if (rejection !== undefined) return rejected(rejection)
    const taken = limiter.take(spendsAt(question.cost, spends), now)
    if (!(taken instanceof Promise)) return conclude(question, hit, taken)
    return taken.then(
      (outcomes) => withHit(question, 1, (after) => conclude(question, after, outcomes)),
      () => unavailable,
    )
  }

  /** The only way to `verified`: in the turn in which book and clock were read. */
  function conclude(question: Question, hit: Hit, taken: readonly RateLimitOutcome[]): Outcome {
    const decision = decide(hit.effective, question, taken, keeper.now(hit.at))
    if (!decision.active) return rejected(decision.rejection)
    const { grant, rateLimit } = decision
    return rateLimit === undefined
      ? { outcome: 'verified', grant }
      : { outcome: 'verified', grant, rateLimit, rateLimits: taken }
  }

  function preload(read: () => MaybePromise<readonly PreloadedKey[]>): MaybePromise<number> {
    const { book } = keeper
    if (book === undefined) return 0
    if (book !== cachedFrom) empty(book)
    const readAt = book.place.sequence
    const since = clock.stamp()
    return andThen(read(), (keys) => {
      for (const { digest, record } of keys) {
        packed.remember(book, digest, { established: establishRecord(record, book.tenant), readAt, since })
      }
      return keys.length
    })
  }

  function empty(from: StatusBook | undefined): void {
    cachedFrom = from
    entries.clear()
    unknowns.clear()
    establish.clear(from)
  }

  return { verify, inspect, preload, clear: () => empty(undefined) }
}

interface Asked {
  readonly credential: string
  readonly address?: Address | undefined
  readonly minSequence?: number
}

type Use<R> = (hit: Hit) => MaybePromise<R>

interface Asking<R> {
  readonly asked: Asked
  /** The number of times it has begun again. */
  readonly round: number
  /** Whether it waited for a look-up of this very credential. */
  readonly hasLookedUp?: boolean
  readonly use: Use<R>
}

interface Hit {
  readonly entry: Entry
  readonly effective: EffectiveGrant
  /** The stamp of this turn. */
  readonly at: Stamp
}

const unknownCredential: Refused = {
  outcome: 'rejected',
  rejection: { code: 'unknown', detail: 'no such credential here' },
}
const tooLong: Refused = { outcome: 'rejected', rejection: { code: 'malformed', detail: 'the credential is too long' } }

function knownOf({ established, readAt, since, signedBy }: Entry): Known {
  return { established, readAt, since, signedBy }
}

const nothingTaken: readonly RateLimitOutcome[] = []

/** The spends of a call of this cost. The grant has those of a call that costs 1. */
function spendsAt(cost: number | undefined, spends: readonly Spend[]): readonly Spend[] {
  return cost === undefined || cost === 1 ? spends : spends.map((spend) => ({ ...spend, cost }))
}

/** Whether to go on with the cached answer of a directory, which has its age. Everything else is final. */
function isGoodAfterWaiting(settled: Settled): boolean {
  return settled === 'again' || 'entry' in settled || ('unknownAt' in settled && settled.unknownAt !== undefined)
}

/** Whether a look-up answered `unknown`, read at that sequence or later. */
function isUnknownSince(settled: Settled, minSequence: number): boolean {
  return settled !== 'again' && 'unknownAt' in settled && (settled.unknownAt ?? -1) >= minSequence
}

/** Whether a hit is a looked-up record of a revoked credential. */
function isRefusedRecord({ entry, effective }: Hit): boolean {
  return effective.fault === 'revoked' && entry.readAt !== undefined
}

/** The refusal where nothing more can be done: `unavailable` when the book kept changing. */
function refuse(settled: Settled): Refused {
  if (settled === 'again' || 'entry' in settled) return unavailable
  return settled.outcome === 'rejected' ? rejected(settled.rejection) : settled
}

function isStillUnknown(unknown: Unknown | undefined, digest: string, at: Stamp, minSequence: number): boolean {
  if (unknown?.digest !== digest || unknown.readAt < minSequence) return false
  return elapsedMs(unknown.since, at) < limits.unknownLifeSeconds * 1000
}

/** Whether an entry is out of date. At the book's version of its last judgement, only time can have made it so. */
function isEntryOutdated(entry: Entry, book: StatusBook, at: Stamp): boolean {
  return entry.version === book.version ? isOld(entry, at) : isOutdated(entry, book, at)
}

function hitOf(entry: Entry, book: StatusBook, at: Stamp): Hit {
  const { version } = book
  let { effective } = entry
  if (effective === undefined || entry.version !== version) {
    effective = effectiveGrant(entry.established, standingOf(entry, book))
    entry.effective = effective
    entry.version = version
  }
  return { entry, effective, at }
}
