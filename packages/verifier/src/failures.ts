import { gcra, type ProblemAnswer, problemAnswer, type RateLimit, type RateUse, type Seconds } from '@countersign/core'
import { Cache } from './cache.ts'

/** Counts failed attempts by a name of the one who makes them, and tells whether a further attempt is allowed. */
export interface Failures {
  /** Whether another attempt is allowed. Counts nothing. */
  isLeft(id: string, rate: RateLimit): boolean
  /** Counts a failed attempt. */
  count(id: string, rate: RateLimit): void
}

/** Keeps failures in memory, for up to 100,000 addresses and clients. `now` is in seconds. */
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
 * Counts a failed credential from an address, and tells whether it is answered by its own rejection
 * (docs/security/invariants.md §8): 600 a minute are. Only failing credentials are limited, so others at a guesser's
 * address go on working. `at` names the API or management API that refused them.
 */
export function mayFail(failures: Failures, at: string, address: string | undefined): boolean {
  const id = JSON.stringify([at, 'credential', address ?? ''])
  const isLeft = failures.isLeft(id, failureRate)
  failures.count(id, failureRate)
  return isLeft
}

/** The answer to failed credentials beyond the limit. */
export const tooManyFailures: ProblemAnswer = problemAnswer(
  429,
  'rate_limited',
  'Too many credentials from this address were refused. Wait a minute.',
  { 'Retry-After': '60' },
)

const failureRate: RateLimit = { limit: 600, windowSeconds: 60 }

/** Allows every attempt: for `dev`, which limits nothing unless a limit is set (docs/commands.md §3). */
export const unlimitedFailures: Failures = { isLeft: () => true, count() {} }
