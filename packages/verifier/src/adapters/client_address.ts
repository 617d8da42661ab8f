import { callerAddress, parseAddressRange } from '@countersign/core'

/** The caller's address, text; undefined when it cannot be told, and then a key bound to addresses is refused. */
export type ClientAddress = (peer: string | undefined, forwardedFor: () => string | undefined) => string | undefined

/**
 * By the one rule that all of ours go by: core's `callerAddress`.
 *
 * @throws TypeError for what is no CIDR range.
 */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const ranges = trustedProxies.map((text) => {
    const range = parseAddressRange(text)
    if (range === undefined) throw new TypeError(`trustedProxies: "${text}" is no address range`)
    return range
  })
  return (peer, forwardedFor) => callerAddress(peer, ranges.length === 0 ? undefined : forwardedFor(), ranges)
}
