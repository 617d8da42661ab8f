/**
 * The engine: every credential of every kind goes through `verify`, in the server, the gateway and the SDK alike.
 *
 *     read it → who is it (cache, directory) → what was said since (book) → how often (limiter) → decide
 *
 * Synchronous while nothing has to wait. After each wait it begins again from the top, so that book, freshness and
 * clock are read in the same turn as the decision (docs/protocol/feed.md §4).
 */
import type { Established, MaybePromise, Scope, Seconds } from '@countersign/core'
import type { Engine, EngineOptions, Inspection, PreloadedKey, Question } from './engine.ts'
import { createJudgement } from './judgement.ts'
import { createBudget } from './known/budget.ts'
import { ClientMetadata } from './known/client_metadata.ts'
import { createEstablisher } from './known/establish.ts'
import { createHits } from './known/hits.ts'
import type { Known } from './known/known.ts'
import { type Entry, type Hit, KnownCredentials } from './known/known_credentials.ts'
import { PackedKeys } from './known/packed_keys.ts'
import { createSettlement } from './known/settlement.ts'
import type { Outcome } from './outcome.ts'
import { codeOf, countedId, countOutcome, sampleRefusal, type UsagePort } from './usage/usage_counter.ts'

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
  const { keeper, directory, limiter, clock, usage, keepsRefused = true, onAhead } = options
  const packed = (options.packedKeys ?? new PackedKeys()).view()
  const budget = createBudget(options.unknownPerSecondMax ?? 200, clock)
  const establish = createEstablisher({ directory, packed, budget, clock, keepsRefused })
  const clients = options.clientMetadata === true ? new ClientMetadata({ directory, clock }) : undefined
  const known = new KnownCredentials({
    entriesMax: options.cacheEntriesMax ?? 50_000,
    packed,
    onClear(book) {
      establish.clear(book)
      clients?.clear(book)
    },
  })
  const settle = createSettlement({ keeper, known, establish, keepsRefused, onAhead })
  const withHit = createHits({ keeper, clock, known, settle, keepsRefused, clients })
  const judge = createJudgement({ keeper, limiter, withHit })

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
    count(usage as UsagePort, question, hit?.entry.established, outcome, now, () => keeper.now(clock.stamp()))
    const { audience, operation } = question
    if (operation !== undefined) usage?.countOperation?.(now, audience, operation, codeOf(outcome))
    return outcome
  }

  function inspect(credential: string): MaybePromise<Inspection> {
    return withHit({ credential }, 0, ({ entry, effective }) => ({ ...knownOf(entry), effective }))
  }

  function preload(read: () => MaybePromise<readonly PreloadedKey[]>): MaybePromise<number> {
    const { book } = keeper
    return book === undefined ? 0 : known.preload(book, clock.stamp(), read)
  }

  return { verify, inspect, preload, clear: () => known.clear(undefined) }
}

/** Counts an outcome and keeps a refusal as an example, or hands both out to be done when the request is over. */
function count(
  usage: UsagePort,
  { address, audience, countLater, refusedAs, requires }: Question,
  of: Established | undefined,
  outcome: Outcome,
  now: Seconds,
  nowLater: () => Seconds,
): void {
  if (countLater !== undefined && outcome.outcome === 'verified') {
    countLater((asked, code, refused) => {
      const at = nowLater()
      usage.count(at, countedId(of), of?.clientId ?? '', asked, code, address)
      if (refused !== undefined) sampleRefusal(usage, at, of, { ...refused, requires: asked, code })
    })
    return
  }
  // Its holder learns nothing of the other API that it was sent to.
  const isOfAnother = of !== undefined && of.audience !== audience
  const asked = isOfAnother ? nothingAsked : requires
  countOutcome(usage, now, of, asked, outcome, address)
  if (outcome.outcome !== 'rejected' || refusedAs === undefined) return
  const { rejection } = outcome
  const missingScope = rejection.code === 'insufficient_scope' ? rejection.missingScope : []
  const { method, route, ...named } = refusedAs()
  const request = isOfAnother ? named : { ...named, method, route }
  sampleRefusal(usage, now, of, { request, requires: asked, code: rejection.code, missingScope })
}

const nothingAsked: readonly Scope[] = [[]]

function knownOf({ established, readAt, since, signedBy }: Entry): Known {
  return { established, readAt, since, signedBy }
}
