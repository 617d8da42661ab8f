/**
 * The engine: every credential of every kind goes through `verify`, in the server, the gateway and the SDK alike.
 *
 *     read it → who is it (cache, directory) → what was said since (book) → how often (limiter) → decide
 *
 * Synchronous while nothing has to wait. After each wait it begins again from the top, so that book, freshness and clock
 * are read in the same turn as the decision (feed.md §4).
 */
import {
  type Ancestor,
  andThen,
  decide,
  type EffectiveGrant,
  type Expectation,
  effectiveGrant,
  findRejection,
  limits,
  type MaybePromise,
  type RateLimitOutcome,
  type Standing,
  digest as sha256,
} from '@countersign/core'
import type { BookKeeper } from './book_keeper.ts'
import { createBudget } from './budget.ts'
import { Cache } from './cache.ts'
import { type Clock, elapsedMs, type Stamp } from './clock.ts'
import type { Directory } from './directory.ts'
import { createEstablisher, type Establishment, findMalformed, type Known } from './establish.ts'
import type { Limiter } from './limiter.ts'
import { type Outcome, type Refused, rejected, unavailable } from './outcome.ts'
import type { StatusBook } from './status_book.ts'

/** A credential and what it must meet. */
export interface Question extends Expectation {
  readonly credential: string
  /** The book must have applied at least this. */
  readonly minSequence?: number
  /** Asked again about a request that was admitted before and still runs: judged as ever, but it spends nothing. */
  readonly isRepeat?: true
}

export interface Engine {
  verify(question: Question): MaybePromise<Outcome>
  /** What is known of a credential without judging it, for introspection's kin: the effective grant, or why there is none. */
  inspect(credential: string): MaybePromise<Inspection>
  /** The book was replaced: nothing that was looked up before may be used again. */
  clear(): void
}

/** `signedBy`: the key of ours, or of the client, whose signature it bears. */
export type Inspection = (Known & { readonly effective: EffectiveGrant }) | Refused

export interface EngineOptions {
  readonly keeper: BookKeeper
  readonly directory: Directory
  readonly limiter: Limiter
  readonly clock: Clock
  /** Look-ups a second that may come back `unknown` before further ones are refused. Default 200. */
  readonly unknownPerSecondMax?: number
  /** Credentials kept in memory. Default 50,000. */
  readonly cacheEntriesMax?: number
}

interface Entry extends Known {
  /** The effective grant as worked out at a version of the book. */
  memo: { readonly version: number; readonly effective: EffectiveGrant; readonly limitKey: string } | undefined
}

/** `unknown` as a directory said it, at a sequence and when the question began. */
interface Unknown {
  readonly readAt: number
  readonly since: Stamp
}

/** Waits after which the engine gives up rather than chase a book that changes under it. */
const roundsMax = 5

/**
 * The engine over its ports. It answers in the same turn whenever it need not wait; it never throws for what a credential
 * is, and resolves to `unavailable` where nobody could tell.
 *
 * ```ts
 * const engine = createEngine({ keeper, directory, limiter: memoryLimiter(), clock: systemClock() })
 * const outcome = await engine.verify({ credential, audience, requires: [['orders:read']], address, origin })
 * ```
 */
