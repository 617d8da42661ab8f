import { type AddressRange, isInRange, parseAddress } from '@countersign/core'
import { type RawHeaders, valuesOf } from './raw_headers.ts'

/** Where a request comes from, and what of its forwarded fields may be believed. */
export interface Origin {
  /** Who opened the connection. */
  readonly peer: string | undefined
  readonly isPeerTrusted: boolean
  /** Who sent the request: the peer, or what trusted proxies say. `undefined` where they say nothing that is an address. */
  readonly address: string | undefined
}

/**
 * The caller's address: the peer's, or, where the peer is a trusted proxy, the last hop of `X-Forwarded-For` that is not
 * one. What stands before that is a claim and not read. A hop that is no address makes the caller unknown rather than
 * the proxy itself, so that a credential bound to addresses is refused.
 */
export function originOf(
  rawHeaders: RawHeaders,
  peerAddress: string | undefined,
  trustedProxies: readonly AddressRange[],
): Origin {
  const peer = peerAddress?.replace(/^::ffff:(?=\d+\.)/, '')
  if (!isTrusted(peer, trustedProxies)) return { peer, isPeerTrusted: false, address: peer }
  return { peer, isPeerTrusted: true, address: forwardedAddress(rawHeaders, peer, trustedProxies) }
}

function forwardedAddress(
  rawHeaders: RawHeaders,
  peer: string | undefined,
  trustedProxies: readonly AddressRange[],
): string | undefined {
  const fields = valuesOf(rawHeaders, 'x-forwarded-for')
  if (fields.length === 0) return peer
  const hops = fields.join(',').split(',')
  for (let index = hops.length - 1; index >= 0; index--) {
    const hop = withoutPort((hops[index] as string).trim())
    if (parseAddress(hop) === undefined) return undefined
    if (index === 0 || !isTrusted(hop, trustedProxies)) return hop
  }
  return undefined
}

/** Some load balancers write `192.0.2.1:4711` or `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  const match = /^\[([^\]]+)\](?::\d+)?$|^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(hop)
  return match?.[1] ?? match?.[2] ?? hop
}

function isTrusted(text: string | undefined, ranges: readonly AddressRange[]): boolean {
  const address = text === undefined ? undefined : parseAddress(text)
  return address !== undefined && ranges.some((range) => isInRange(address, range))
}
