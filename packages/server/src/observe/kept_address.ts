/** How much of a caller's address is written down: in the log, and as where a key was last used from. */
import { networkOf, parseAddress } from '@countersign/core'

/** `network` is the /24 of an address, or its /48 in IPv6. */
export const keptAddresses = ['full', 'network', 'none'] as const

export type KeptAddresses = (typeof keptAddresses)[number]

/** That much of the address; `undefined` for none, and for what is no address. */
export function keptAddress(address: string | undefined, kept: KeptAddresses): string | undefined {
  if (kept === 'none' || address === undefined) return undefined
  if (kept === 'network') return networkOf(address)
  return parseAddress(address) === undefined ? undefined : address
}
