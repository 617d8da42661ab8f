/** Steps four and five of the engine: how often a credential was used, and the decision. */
import { decide, findRejection, type MaybePromise, type RateLimitOutcome, type Spend } from '@countersign/core'
import type { BookKeeper } from './book_keeper.ts'
import type { Question } from './engine.ts'
import type { WithHit } from './known/hits.ts'
import type { Hit } from './known/known_credentials.ts'
import type { Limiter } from './limiter.ts'
import { type Outcome, rejected, unavailable } from './outcome.ts'
import { standingOf } from './standing.ts'

export type Judge = (question: Question, hit: Hit) => MaybePromise<Outcome>

/** `withHit` is asked again where the limiter has to be waited for. */
export function createJudgement({
  keeper,
  limiter,
  withHit,
}: {
  readonly keeper: BookKeeper
  readonly limiter: Limiter
  readonly withHit: WithHit
}): Judge {
  /** Only a credential that would pass spends from its limit. */
  function judge(question: Question, hit: Hit): MaybePromise<Outcome> {
    if (!isInPlace(question, hit)) return notThere
    const { effective, at } = hit
    const { spends } = effective
    if (question.isRepeat === true || spends.length === 0) return conclude(question, hit, nothingTaken)
    const now = keeper.now(at)
    const rejection = findRejection(effective, question, now)
    if (rejection !== undefined) {
      if (question.onJudged !== undefined) tell(question, hit, nothingTaken)
      return rejected(rejection)
    }
    const taken = limiter.take(spendsAt(question.cost, spends), now)
    if (!(taken instanceof Promise)) return conclude(question, hit, taken)
    return taken.then(
      (outcomes) => withHit(question, 1, (after) => conclude(question, after, outcomes)),
      () => unavailable,
    )
  }

  /** The only way to `verified`: in the turn in which book and clock were read. */
  function conclude(question: Question, hit: Hit, taken: readonly RateLimitOutcome[]): Outcome {
    if (question.onJudged !== undefined) tell(question, hit, taken)
    const decision = decide(hit.effective, question, taken, keeper.now(hit.at))
    if (!decision.active) return rejected(decision.rejection)
    const { grant, rateLimit } = decision
    return rateLimit === undefined
      ? { outcome: 'verified', grant }
      : { outcome: 'verified', grant, rateLimit, rateLimits: taken }
  }

  function tell(question: Question, { entry, effective, at }: Hit, taken: readonly RateLimitOutcome[]): void {
    const { book } = keeper
    if (book === undefined) return
    const { established } = entry
    const judged = { established, standing: standingOf(entry, book), effective, taken, now: keeper.now(at) }
    question.onJudged?.(judged, question)
  }

  return judge
}

/** A session is presented in a cookie alone, and only a session is. */
function isInPlace({ isCookie }: Question, { entry }: Hit): boolean {
  return (entry.established.kind === 'session') === (isCookie === true)
}

const notThere = rejected({ code: 'malformed', detail: 'this credential may not be presented in this place' })

const nothingTaken: readonly RateLimitOutcome[] = []

/** The spends of a call of this cost. The grant has those of a call that costs 1. */
function spendsAt(cost: number | undefined, spends: readonly Spend[]): readonly Spend[] {
  return cost === undefined || cost === 1 ? spends : spends.map((spend) => ({ ...spend, cost }))
}
