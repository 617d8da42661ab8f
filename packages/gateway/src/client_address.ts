import { type AddressRange, callerAddress, isTrustedAddress } from '@countersign/core'
import { type RawHeaders, valuesOf } from './raw_headers.ts'

/** Where a request comes from, and what of its forwarded fields may be believed. */
export interface Origin {
  /** Who opened the connection. */
  readonly peer: string | undefined
  readonly isPeerTrusted: boolean
  /** Who sent the request: the peer, or what trusted proxies say. `undefined` where they say nothing that is an address. */
  readonly address: string | undefined
}

/** By the one rule that all of ours go by; a peer that IPv6 maps is shown as the IPv4 address it is. */
export function originOf(
  rawHeaders: RawHeaders,
  peerAddress: string | undefined,
  trustedProxies: readonly AddressRange[],
): Origin {
  const peer = peerAddress?.replace(/^::ffff:(?=\d+\.)/, '')
  const fields = valuesOf(rawHeaders, 'x-forwarded-for')
  const forwardedFor = fields.length === 0 ? undefined : fields.join(',')
  return {
    peer,
    isPeerTrusted: isTrustedAddress(peer, trustedProxies),
    address: callerAddress(peer, forwardedFor, trustedProxies),
  }
}
