/** A session of a browser, from sign-in to its end. */
import { digest, generateKey, type Seconds, Secret } from '@countersign/core'
import type { Account, AccountSession, AuditActor, SessionPortal, WriteTransaction } from '@countersign/store'
import type { Maker } from '../caller/caller_again.ts'
import { subjectCutOff } from '../caller/subject_cut_off.ts'
import type { Services, TenantContext } from '../context.ts'
import { sessionObject } from '../feed/objects.ts'
import { serverLimits } from '../limits.ts'
import { type IssuingMoment, requireReached, requireSameBook } from '../oauth/issuing_moment.ts'
import { managementApiId, portalClientId } from '../tenants/tenant_setup.ts'
import { keepPending } from './factors/pending.ts'
import { hasSecondFactor, readFactors } from './factors/second_factor.ts'
import { couldBeMadeNow } from './portal_link.ts'

/** All that a session is made from. */
export interface SignIn {
  readonly account: Account
  /** The position of what let the person in, such as a link; the moment's own where nothing older did. */
  readonly position: number
  /** How the person signed in (RFC 8176). */
  readonly amr: readonly string[]
  /** When the person proved to be it, where that was in a session that this one takes the place of. Default: now. */
  readonly proven?: Pick<AccountSession, 'authenticatedAt' | 'steppedUpAt'>
  /** The version of the password that was right, where one was given. */
  readonly passwordVersion?: number
  /** The team and scope that a portal link named. */
  readonly portal?: SessionPortal | undefined
  /** Who made that link. */
  readonly madeBy?: Maker | undefined
  readonly userAgent: string
  readonly address: string | undefined
  /** The text of the session that the browser had: it ends. */
  readonly former: string | undefined
  readonly actor: AuditActor
  readonly requestId: string
}

export type SessionServices = Pick<Services, 'books' | 'keyPrefix' | 'now' | 'randomBytes'>

/** A session, or the name of the sign-in that waits for the second factor of the account. */
export type Started = { readonly text: Secret; readonly session: AccountSession } | { readonly pending: string }

/**
 * Makes the session, or gives `undefined` where the account has ended since the position. One factor is not enough for an
 * account that has a second: there is no way to sign in around this. Everything is read in the writing
 * transaction, so whatever ends the account afterwards finds the session's position below its own.
 */
export async function startSession(
  services: SessionServices,
  tenant: TenantContext,
  transaction: WriteTransaction,
  moment: IssuingMoment,
  signIn: SignIn,
): Promise<Started | undefined> {
  const { account, madeBy, portal, position } = signIn
  const client = await transaction.clients.find(tenant.id, portalClientId)
  const cutOff = await subjectCutOff(transaction, tenant.id, account.id)
  if (client?.status !== 'active' || account.status !== 'active') return undefined
  requireReached(moment, Math.max(client.cutOff, cutOff))
  if (position < cutOff) return undefined
  // Here, since the second factor of a portal link may take minutes.
  if (!(await couldBeMadeNow(services, tenant, transaction, account, { madeBy, portal }))) return undefined
  requireSameBook(services, tenant, moment)
  const pending = await pendingOf(services, tenant, transaction, moment, signIn)
  if (pending !== undefined) return { pending }
  if (signIn.former !== undefined) await endFormer(transaction, tenant, signIn.former, moment.takenAt, signIn)
  await makeRoom(transaction, account, moment.takenAt, signIn)
  const { id, text } = generateKey({ prefix: services.keyPrefix, marker: 'sess', randomBytes: services.randomBytes })
  const at = Math.floor(moment.takenAt)
  const session: AccountSession = {
    tenant: tenant.id,
    id,
    digest: await digest(text),
    prefix: services.keyPrefix,
    clientId: portalClientId,
    apiId: managementApiId,
    accountId: account.id,
    status: 'active',
    position: moment.position,
    amr: signIn.amr,
    authenticatedAt: at,
    ...signIn.proven,
    lastSeenAt: at,
    expiresAt: at + serverLimits.sessionSeconds,
    userAgent: signIn.userAgent,
    ...(signIn.address === undefined ? {} : { address: signIn.address }),
    ...(portal === undefined ? {} : { portal }),
    version: 1,
    createdAt: at,
    updatedAt: at,
  }
  await transaction.sessions.insert(session)
  transaction.append({
    tenant: tenant.id,
    audit: {
      actor: signIn.actor,
      action: 'session.create',
      objectType: 'session',
      objectId: id,
      after: { accountId: account.id, amr: signIn.amr, ...inPortal(portal) },
      requestId: signIn.requestId,
    },
  })
  return { text: new Secret(text), session }
}

function inPortal(portal: SessionPortal | undefined): object {
  return portal === undefined ? {} : { teamId: portal.teamId, scope: portal.scope }
}

/** The oldest session makes room: the end of an account writes an entry for each, so that they must be few. */
async function makeRoom(
  transaction: WriteTransaction,
  { tenant, id }: Account,
  now: Seconds,
  by: Pick<SignIn, 'actor' | 'requestId'>,
): Promise<void> {
  const page = { limit: serverLimits.accountSessionsMax }
  const found = await transaction.sessions.list(tenant, { accountId: id, activeAt: now }, page)
  const [oldest] = found
  if (oldest === undefined || found.length < serverLimits.accountSessionsMax) return
  await endSession(transaction, oldest, now, { ...by, reason: 'the account has signed in at too many browsers' })
}

/** The name of a sign-in that has shown one factor, of an account that has two. */
async function pendingOf(
  { randomBytes }: SessionServices,
  { id: tenant }: TenantContext,
  transaction: WriteTransaction,
  { takenAt: now }: IssuingMoment,
  { account: { id: accountId }, amr, madeBy, passwordVersion, portal, position }: SignIn,
): Promise<string | undefined> {
  if (amr.includes('mfa') || !hasSecondFactor(await readFactors(transaction, { tenant, accountId }))) return undefined
  const more = {
    ...(passwordVersion === undefined ? {} : { passwordVersion }),
    ...(portal === undefined ? {} : { portal }),
    ...(madeBy === undefined ? {} : { madeBy }),
  }
  const pending = { accountId, amr, position, ...more }
  return keepPending(transaction, tenant, pending, { now, randomBytes })
}

async function endFormer(
  transaction: WriteTransaction,
  tenant: Pick<TenantContext, 'id'>,
  text: string,
  now: Seconds,
  by: Pick<SignIn, 'actor' | 'requestId'>,
): Promise<void> {
  const former = await transaction.sessions.findByDigest(tenant.id, await digest(text))
  if (former !== undefined) await endSession(transaction, former, now, by)
}

/** Nothing happens to one that has ended. */
export async function endSession(
  transaction: WriteTransaction,
  session: AccountSession,
  now: Seconds,
  { actor, requestId, reason }: Pick<SignIn, 'actor' | 'requestId'> & { readonly reason?: string | undefined },
): Promise<void> {
  if (session.status === 'revoked') return
  const version = session.version + 1
  const ended: AccountSession = { ...session, status: 'revoked', version, updatedAt: Math.floor(now) }
  await transaction.sessions.update(ended)
  const after = { accountId: session.accountId, status: 'revoked', ...(reason === undefined ? {} : { reason }) }
  const audit = { actor, action: 'session.revoke', objectType: 'session', objectId: session.id, after, requestId }
  transaction.append({ tenant: session.tenant, audit, objects: () => [sessionObject(ended)] })
}
