/** The look-ups of accounts, their sessions and consents, by the caller's reach as all of them. */
import type {
  Account,
  AccountFilter,
  AccountSession,
  Client,
  Consent,
  ConsentFilter,
  Page,
  SessionFilter,
  StatusEntry,
} from '@countersign/store'
import { wholeTenant } from '../../caller/reach.ts'
import type { ReadContext, WriteContext } from '../context.ts'
import { notFound, reads } from '../find.ts'
import { inSearchRoom } from '../lists/searches.ts'

/** A deleted account leaves a tombstone, which nobody finds. */
export async function findAccount(context: ReadContext | WriteContext, id: string): Promise<Account> {
  const account = await findAccountOrNone(context, id)
  if (account === undefined) throw notFound('account')
  return account
}

export async function findAccountOrNone(context: ReadContext | WriteContext, id: string): Promise<Account | undefined> {
  if (!isOwnOrAll(context, id)) return undefined
  const account = await reads(context).accounts.find(context.reach.tenant, id)
  return account?.status === 'revoked' ? undefined : account
}

/** A person reaches no account but their own, and no session but its. */
function isOwnOrAll({ reach }: ReadContext | WriteContext, accountId: string): boolean {
  return reach.of === 'tenant' || accountId === reach.accountId
}

export function findAccounts(context: ReadContext, filter: AccountFilter, page: Page): Promise<readonly Account[]> {
  const tenant = wholeTenant(context.reach)
  return inSearchRoom(context, page, () => context.services.store.read.accounts.list(tenant, page, filter))
}

/** The account with this id of the owner's. */
export async function findAccountOfSubject(
  context: WriteContext,
  externalSubject: string,
): Promise<Account | undefined> {
  const { accounts } = context.transaction
  const [account] = await accounts.list(wholeTenant(context.reach), { limit: 1 }, { externalSubject })
  return account
}

export async function findSession(context: ReadContext | WriteContext, id: string): Promise<AccountSession> {
  const session = await reads(context).sessions.find(context.reach.tenant, id)
  if (session === undefined || !isOwnOrAll(context, session.accountId)) throw notFound('session')
  return session
}

export function findSessions(
  context: ReadContext,
  filter: SessionFilter,
  page: Page,
): Promise<readonly AccountSession[]> {
  const own = context.reach.of === 'teams' ? { accountId: context.reach.accountId } : {}
  return context.services.store.read.sessions.list(context.reach.tenant, { ...filter, ...own }, page)
}

export async function findConsent(context: ReadContext | WriteContext, id: string): Promise<Consent> {
  const consent = await reads(context).consents.find(context.reach.tenant, id)
  if (consent === undefined || !isOwnOrAll(context, consent.accountId)) throw notFound('consent')
  return consent
}

export function findConsents(context: ReadContext, filter: ConsentFilter, page: Page): Promise<readonly Consent[]> {
  const own = context.reach.of === 'teams' ? { accountId: context.reach.accountId } : {}
  return context.services.store.read.consents.list(context.reach.tenant, { ...filter, ...own }, page)
}

/** The client that a consent is for, also out of the caller's teams: the account has seen it when it allowed it. */
export function findAllowedClient(context: ReadContext, { clientId }: Consent): Promise<Client | undefined> {
  return context.services.store.read.clients.find(context.reach.tenant, clientId)
}

/** The last entry about an account: its cut-off stands nowhere else. */
export function saidOfAccount(context: WriteContext, { id }: Account): Promise<StatusEntry | undefined> {
  return context.transaction.statusEntries.find(wholeTenant(context.reach), 'account', id)
}
