import { createHmac, createSecretKey } from 'node:crypto'
import { type HandedBack, revocationEnd, type Subject, timingSafeEqual } from '@countersign/core'
import type { MasterKey } from './master_key.ts'

/**
 * What goes out about revoked things carries a MAC, so that a server whose database was replaced by an older copy, or
 * another over the same master key, knows it again when a verifier hands it back (feed.md §7).
 */
export interface RevocationMacs {
  /** The entry as verifiers receive it. */
  mark<E extends Subject>(tenant: string, entry: E): E
  /** Whether it was said of this tenant, with this very end. In constant time. */
  holds(tenant: string, handedBack: HandedBack): boolean
}

const macBytes = 16

export function createRevocationMacs(master: MasterKey): RevocationMacs {
  // Made once: importing the bytes costs a third of a MAC.
  const key = createSecretKey(master.derive('feed_revocations'))

  /** The tenant first: what one tenant's verifier was told proves nothing to another. JSON quotes each part. */
  function macOf(tenant: string, { type, id, dropAt }: Pick<Subject, 'type' | 'id' | 'dropAt'>): string {
    const text = JSON.stringify([tenant, type, id, revocationEnd(dropAt)])
    return createHmac('sha256', key).update(text).digest().subarray(0, macBytes).toString('base64url')
  }

  return {
    mark: (tenant, entry) => (entry.state.status === 'revoked' ? { ...entry, mac: macOf(tenant, entry) } : entry),
    holds: (tenant, handedBack) => timingSafeEqual(macOf(tenant, handedBack), handedBack.mac),
  }
}
