import type { Seconds } from '@countersign/core'
import { Cache } from '@countersign/verifier/engine'

/** Opaque tokens that were issued, by client: the audit log names the first of a day, metrics count all. */
export interface OpaqueTokens {
  /** Whether it is the first of its client on this day, as far as this process knows. */
  count(tenant: string, clientId: string, now: Seconds): boolean
}

const daySeconds = 86_400
/** A client beyond is told of once more, which costs one event. */
const clientsMax = 100_000

export function createOpaqueTokens(onIssued: () => void): OpaqueTokens {
  const days = new Cache<number>(clientsMax)
  return {
    count(tenant, clientId, now) {
      onIssued()
      const day = Math.floor(now / daySeconds)
      const name = `${tenant} ${clientId}`
      if (days.get(name) === day) return false
      days.set(name, day)
      return true
    },
  }
}
