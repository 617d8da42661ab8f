/** The session of the person who is changing something of their own, as it is inside the writing transaction. */
import { digest, type Seconds } from '@countersign/core'
import type { Account, AccountSession, ReadRepositories, WriteTransaction } from '@countersign/store'
import { isProvenLately, readSessionAgain } from '../../caller/session_again.ts'
import { portalClientId } from '../../tenants/tenant_setup.ts'
import type { AtBrowser } from '../sign_in.ts'
import { hasSecondFactor, readFactors } from './second_factor.ts'

export type AtOwn = AtBrowser & { readonly signedIn: { readonly session: Pick<AccountSession, 'id'> } }

export interface OwnSession {
  readonly session: AccountSession
  readonly account: Account
  /** The digest of the text that the browser sent: the session's present one, or for a moment the former one. */
  readonly presented: string
}

/** `undefined` also for a session that a portal link began: it changes nothing of the account (docs/people/teams.md). */
export async function readOwnSession(at: AtOwn, transaction: WriteTransaction): Promise<OwnSession | undefined> {
  const own = await readPresentSession(at, transaction)
  return own?.session.portal === undefined ? own : undefined
}

/** One that a portal link began too: for a proof alone. */
export async function readPresentSession(
  { services, sessionText = '', signedIn, tenant }: AtOwn,
  transaction: WriteTransaction,
): Promise<OwnSession | undefined> {
  const client = await transaction.clients.find(tenant.id, portalClientId)
  const named = { tenant: tenant.id, id: signedIn.session.id, client }
  const again = await readSessionAgain(transaction, named, services.now())
  return again && { ...again, presented: await digest(sessionText) }
}

/**
 * Whether the person has proven lately to be it, by as many factors as the account has: a session that began before the second
 * one was added has shown one, however fresh it is.
 */
export async function hasProvenLately(
  reads: Pick<ReadRepositories, 'identities' | 'passkeys'>,
  session: AccountSession,
  presentedDigest: string,
  now: Seconds,
): Promise<boolean> {
  if (!isProvenLately(session, presentedDigest, now)) return false
  const { accountId, amr, tenant } = session
  return amr.includes('mfa') || !hasSecondFactor(await readFactors(reads, { tenant, accountId }))
}
