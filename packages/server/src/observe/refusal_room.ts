/**
 * Room for the examples of refusals that reports bring: each is a row. A verifier that sends them without end would keep the
 * database busy, so in each span of time so many are written, by fair shares. The rest is forgotten.
 */
import { type Seconds, Shares } from '@countersign/core'
import { serverLimits } from '../limits.ts'

export interface RefusalRoom {
  /** Whether one more may be written. */
  admits(tenant: string, credential: string, now: Seconds): boolean
}

export function createRefusalRoom(): RefusalRoom {
  let span = Number.NaN
  let shares = new Shares(0)
  return {
    admits(tenant, credential, now) {
      const current = Math.floor(now / serverLimits.refusalSpanSeconds)
      if (current !== span) shares = new Shares(serverLimits.refusalsInSpanMax)
      span = current
      return shares.take({ tenant, credential: `${tenant} ${credential}` })
    },
  }
}
