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
import { Cache } from './cache.ts'
import { type Clock, elapsedMs, type Stamp } from './clock.ts'
import type { Directory } from './directory.ts'
import { createEstablisher, type Establishment, type Known } from './establish.ts'
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
  readonly since: Stamp
  /** The effective grant as worked out at a version of the book. */
  memo: { readonly version: number; readonly effective: EffectiveGrant } | undefined
}

/** Waits after which the engine gives up rather than chase a book that changes under it. */
const roundsMax = 5

export function createEngine(options: EngineOptions): Engine {
  const { keeper, directory, limiter, clock } = options
  const entries = new Cache<Entry>(options.cacheEntriesMax ?? 50_000)
  const unknowns = new Cache<Stamp>(20_000)
  const underWay = new Map<string, Promise<Establishment>>()
  const establish = createEstablisher(directory)
  const unknownBudget = createBudget(options.unknownPerSecondMax ?? 200, clock)

  function verify(question: Question): MaybePromise<Outcome> {
    const effective = find(question.credential, question.minSequence ?? 0, 0)
    return andThen(effective, (found) => ('outcome' in found ? found : judge(question, found, 0)))
  }

  function inspect(credential: string): MaybePromise<Inspection> {
    return andThen(find(credential, 0, 0), (found) =>
      'outcome' in found ? found : { ...knownOf(found.entry), effective: found.effective },
    )
  }

  /** Steps one to three. Whatever had to wait begins again, with the book as it is then. */
  function find(text: string, minSequence: number, round: number): MaybePromise<Found> {
    const { book } = keeper
    if (round > roundsMax) return unavailable
    if (book === undefined || !keeper.isFresh()) return again(keeper.refresh(), text, minSequence, round)
    if (book.place.sequence < minSequence) return again(keeper.reach(minSequence), text, minSequence, round)
    if (text.length > limits.credentialBytesMax) return tooLong
    const digest = sha256(text)
    return andThen(digest, (key) => findKnown(text, key, book, minSequence, round))
  }

  function findKnown(
    text: string,
    digest: string,
    book: StatusBook,
    minSequence: number,
    round: number,
  ): MaybePromise<Found> {
    const now = clock.stamp()
    const entry = entries.get(digest)
    if (entry !== undefined && !isOutdated(entry, book, now))
      return { digest, entry, effective: effectiveNow(entry, book) }
    const unknownSince = unknowns.get(digest)
    if (unknownSince !== undefined && elapsedMs(unknownSince, now) < limits.unknownLifeSeconds * 1000)
      return unknownCredential
    const establishment = establishOnce(text, digest, book, now)
    if (establishment instanceof Promise) {
      return establishment.then((settled) =>
        isRefused(settled) ? refuse(settled) : find(text, minSequence, round + 1),
      )
    }
    if (isRefused(establishment)) return refuse(establishment)
    const fresh = entries.get(digest) as Entry
    return { digest, entry: fresh, effective: effectiveNow(fresh, book) }
  }

  /** Single flight: those who come while one asks share its answer, which counts from when it was asked. */
  function establishOnce(text: string, digest: string, book: StatusBook, since: Stamp): MaybePromise<Establishment> {
    const running = underWay.get(digest)
    if (running !== undefined) return running
    if (!unknownBudget.isLeft()) return 'unavailable'
    const settle = (establishment: Establishment): Establishment => {
      // A book replaced meanwhile has emptied the cache; this answer was made with the old one.
      if (keeper.book !== book) return 'unavailable'
      if (establishment !== 'unavailable' && 'known' in establishment) {
        entries.set(digest, { ...establishment.known, since, memo: undefined })
      } else if (establishment !== 'unavailable' && establishment.rejection.code === 'unknown') {
        unknowns.set(digest, clock.stamp())
        unknownBudget.spend()
      }
      return establishment
    }
    const establishment = establish(text, digest, book)
    if (!(establishment instanceof Promise)) return settle(establishment)
    const settled = establishment.then(settle).finally(() => underWay.delete(digest))
    underWay.set(digest, settled)
    return settled
  }

  /** Steps four and five. Only a credential that would pass spends from its limit. */
  function judge(question: Question, found: Hit, round: number): MaybePromise<Outcome> {
    const { effective } = found
    const rejection = findRejection(effective, question, keeper.now())
    if (rejection !== undefined) return rejected(rejection)
    const book = keeper.book as StatusBook
    if (question.isRepeat === true || effective.rateLimit === undefined) return conclude(question, effective, undefined)
    const taken = limiter.take(`${book.tenant} ${effective.limitId}`, effective.rateLimit, keeper.now())
    if (!(taken instanceof Promise)) return conclude(question, effective, taken)
    return taken.then((outcome) =>
      andThen(find(question.credential, question.minSequence ?? 0, round + 1), (after) =>
        'outcome' in after ? after : conclude(question, after.effective, outcome),
      ),
    )
  }

  /** The only way to `verified`: in the turn in which book and clock were read. */
  function conclude(question: Question, effective: EffectiveGrant, rateLimit: RateLimitOutcome | undefined): Outcome {
    const decision = decide(effective, question, rateLimit, keeper.now())
    if (!decision.active) return rejected(decision.rejection)
    return { outcome: 'verified', grant: decision.grant, ...(rateLimit === undefined ? {} : { rateLimit }) }
  }

  function again(asked: MaybePromise<boolean>, text: string, minSequence: number, round: number): MaybePromise<Found> {
    return andThen(asked, (ok) => (ok ? find(text, minSequence, round + 1) : unavailable))
  }

  return {
    verify,
    inspect,
    clear() {
      entries.clear()
      unknowns.clear()
      establish.clear()
    },
  }
}

