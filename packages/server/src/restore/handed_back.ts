/**
 * Revocations that a verifier knew and this database does not, after it was replaced by an older copy
 * (docs/protocol/feed.md §7.3).
 */
import {
  endlessRevocation,
  type FeedObject,
  type HandedBack,
  type HandedBackCutOff,
  neverDropAt,
  type ObjectType,
  revokedStates,
} from '@countersign/core'
import type { InstallationEntry } from '@countersign/store'
import type { Services } from '../context.ts'
import { mergeEntry } from './merge_entry.ts'
import { type Taking, takeCutOff } from './taken.ts'

export interface HandedBackWords {
  readonly revocations: readonly Pick<HandedBack, 'type' | 'id' | 'dropAt'>[]
  readonly cutOffs: readonly Omit<HandedBackCutOff, 'mac'>[]
}

/** The caller has made sure that they were once said here. Each is a transaction of its own. */
export async function applyHandedBack(
  services: Pick<Services, 'store' | 'books' | 'master' | 'now'>,
  tenant: string,
  { revocations, cutOffs }: HandedBackWords,
  cause: Taking['cause'],
): Promise<{ readonly applied: number; readonly known: number }> {
  const { store, books, master } = services
  const written: InstallationEntry[] = []
  let applied = 0
  // First: each ends all that a client has, and until then what it had is refused only where the revoke is known.
  for (const cutOff of cutOffs) {
    const now = services.now()
    const { value, entries } = await store.write((it) => takeCutOff({ it, now, cause }, tenant, cutOff), ending)
    written.push(...entries)
    if (value) applied++
  }
  for (const { type, id, dropAt } of revocations) {
    const now = services.now()
    // By the drop time and never by `now`: a clock that is ahead must not refuse what is still needed.
    if (dropAt < books.dropTime() && dropAt !== endlessRevocation) continue
    // Most are already revoked, so a read comes before the transaction. The book cannot tell: it keeps more than the
    // database.
    const found = await store.read.statusEntries.find(tenant, type, id)
    if (found?.state.status === 'revoked') continue
    const object = revokedObject(type, id, dropAt)
    const { value, entries } = await store.write((it) => mergeEntry({ it, now, cause }, tenant, object, master), ending)
    written.push(...entries)
    if (value) applied++
  }
  await books.settle(written)
  return { applied, known: revocations.length + cutOffs.length - applied }
}

/** It may use the reserve of a full disk. */
const ending = { endsCredentials: true } as const

function revokedObject(type: ObjectType, id: string, end: number): FeedObject {
  const dropAt = end === endlessRevocation ? neverDropAt : end
  return { type, id, version: 1, state: revokedStates[type], dropAt } as FeedObject
}
