/** One look-up in a directory, within the budget, and whether its answer may be used (docs/protocol/feed.md §4). */
import { type Address, establishRecord, type LookupAnswer, type MaybePromise, type Rejection } from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import type { Clock, Stamp } from '../clock.ts'
import type { CredentialAnswer } from '../directory.ts'
import type { Budget } from './budget.ts'
import type { Known } from './known.ts'

/** A record with the sequence it was read at and the moment its look-up began. */
export interface Looked<R> {
  readonly record: R
  readonly readAt: number
  readonly since: Stamp
}

/** `unknownAt`: the sequence at which the directory knew no such credential. */
export interface Unknown {
  readonly rejection: Rejection
  readonly unknownAt: number
  readonly decoy?: Known
}

type Answer<R> = LookupAnswer<R> & Pick<CredentialAnswer, 'decoy'>

/**
 * Asks, and hands a record on to `use`. `unavailable` when the budget is spent, when the asking failed, and when the
 * answer is behind the place it was asked from. `from` is who showed the credential, for the budget.
 */
export type LookUp = <R, T>(
  ask: () => MaybePromise<Answer<R>>,
  book: StatusBook,
  from: Address | undefined,
  use: (looked: Looked<R>) => MaybePromise<T>,
) => MaybePromise<T | Unknown | 'unavailable'>

export const unknown: { readonly rejection: Rejection } = {
  rejection: { code: 'unknown', detail: 'no such credential here' },
}

/** Look-ups that share one budget. */
export function createLookUp({ budget, clock }: { readonly budget: Budget; readonly clock: Clock }): LookUp {
  return (ask, book, from, use) => {
    const taken = budget.take({ address: from })
    if (taken === undefined) return 'unavailable'
    const asked = book.place
    const since = clock.stamp()
    const settle = once(taken)
    const answered = (answer: Awaited<ReturnType<typeof ask>>): ReturnType<typeof use> | Unknown | 'unavailable' => {
      const { record, place } = answer
      const isBehind = place.epoch !== asked.epoch || place.sequence < asked.sequence
      settle(!isBehind && record === undefined)
      if (isBehind) return 'unavailable'
      book.hearOf(place, clock.stamp())
      if (record === undefined) return unknownAt(answer, book, since)
      return use({ record, readAt: place.sequence, since })
    }
    // A record that cannot be read is nobody's answer either: it refuses, and only for the credential it is about.
    const failed = (): 'unavailable' => {
      settle(false)
      return 'unavailable'
    }
    try {
      const answer = ask()
      return answer instanceof Promise ? answer.then(answered).catch(failed) : answered(answer)
    } catch {
      return failed()
    }
  }
}

/** The decoy is made into as much as a record that is there would be, so that the time of an answer tells nothing. */
function unknownAt({ place, decoy }: Answer<unknown>, book: StatusBook, since: Stamp): Unknown {
  if (decoy === undefined) return { ...unknown, unknownAt: place.sequence }
  const established = establishRecord({ ...decoy, status: 'revoked' }, book.tenant)
  const known = { established, readAt: place.sequence, since, signedBy: undefined }
  return { ...unknown, unknownAt: place.sequence, decoy: known }
}

function once(run: (value: boolean) => void): (value: boolean) => void {
  let isDone = false
  return (value) => {
    if (!isDone) run(value)
    isDone = true
  }
}
