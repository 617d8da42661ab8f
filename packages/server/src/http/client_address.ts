import { type Address, type AddressRange, isInRange, parseAddress } from '@countersign/core'
import { type Exchange, headerValues } from './exchange.ts'

/**
 * The caller's address: the peer's, or, where the peer is a trusted proxy, the last address of `X-Forwarded-For` that is
 * not a trusted proxy itself. What a caller wrote before that is a claim and not read.
 */
export function clientAddress(exchange: Exchange, trustedProxies: readonly AddressRange[]): string | undefined {
  let address = exchange.peer
  if (address === undefined || !isTrusted(address, trustedProxies)) return address
  const forwarded = headerValues(exchange, 'x-forwarded-for')
    .join(',')
    .split(',')
    .map((part) => part.trim())
  for (const hop of forwarded.reverse()) {
    if (parseAddress(hop) === undefined) return address
    address = hop
    if (!isTrusted(hop, trustedProxies)) return hop
  }
  return address
}

export function isTrusted(text: string | undefined, ranges: readonly AddressRange[]): boolean {
  const address: Address | undefined = text === undefined ? undefined : parseAddress(text)
  return address !== undefined && ranges.some((range) => isInRange(address, range))
}
