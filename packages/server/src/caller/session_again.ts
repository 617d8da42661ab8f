/** A session and its account, read inside the writing transaction: what it could do a moment ago it may have lost. */
import { limits, type Seconds, timingSafeEqual } from '@countersign/core'
import type { Account, AccountSession, Client, WriteTransaction } from '@countersign/store'
import { serverLimits } from '../limits.ts'
import { subjectCutOff } from './subject_cut_off.ts'

/** `undefined` once either has ended. `client`: the one that sessions belong to, as read in this transaction. */
export async function readSessionAgain(
  transaction: WriteTransaction,
  { tenant, id, client }: { readonly tenant: string; readonly id: string; readonly client: Client | undefined },
  now: Seconds,
): Promise<{ readonly session: AccountSession; readonly account: Account } | undefined> {
  const session = await transaction.sessions.find(tenant, id)
  if (client?.status !== 'active' || session?.status !== 'active' || now >= session.expiresAt) return undefined
  const account = await transaction.accounts.find(tenant, session.accountId)
  if (account?.status !== 'active') return undefined
  const cutOff = await subjectCutOff(transaction, tenant, account.id)
  return session.position < Math.max(client.cutOff, cutOff) ? undefined : { session, account }
}

/**
 * Whether the person has proven lately to be it. A later proof counts for the session's present text alone: whoever has the
 * former one, for the moment that it is still good, has not given the proof.
 */
export function isProvenLately(session: AccountSession, presentedDigest: string, now: Seconds): boolean {
  const { authenticatedAt, steppedUpAt = 0, digest } = session
  const provenAt = timingSafeEqual(presentedDigest, digest) ? Math.max(authenticatedAt, steppedUpAt) : authenticatedAt
  const age = now - provenAt
  // A clock that was put back makes nothing newer.
  return age < serverLimits.stepUpSeconds && age > -limits.clockLeewaySeconds
}
