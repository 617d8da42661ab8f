import { callerAddress, parseAddressRange } from '@countersign/core'

/** The caller's address as text; `undefined` when it is not known: a key bound to addresses is then refused. */
export type ClientAddress = (peer: string | undefined, forwardedFor: () => string | undefined) => string | undefined

/**
 * Finds addresses by the one rule that all our packages use: core's `callerAddress`.
 *
 * @throws TypeError for a text that is no CIDR range.
 */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const ranges = trustedProxies.map((text) => {
    const range = parseAddressRange(text)
    if (range === undefined) throw new TypeError(`trustedProxies: "${text}" is no address range`)
    return range
  })
  return (peer, forwardedFor) => callerAddress(peer, ranges.length === 0 ? undefined : forwardedFor(), ranges)
}
