import { type AddressRange, isInRange, parseAddress } from './address.ts'

/**
 * The address of the caller: the peer of the connection or, behind trusted proxies, the last hop of `X-Forwarded-For`
 * that is not one of them. Hops before that one are claims and not read. A hop that is no address leaves the caller
 * unknown instead of taking the proxy for it: a credential bound to addresses is then refused.
 *
 * @param forwardedFor The values of the field, joined by commas; undefined where it did not come.
 */
export function callerAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: readonly AddressRange[],
): string | undefined {
  // Most requests carry none, and then it does not matter whether the peer would be believed.
  if (forwardedFor === undefined || forwardedFor.trim() === '' || !isTrustedAddress(peer, trustedProxies)) return peer
  let address = peer
  for (const hop of forwardedFor.split(',').reverse()) {
    address = withoutPort(hop.trim())
    if (parseAddress(address) === undefined) return undefined
    if (!isTrustedAddress(address, trustedProxies)) return address
  }
  return address
}

/** Whether an address lies in one of the ranges; false for text that is no address. */
export function isTrustedAddress(text: string | undefined, ranges: readonly AddressRange[]): boolean {
  const address = text === undefined || ranges.length === 0 ? undefined : parseAddress(text)
  return address !== undefined && ranges.some((range) => isInRange(address, range))
}

/** Some load balancers write `192.0.2.1:4711` or `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  const match = /^\[([^\]]*)\](?::\d+)?$|^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(hop)
  return match?.[1] ?? match?.[2] ?? hop
}
