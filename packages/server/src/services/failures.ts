import { gcra, type RateLimit, type Seconds } from '@countersign/core'
import { Cache } from '@countersign/verifier'

/** Failed attempts by whoever makes them: counted when they fail, asked before they are tried. Bounded. */
export interface Failures {
  isLeft(id: string, rate: RateLimit): boolean
  count(id: string, rate: RateLimit): void
}

export function createFailures(now: () => Seconds): Failures {
  const arrivals = new Cache<Seconds>(100_000)
  return {
    isLeft: (id, rate) => gcra(rate, arrivals.get(id) ?? 0, now()).allowed,
    count(id, rate) {
      arrivals.set(id, gcra(rate, arrivals.get(id) ?? 0, now()).arrivalAt)
    },
  }
}

/** For `dev`, which limits nothing unless it is set (contract.md §1): every attempt is let try. */
export const unlimitedFailures: Failures = { isLeft: () => true, count() {} }
