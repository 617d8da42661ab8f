import { type AddressRange, callerAddress, isTrustedAddress } from '@countersign/core'
import { type RawHeaders, valuesOf } from './headers/raw.ts'

/** The origin of a request, and the forwarded fields that may be believed. */
export interface Origin {
  /** The address that opened the connection. */
  readonly peer: string | undefined
  readonly isPeerTrusted: boolean
  /**
   * The address that sent the request: the peer, or the one that trusted proxies name. `undefined` when they name none.
   */
  readonly address: string | undefined
}

/** Finds the origin by the one rule that all our packages use. An IPv4-mapped peer is shown as an IPv4 address. */
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