export function createEngine(options: EngineOptions): Engine {
  const { keeper, directory, limiter, clock } = options
  const entries = new Cache<Entry>(options.cacheEntriesMax ?? 50_000)
  const unknowns = new Cache<Unknown>(20_000)
  const underWay = new Map<string, Promise<Establishment | 'again'>>()
  const budget = createBudget(options.unknownPerSecondMax ?? 200, clock)
  const establish = createEstablisher({ directory, budget, clock })
  let cachedFrom: StatusBook | undefined

  function verify(question: Question): MaybePromise<Outcome> {
    return withHit(question, 0, (hit) => judge(question, hit))
  }

  function inspect(credential: string): MaybePromise<Inspection> {
    return withHit({ credential }, 0, ({ entry, effective }) => ({ ...knownOf(entry), effective }))
  }

  /**
   * Steps one to three, then `use`, in one synchronous turn. Whatever had to wait begins again here, with book, freshness
   * and clock as they are then (feed.md §4).
   */
  function withHit<R>(asked: Asked, round: number, use: (hit: Hit) => MaybePromise<R>): MaybePromise<R | Refused> {
    if (asked.credential.length > limits.credentialBytesMax) return tooLong
    return andThen(sha256(asked.credential), (digest) => withKnown(asked, digest, round, use))
  }

  function withKnown<R>(
    asked: Asked,
    digest: string,
    round: number,
    use: (hit: Hit) => MaybePromise<R>,
  ): MaybePromise<R | Refused> {
    const { book } = keeper
    const at = clock.stamp()
    const minSequence = asked.minSequence ?? 0
    if (round > roundsMax) return unavailable
    if (book === undefined || !keeper.isFresh(at) || book.place.sequence < minSequence) {
      const malformed = findMalformed(asked.credential)
      if (malformed !== undefined) return rejected(malformed)
      const isBehind = book !== undefined && book.place.sequence < minSequence
      return andThen(isBehind ? keeper.reach(minSequence) : keeper.refresh(), (ok) =>
        ok ? withKnown(asked, digest, round + 1, use) : unavailable,
      )
    }
    if (book !== cachedFrom) empty(book)
    const entry = entries.get(digest)
    if (entry !== undefined && !isOutdated(entry, book, at)) return use(hitOf(entry, book, at))
    if (isStillUnknown(unknowns.get(digest), at, minSequence)) return unknownCredential
    return andThen(establishOnce(asked.credential, digest, book, at), (settled) =>
      settled === 'again' || isGoodAfterWaiting(settled) ? withKnown(asked, digest, round + 1, use) : refuse(settled),
    )
  }

  /** Single flight: those who come while one asks share its answer, which counts from when it was asked. */
  function establishOnce(
    text: string,
    digest: string,
    book: StatusBook,
    at: Stamp,
  ): MaybePromise<Establishment | 'again'> {
    const running = underWay.get(digest)
    if (running !== undefined) return running
    const settle = (establishment: Establishment): Establishment | 'again' => {
      // A book replaced meanwhile has emptied the cache; this answer was made with the old one.
      if (keeper.book !== book) return 'again'
      if (establishment === 'unavailable') return establishment
      if ('known' in establishment) entries.set(digest, { ...establishment.known, memo: undefined })
      else if (establishment.unknownAt !== undefined) {
        unknowns.set(digest, { readAt: establishment.unknownAt, since: at })
      }
      return establishment
    }
    const establishment = establish(text, digest, book, at)
    if (!(establishment instanceof Promise)) return settle(establishment)
    const settled = establishment.then(settle).finally(() => underWay.delete(digest))
    underWay.set(digest, settled)
    return settled
  }

  /** Steps four and five. Only a credential that would pass spends from its limit. */
  function judge(question: Question, hit: Hit): MaybePromise<Outcome> {
    const { effective, at } = hit
    const now = keeper.now(at)
    const rejection = findRejection(effective, question, now)
    if (rejection !== undefined) return rejected(rejection)
    if (question.isRepeat === true || effective.rateLimit === undefined) return conclude(question, hit, undefined)
    const taken = limiter.take(hit.limitKey, effective.rateLimit, now)
    if (!(taken instanceof Promise)) return conclude(question, hit, taken)
    return taken.then(
      (outcome) => withHit(question, 1, (after) => conclude(question, after, outcome)),
      () => unavailable,
    )
  }

  /** The only way to `verified`: in the turn in which book and clock were read. */
  function conclude(question: Question, hit: Hit, rateLimit: RateLimitOutcome | undefined): Outcome {
    const decision = decide(hit.effective, question, rateLimit, keeper.now(hit.at))
    if (!decision.active) return rejected(decision.rejection)
    return rateLimit === undefined
      ? { outcome: 'verified', grant: decision.grant }
      : { outcome: 'verified', grant: decision.grant, rateLimit }
  }

  function empty(from: StatusBook | undefined): void {
    cachedFrom = from
    entries.clear()
    unknowns.clear()
    establish.clear()
  }

  return { verify, inspect, clear: () => empty(undefined) }
}

interface Asked {
  readonly credential: string
  readonly minSequence?: number
}

