import {
  type CutOffKind,
  type CutOffs,
  type CutOffType,
  type FeedObject,
  type HandedBack,
  type HandedBackCutOff,
  revocationEnd,
} from '@countersign/core'
import { createMac } from '../keys/mac.ts'
import type { MasterKey } from '../keys/master_key.ts'

/**
 * Entries about revocations and cut-offs carry a MAC. A server whose database was replaced by an older copy, or another
 * one over the same master key, knows them again by it when a verifier hands them back (docs/protocol/feed.md §7.3).
 */
export interface RevocationMacs {
  /** The entry as verifiers receive it. */
  mark<E extends FeedObject>(tenant: string, entry: E): E
  /** Whether it was said of this tenant, with this very end. In constant time. */
  holds(tenant: string, handedBack: HandedBack): boolean
  holdsCutOff(tenant: string, handedBack: Omit<HandedBackCutOff, 'mac'> & { readonly mac: string }): boolean
}

export function createRevocationMacs(master: MasterKey): RevocationMacs {
  const mac = createMac(master.derive('feed_revocations'))
  const ofCutOffs = createMac(master.derive('feed_cut_offs'))

  /** The tenant first: what one tenant's verifier was told proves nothing to another. JSON quotes each part. */
  const textOf = (tenant: string, { type, id, dropAt }: Pick<FeedObject, 'type' | 'id' | 'dropAt'>): string =>
    JSON.stringify([tenant, type, id, revocationEnd(dropAt)])

  const cutOffText = (tenant: string, { type, id, sequence, at, what }: Omit<HandedBackCutOff, 'mac'>): string =>
    JSON.stringify([tenant, type, id, sequence, at, what])

  function macsOf(tenant: string, type: CutOffType, id: string, cutOffs: CutOffs): FeedObject['cutOffMacs'] {
    const kinds = Object.entries(cutOffs) as [CutOffKind, NonNullable<CutOffs[CutOffKind]>][]
    const macs = kinds.map(([what, cutOff]) => {
      return [what, ofCutOffs.of(cutOffText(tenant, { type, id, what, ...cutOff }))]
    })
    return Object.fromEntries(macs)
  }

  return {
    mark(tenant, entry) {
      if (entry.state.status === 'revoked') return { ...entry, mac: mac.of(textOf(tenant, entry)) }
      if (entry.type !== 'client' && entry.type !== 'subject' && entry.type !== 'account') return entry
      const { type, id, state } = entry
      const { cutOffs } = state
      return cutOffs === undefined ? entry : { ...entry, cutOffMacs: macsOf(tenant, type, id, cutOffs) }
    },
    holds: (tenant, handedBack) => mac.holds(textOf(tenant, handedBack), handedBack.mac),
    holdsCutOff: (tenant, handedBack) => ofCutOffs.holds(cutOffText(tenant, handedBack), handedBack.mac),
  }
}
