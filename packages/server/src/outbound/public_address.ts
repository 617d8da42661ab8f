/**
 * The addresses that the outbound client may reach: those of the public internet, by the special-purpose registries of
 * IANA (RFC 6890, RFC 8190). Whatever is not known to be public is refused.
 */
import { type AddressRange, isInRange, parseAddress, parseAddressRange } from '@countersign/core'

/** IPv4 blocks that are private, local, reserved, for documents, for tests, for multicast, or for tunnels. */
const specialV4 = ranges([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
])

/**
 * The one block of IPv6 from which public addresses are given. Loopback, mapped IPv4, NAT64, unique local, link-local and
 * multicast addresses lie outside.
 */
const globalV6 = ranges(['2000::/3'])

/** Parts of that block: Teredo and its neighbours, documents, 6to4, AS112. */
const specialV6 = ranges(['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'])

/** Whether an address, as a resolver writes it, is of the public internet. IPv4 written as IPv6 is refused. */
export function isPublicAddress(text: string): boolean {
  const address = parseAddress(text)
  if (address === undefined) return false
  const isIn = (list: readonly AddressRange[]): boolean => list.some((range) => isInRange(address, range))
  return text.includes(':') ? isIn(globalV6) && !isIn(specialV6) : !isIn(specialV4)
}

function ranges(texts: readonly string[]): readonly AddressRange[] {
  return texts.map((text) => {
    const range = parseAddressRange(text)
    if (range === undefined) throw new Error(`${text} is no range`)
    return range
  })
}