interface Hit {
  readonly entry: Entry
  readonly effective: EffectiveGrant
  /** What its limit is counted under: tenants never share one. */
  readonly limitKey: string
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

/** What a directory said is looked up in what is kept, which knows how old it is; all else is final. */
function isGoodAfterWaiting(establishment: Establishment): boolean {
  return establishment !== 'unavailable' && ('known' in establishment || establishment.unknownAt !== undefined)
}

function refuse(establishment: Establishment): Refused {
  return establishment === 'unavailable' || 'known' in establishment ? unavailable : rejected(establishment.rejection)
}

function isStillUnknown(unknown: Unknown | undefined, at: Stamp, minSequence: number): boolean {
  if (unknown === undefined || unknown.readAt < minSequence) return false
  return elapsedMs(unknown.since, at) < limits.unknownLifeSeconds * 1000
}

/** Whether anything it was made from has changed since, or it is simply old (feed.md §4). */
function isOutdated(entry: Entry, book: StatusBook, at: Stamp): boolean {
  const { readAt, memo } = entry
  if (readAt !== undefined && elapsedMs(entry.since, at) > limits.recordLifeSeconds * 1000) return true
  if (memo?.version === book.version) return false
  const { kind, credentialId, clientId, apiId, audience, lineage } = entry.established
  if (entry.signedBy !== undefined) {
    // An audience may have gone to another API since: a token is for the one that has it now.
    if (isKeyGone(entry.signedBy, book) || book.apiByAudience(audience)?.apiId !== apiId) return true
    return readAt !== undefined && book.isChangedSince('client', clientId, readAt)
  }
  if (readAt === undefined) return false
  return (
    book.isChangedSince('client', clientId, readAt) ||
    book.isChangedSince('api', apiId, readAt) ||
    book.isChangedSince(kind === 'api_key' ? 'key' : 'opaque_token', credentialId, readAt) ||
    lineage.some(({ type, id }) => book.isChangedSince(type, id, readAt))
  )
}

function isKeyGone(signedBy: NonNullable<Known['signedBy']>, book: StatusBook): boolean {
  return signedBy.type === 'signing_key'
    ? book.state('signing_key', signedBy.id)?.publicJwk === undefined
    : book.isRevoked('public_key', signedBy.id)
}

function hitOf(entry: Entry, book: StatusBook, at: Stamp): Hit {
  const { version } = book
  let { memo } = entry
  if (memo?.version !== version) {
    const effective = effectiveGrant(entry.established, standingOf(entry, book))
    memo = { version, effective, limitKey: `${book.tenant} ${effective.limitId}` }
    entry.memo = memo
  }
  return { entry, effective: memo.effective, limitKey: memo.limitKey, at }
}

/** feed.md §5: its own entry and those of its whole lineage. A looked-up record already holds what was said before it. */
function standingOf({ established, readAt }: Entry, book: StatusBook): Standing {
  const { kind, credentialId, clientId, apiId, lineage } = established
  const ownType =
    kind === 'api_key'
      ? 'key'
      : kind === 'self_issued_jwt'
        ? 'client_token'
        : readAt === undefined
          ? 'token'
          : 'opaque_token'
  const ownId = kind === 'self_issued_jwt' ? `${clientId} ${credentialId}` : credentialId
  const own = book.isRevoked(ownType, ownId)
    ? 'revoked'
    : ownType === 'token' || ownType === 'client_token'
      ? book.state(ownType, ownId)
      : undefined
  return {
    tenant: book.isRevoked('tenant', book.tenant) ? 'revoked' : book.state('tenant', book.tenant),
    api: book.isRevoked('api', apiId) ? 'revoked' : book.state('api', apiId),
    // Beside the client as recorded, since no record says its cut-off, which opaque tokens are judged by as well.
    client: book.isRevoked('client', clientId) ? 'revoked' : book.state('client', clientId),
    own,
    ancestors: lineage.map((ancestor) => ancestorState(ancestor, book)),
  }
}

function ancestorState({ type, id }: Ancestor, book: StatusBook): Standing['ancestors'][number] {
  if (book.isRevoked(type, id)) return 'revoked'
  return type === 'public_key' ? undefined : book.state(type, id)
}
