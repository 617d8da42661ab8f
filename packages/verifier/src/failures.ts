import { gcra, type ProblemAnswer, problemAnswer, type RateLimit, type RateUse, type Seconds } from '@countersign/core'
import { Cache } from './cache.ts'

/** Failed attempts by whoever makes them, bounded: counted when they fail, asked before they are tried or answered. */
export interface Failures {
  isLeft(id: string, rate: RateLimit): boolean
  count(id: string, rate: RateLimit): void
}

/** Failures in memory, of up to 100,000 addresses and clients. `now` is in seconds. */
export function createFailures(now: () => Seconds): Failures {
  const uses = new Cache<RateUse>(100_000)
  return {
    isLeft: (id, rate) => uses.isEmpty || gcra(rate, uses.get(id), now()).outcome.allowed,
    count(id, rate) {
      uses.set(id, gcra(rate, uses.get(id), now()).use)
    },
  }
}

/**
 * Whether one more failed credential from an address is answered as what it is, and counts it (invariant 8). Only the
 * failing ones are limited: whoever shares an address with a guesser goes on working. `at`: what they failed at, a
 * tenant's management API or an API.
 */
export function mayFail(failures: Failures, at: string, address: string | undefined): boolean {
  const id = JSON.stringify([at, 'credential', address ?? ''])
  const isLeft = failures.isLeft(id, failureRate)
  failures.count(id, failureRate)
  return isLeft
}

/** The answer to those beyond. */
export const tooManyFailures: ProblemAnswer = problemAnswer(
  429,
  'rate_limited',
  'Too many credentials from this address were refused. Wait a minute.',
  { 'Retry-After': '60' },
)

const failureRate: RateLimit = { limit: 600, windowSeconds: 60 }

/** For `dev`, which limits nothing unless it is set (contract.md §1): every attempt is let try. */
export const unlimitedFailures: Failures = { isLeft: () => true, count() {} }
