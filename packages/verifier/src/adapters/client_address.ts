import { type AddressRange, isInRange, parseAddress, parseAddressRange } from '@countersign/core'

/** The caller's address, text; undefined when it cannot be told, and then a key bound to addresses is refused. */
export type ClientAddress = (peer: string | undefined, forwardedFor: () => string | undefined) => string | undefined

/**
 * Who calls: the peer of the connection, or behind trusted proxies the last hop of `X-Forwarded-For` that is not one of
 * them. Read from the right: what stands to the left of an untrusted hop is that hop's own word.
 *
 * @throws TypeError for what is no CIDR range.
 */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const ranges = trustedProxies.map((text) => {
    const range = parseAddressRange(text)
    if (range === undefined) throw new TypeError(`trustedProxies: "${text}" is no address range`)
    return range
  })
  return (peer, forwardedFor) => {
    if (peer === undefined || !isTrusted(peer, ranges)) return peer
    const hops = (forwardedFor() ?? '').split(',').map((hop) => withoutPort(hop.trim()))
    let address = peer
    for (let index = hops.length - 1; index >= 0 && isTrusted(address, ranges); index--) {
      const hop = hops[index] as string
      if (hop === '' && hops.length === 1) return peer
      if (parseAddress(hop) === undefined) return undefined
      address = hop
    }
    return address
  }
}

function isTrusted(text: string, ranges: readonly AddressRange[]): boolean {
  const address = ranges.length === 0 ? undefined : parseAddress(text)
  return address !== undefined && ranges.some((range) => isInRange(address, range))
}

/** Some proxies write the port as well: `192.0.2.1:443`, `[2001:db8::1]:443`. */
function withoutPort(hop: string): string {
  const match = /^\[([^\]]*)\](?::\d+)?$|^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(hop)
  return match?.[1] ?? match?.[2] ?? hop
}
