import { type Address, type AddressRange, isInRange, parseAddress } from '@countersign/core'
import { type Exchange, headerValues } from './exchange.ts'

/**
 * The caller's address: the peer's, or, where the peer is a trusted proxy, the last address of `X-Forwarded-For` that is
 * not a trusted proxy itself. What a caller wrote before that is a claim and not read.
 */
export function clientAddress(exchange: Exchange, trustedProxies: readonly AddressRange[]): string | undefined {
  const { peer } = exchange
  const values = headerValues(exchange, 'x-forwarded-for')
  // Most requests carry none, and then it does not matter whether the peer would be believed.
  if (values.length === 0 || !isTrusted(peer, trustedProxies)) return peer
  let address = peer
  for (const hop of values.join(',').split(',').reverse()) {
    address = hop.trim()
    // A hop nobody can read leaves the address unknown: a credential bound to addresses is then refused.
    if (parseAddress(address) === undefined) return undefined
    if (!isTrusted(address, trustedProxies)) return address
  }
  return address
}

/** Whether the address lies in one of the ranges. */
export function isTrusted(text: string | undefined, ranges: readonly AddressRange[]): boolean {
  const address: Address | undefined = text === undefined ? undefined : parseAddress(text)
  return address !== undefined && ranges.some((range) => isInRange(address, range))
}
