import { type ProblemAnswer, rejectionAnswer, unavailableAnswer } from '@countersign/core'
import type { Engine, Outcome, Question } from '@countersign/verifier/engine'
import { gatewayLimits } from './limits.ts'

/** A question that is asked again and again, until the first refusal or until `end`. */
export interface Judgement {
  /** Asks now, or once more after the question under way. */
  ask(): void
  end(): void
}

/** The reason why an exchange may not go on. `answer` is for a caller that has none yet. */
interface Refusal {
  readonly why: string
  readonly answer: ProblemAnswer
}

/** Calls `onRefused` at most once. Nothing is spent from a rate limit. */
export function createJudgement(
  engine: Engine,
  question: Question,
  onRefused: (why: string, answer: ProblemAnswer) => void,
): Judgement {
  let isAsking = false
  /** The book changed during a judgement, whose answer may be out of date. */
  let isDue = false
  let isEnded = false

  function ask(): void {
    if (isEnded) return
    if (isAsking) {
      isDue = true
      return
    }
    try {
      const outcome = engine.verify({ ...question, isRepeat: true })
      if (outcome instanceof Promise) wait(outcome)
      else settle(refusalOf(outcome))
    } catch {
      settle(failed)
    }
  }

  /** A judgement that gets no answer in time counts as a refusal. */
  function wait(asked: Promise<Outcome>): void {
    isAsking = true
    const timer = setTimeout(() => settle(noAnswer), gatewayLimits.rejudgeTimeoutMs)
    void asked
      .then(refusalOf, () => failed)
      .then((refusal) => {
        clearTimeout(timer)
        isAsking = false
        settle(refusal)
        if (!isDue) return
        isDue = false
        ask()
      })
  }

  function settle(refusal: Refusal | undefined): void {
    if (refusal === undefined || isEnded) return
    isEnded = true
    onRefused(refusal.why, refusal.answer)
  }

  return {
    ask,
    end() {
      isEnded = true
    },
  }
}

const failed: Refusal = { why: 'the engine failed', answer: unavailableAnswer(1) }
const noAnswer: Refusal = { why: 'unavailable: no answer in time', answer: unavailableAnswer(1) }

function refusalOf(outcome: Outcome): Refusal | undefined {
  if (outcome.outcome === 'verified') return undefined
  if (outcome.outcome === 'unavailable') {
    return {
      why: 'unavailable: the credential could not be judged',
      answer: unavailableAnswer(outcome.retryAfterSeconds),
    }
  }
  const { rejection } = outcome
  return { why: `${rejection.code}: ${rejection.detail}`, answer: rejectionAnswer(rejection) }
}