interface Hit {
  readonly digest: string
  readonly entry: Entry
  readonly effective: EffectiveGrant
}

type Found = Hit | Refused

const unknownCredential: Found = {
  outcome: 'rejected',
  rejection: { code: 'unknown', detail: 'no such credential here' },
}
const tooLong: Found = { outcome: 'rejected', rejection: { code: 'malformed', detail: 'the credential is too long' } }

function knownOf({ established, readAt, signedBy }: Entry): Known {
  return { established, readAt, signedBy }
}

function isRefused(establishment: Establishment): establishment is Exclude<Establishment, { readonly known: Known }> {
  return establishment === 'unavailable' || 'rejection' in establishment
}

function refuse(establishment: Exclude<Establishment, { readonly known: Known }>): Found {
  if (establishment === 'unavailable') return { outcome: 'unavailable', retryAfterSeconds: 1 }
  return { outcome: 'rejected', rejection: establishment.rejection }
}

/** Whether anything it was made from has changed since, or it is simply old. */
function isOutdated(entry: Entry, book: StatusBook, now: Stamp): boolean {
  if (entry.memo?.version === book.version && entry.readAt === undefined) return false
  if (entry.signedBy !== undefined && isKeyGone(entry.signedBy, book)) return true
  if (entry.readAt === undefined) return false
  if (elapsedMs(entry.since, now) > limits.recordLifeSeconds * 1000) return true
  if (entry.memo?.version === book.version) return false
  const { kind, credentialId, clientId, apiId } = entry.established
  const ownType = kind === 'api_key' ? 'key' : kind === 'access_token' ? 'opaque_token' : undefined
  return (
    book.isChangedSince('client', clientId, entry.readAt) ||
    book.isChangedSince('api', apiId, entry.readAt) ||
    (ownType !== undefined && book.isChangedSince(ownType, credentialId, entry.readAt))
  )
}

function isKeyGone(signedBy: NonNullable<Known['signedBy']>, book: StatusBook): boolean {
  return signedBy.type === 'signing_key'
    ? book.state('signing_key', signedBy.id)?.publicJwk === undefined
    : book.isRevoked('public_key', signedBy.id)
}

function effectiveNow(entry: Entry, book: StatusBook): EffectiveGrant {
  if (entry.memo?.version === book.version) return entry.memo.effective
  const effective = effectiveGrant(entry.established, standingOf(entry, book))
  entry.memo = { version: book.version, effective }
  return effective
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
    client: book.isRevoked('client', clientId)
      ? 'revoked'
      : readAt === undefined
        ? book.state('client', clientId)
        : undefined,
    own,
    ancestors: lineage.map((ancestor) => ancestorState(ancestor, book)),
  }
}

function ancestorState({ type, id }: Ancestor, book: StatusBook): Standing['ancestors'][number] {
  if (book.isRevoked(type, id)) return 'revoked'
  return type === 'public_key' ? undefined : book.state(type, id)
}

/** So many in any second; then none until a second has passed. */
function createBudget(perSecond: number, clock: Clock): { isLeft(): boolean; spend(): void } {
  let since = clock.stamp()
  let spent = 0
  return {
    isLeft() {
      if (spent < perSecond) return true
      const now = clock.stamp()
      if (elapsedMs(since, now) < 1000) return false
      since = now
      spent = 0
      return true
    },
    spend() {
      const now = clock.stamp()
      if (elapsedMs(since, now) >= 1000) {
        since = now
        spent = 0
      }
      spent++
    },
  }
}
