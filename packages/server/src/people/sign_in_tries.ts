/**
 * How often somebody may try to sign in. The owner of an account cannot be locked out by others: a delay is of one account
 * from one address, and another address has none.
 */
import { addressBlock, type Seconds } from '@countersign/core'
import { Cache } from '@countersign/verifier/engine'
import { serverLimits } from '../limits.ts'

/** `name`: the address that somebody signs in with, or the name of a sign-in or session that waits for a proof. */
export interface SignInTries {
  /** Seconds to wait before this try; 0 for none. A try that need not wait counts for its address. */
  begin(tenant: string, name: string, address: string | undefined, now: Seconds): number
  /** A wrong password. */
  failed(tenant: string, name: string, address: string | undefined, now: Seconds): void
  /** The person came in: earlier failures from there are forgotten. */
  succeeded(tenant: string, name: string, address: string | undefined): void
}

interface Window {
  readonly from: Seconds
  readonly count: number
}

interface Failures {
  readonly count: number
  readonly until: Seconds
}

const minute = 60

/** Counted by each process for itself. `perMinute`: tries from one address; `dev` has no such limit. */
export function createSignInTries({
  perMinute = serverLimits.signInsPerMinute,
}: {
  readonly perMinute?: number
} = {}): SignInTries {
  const byAddress = new Cache<Window>(serverLimits.signInAddressesKept)
  const byPair = new Cache<Failures>(serverLimits.signInAddressesKept)
  const pairOf = (tenant: string, name: string, address: string | undefined): string =>
    JSON.stringify([tenant, name.normalize('NFC').toLowerCase(), addressBlock(address ?? '')])

  return {
    begin(tenant, name, address, now) {
      const { until = 0 } = byPair.get(pairOf(tenant, name, address)) ?? {}
      if (now < until) return Math.ceil(until - now)
      const place = JSON.stringify([tenant, addressBlock(address ?? '')])
      const known = byAddress.get(place)
      const window = known !== undefined && now - known.from < minute ? known : { from: now, count: 0 }
      if (window.count >= perMinute) return Math.ceil(window.from + minute - now)
      byAddress.set(place, { ...window, count: window.count + 1 })
      return 0
    },
    failed(tenant, name, address, now) {
      const pair = pairOf(tenant, name, address)
      const count = (byPair.get(pair)?.count ?? 0) + 1
      byPair.set(pair, { count, until: now + delayAfter(count) })
    },
    succeeded: (tenant, name, address) => byPair.delete(pairOf(tenant, name, address)),
  }
}

/** Seconds to wait after so many failures: none at first, then twice as long each time. */
export function delayAfter(failures: number): number {
  const beyond = failures - serverLimits.signInFailuresFree
  return beyond < 0 ? 0 : Math.min(serverLimits.signInDelaySecondsMax, 2 ** beyond)
}
