import type { LookupFunction } from 'node:net'
import { OutboundError } from './outbound_error.ts'

export interface ResolvedAddress {
  readonly address: string
  readonly family: number
}

/** `[::1]` of a URL is `::1` to resolver and socket. */
export function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}

/** Names are looked up once. A second answer could be another one (DNS rebinding). */
export function pinned(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = addresses
    if (first === undefined) return callback(new OutboundError('unreachable'), '')
    if (all === true) callback(null, [...addresses])
    else callback(null, first.address, first.family)
  }
}
