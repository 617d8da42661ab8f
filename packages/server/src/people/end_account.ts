/** All that an account has ends: its sessions by their rows, everything else by a cut-off at the entry's own number. */
import type { FeedObject, Seconds } from '@countersign/core'
import type { Account, WriteTransaction } from '@countersign/store'
import { accountObject, endedSessionObjects } from '../feed/objects.ts'

export interface AccountEnd {
  /** How many sessions there were. */
  readonly sessions: number
  /** The entries that say so, for `append`. A later sign-in is good. */
  readonly objects: (sequence: number) => readonly FeedObject[]
}

export async function endAllOf(transaction: WriteTransaction, account: Account, now: Seconds): Promise<AccountEnd> {
  const { tenant, id } = account
  const ended = await transaction.sessions.revokeByAccount(tenant, id, now)
  const said = await transaction.statusEntries.find(tenant, 'account', id)
  return {
    sessions: ended.length,
    objects: (sequence) => [
      accountObject(account, said, now, everything(sequence, now)),
      ...endedSessionObjects(ended, now),
    ],
  }
}

/** A cut-off that ends everything made before the entry of this number. */
export function everything(sequence: number, now: Seconds) {
  return { cutOff: sequence, cutOffs: { everything: { sequence, at: Math.floor(now) } } }
}
