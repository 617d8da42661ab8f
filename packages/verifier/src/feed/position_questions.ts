/** Asking for the head: the only proof that a book is fresh (docs/protocol/feed.md §3). */
import type { Place, PositionAnswer, PositionQuestion } from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import type { Clock } from '../clock.ts'
import type { FeedSource } from './feed_source.ts'
import type { FollowedBook } from './followed_book.ts'
import type { FreshnessWatch } from './freshness_watch.ts'
import type { ReportSchedule } from './report_schedule.ts'
import type { StalenessBound } from './staleness_bound.ts'

export interface PositionQuestions {
  /** The question under way. */
  readonly underWay: Promise<boolean> | undefined
  /** One shared question for all who wait. Whether the book is proven fresh by it; never rejects. */
  ask(): Promise<boolean>
}

interface PositionQuestionsOptions {
  readonly source: Pick<FeedSource, 'position'>
  readonly clock: Clock
  readonly random: () => number
  readonly verifierId: string
  readonly maxStalenessSeconds: number
  readonly bound: StalenessBound
  readonly followed: FollowedBook
  readonly freshness: FreshnessWatch
  /** Every question is a report of what was applied. */
  readonly reports: Pick<ReportSchedule, 'asked'>
  readonly onProblem?: ((problem: string) => void) | undefined
}

/** A question may find another book or another log than it named; then it is asked again, this often in all. */
const questionsMax = 3

export function createPositionQuestions(options: PositionQuestionsOptions): PositionQuestions {
  const { source, clock, bound, followed, freshness, reports, onProblem } = options
  let asking: Promise<boolean> | undefined

  function ask(): Promise<boolean> {
    asking ??= askUntilProven()
      .catch((error: unknown) => {
        onProblem?.(error instanceof Error ? error.message : 'the feed could not be read')
        return false
      })
      .finally(() => {
        asking = undefined
      })
    return asking
  }

  async function askUntilProven(): Promise<boolean> {
    if (followed.current === undefined) await followed.reload()
    for (let count = 0; count < questionsMax; count++) {
      if (await askAbout(followed.current as StatusBook)) return true
    }
    return false
  }

  /** One question. False when it proved nothing, after a reload for example: it must be asked again. */
  async function askAbout(asked: StatusBook): Promise<boolean> {
    const askedAt = clock.stamp()
    reports.asked(askedAt)
    const { place } = asked
    const question = questionAt(place, options)
    const answer = await bound.within((untilLate) => source.position(question, untilLate))
    if (answer.nonce !== question.nonce || followed.current !== asked) return false
    // Compared with the place that was named: what streamed in since may rightly be above the head of the answer.
    if (answer.reload === true || answer.epoch !== place.epoch || answer.head < place.sequence) {
      await followed.reload()
      return false
    }
    if (!isSound(answer)) throw new Error('the answer about the feed cannot be read')
    if (!(await followed.catchUp(asked, answer.head))) return false
    if (asked.hasLost(answer.head, askedAt.monotonicMs - answer.ageMs)) {
      await followed.reload()
      return false
    }
    if (asked.place.sequence === answer.head) followed.noteSeal(asked.place, answer.seal)
    freshness.prove(answer, askedAt)
    if (answer.dropTime !== undefined) followed.current?.sweep(answer.dropTime)
    return true
  }

  return {
    get underWay() {
      return asking
    },
    ask,
  }
}

function questionAt(
  place: Place,
  { followed, random, verifierId, maxStalenessSeconds }: PositionQuestionsOptions,
): PositionQuestion {
  const { sealed } = followed
  const nonce = createNonce(random)
  return { verifierId, ...place, nonce, maxStalenessSeconds, ...(sealed === undefined ? {} : { sealed }) }
}

function createNonce(random: () => number): string {
  return Array.from({ length: 4 }, () => Math.floor(random() * 0x1_0000_0000).toString(36)).join('')
}

/** An age that is none would make a book fresh for ever, or never again. */
function isSound(answer: PositionAnswer): boolean {
  return (
    Number.isSafeInteger(answer.head) &&
    Number.isFinite(answer.ageMs) &&
    answer.ageMs >= 0 &&
    Number.isFinite(answer.now) &&
    (answer.dropTime === undefined || Number.isFinite(answer.dropTime))
  )
}
