import {
  challengeHeader,
  credentialIdentity,
  formatScope,
  type Grant,
  type Identity,
  intersectScope,
  isCutOffByTime,
  issuedTokenId,
  parseScope,
  type Scope,
  type Seconds,
  type SubjectState,
  splitClientObjectId,
} from '@countersign/core'
import type { AccountSession, Client, WriteTransaction } from '@countersign/store'
import type { Services, TenantContext } from '../context.ts'
import { ProblemError } from '../http/problem.ts'
import { managementApiId } from '../tenants/tenant_setup.ts'
import type { Caller } from './caller.ts'
import { readLineageAgain } from './lineage_again.ts'
import { type Reach, type Reaching, reachOfAccount, tenantReach } from './reach.ts'
import { readSessionAgain } from './session_again.ts'
import { subjectCutOff } from './subject_cut_off.ts'

export interface CallerAgain {
  /** The management scopes it has now. */
  readonly held: Scope
  readonly guards: readonly string[]
  readonly reach: Reach
  /** The session itself, where one calls. */
  readonly session?: AccountSession
}

type Own = Reaching & Pick<CallerAgain, 'session'>

/** A caller, as it is kept with what it makes, and judged again when that is used. It holds no text of a credential. */
export interface Maker extends Pick<Grant, 'kind' | 'clientId' | 'credentialId' | 'subject' | 'scope'> {
  /** A token has no row that says all of this. Absent for others. */
  readonly token?: {
    readonly own: Identity
    /** The key, ours or the client's, whose signature it bears. */
    readonly signedBy?: Identity
    readonly lineage: readonly Identity[]
    readonly position?: number
    readonly issuedAt?: Seconds
    /** The sequence up to which its issuer's rules were judged; 0 where it has none. */
    readonly readAt: number
  }
}

/**
 * docs/security/invariants.md §11: the caller's own credential and client, read inside the writing transaction. Lost
 * since: 401.
 */
export async function readCallerAgain(
  services: Pick<Services, 'now'>,
  tenant: TenantContext,
  caller: Caller,
  transaction: WriteTransaction,
): Promise<CallerAgain> {
  return readMakerAgain(services, tenant, await makerOf(services, tenant, caller), transaction)
}

/** A token: what was said of it up to this moment, and never more than it was verified for. Lost since: 401. */
export async function makerOf(
  { now }: Pick<Services, 'now'>,
  tenant: TenantContext,
  { credential, grant }: Pick<Caller, 'credential' | 'grant'>,
): Promise<Maker> {
  const { kind, clientId, credentialId, subject, scope } = grant
  const named = { kind, clientId, credentialId, subject }
  if (kind === 'api_key' || kind === 'session') return { ...named, scope }
  const inspection = await tenant.engine.inspect(credential)
  if ('outcome' in inspection) throw lost()
  const { established, effective, readAt = 0, signedBy } = inspection
  const { issuedAt, lineage, position } = established
  if (effective.fault !== undefined || now() >= effective.endsAt) throw lost()
  return {
    ...named,
    scope: formatScope(intersectScope(parseScope(scope), parseScope(effective.grant.scope))),
    token: {
      own: credentialIdentity(established),
      ...(signedBy === undefined ? {} : { signedBy }),
      lineage,
      ...(position === undefined ? {} : { position }),
      ...(issuedAt === undefined ? {} : { issuedAt }),
      readAt,
    },
  }
}

/** The same of one that was kept, at any time after. */
export async function readMakerAgain(
  services: Pick<Services, 'now'>,
  tenant: Pick<TenantContext, 'id'>,
  maker: Maker,
  transaction: WriteTransaction,
): Promise<CallerAgain> {
  const client = await transaction.clients.find(tenant.id, maker.clientId)
  const recorded = client?.access[managementApiId]
  if (client === undefined || client.status !== 'active' || recorded === undefined) throw lost()
  const { reach, scope, session } = await ownReach(services, tenant, maker, client, transaction)
  // The built-in client of sessions guards for the tenant's operators, and a team guards nothing.
  const guards = reach.of === 'tenant' ? client.guards : []
  const held = intersectScope(scope, parseScope(recorded))
  return { held, guards, reach, ...(session === undefined ? {} : { session }) }
}

async function ownReach(
  services: Pick<Services, 'now'>,
  tenant: Pick<TenantContext, 'id'>,
  maker: Maker,
  client: Client,
  transaction: WriteTransaction,
): Promise<Own> {
  switch (maker.kind) {
    case 'api_key':
      return { reach: tenantReach(tenant), scope: await keyScope(services, tenant, maker, transaction) }
    case 'session':
      return sessionReach(services, tenant, maker, client, transaction)
    case 'access_token':
    case 'self_issued_jwt':
    case 'external_jwt':
      return { reach: tenantReach(tenant), scope: await tokenScope(services, tenant, maker, client, transaction) }
  }
}

async function keyScope(
  services: Pick<Services, 'now'>,
  tenant: Pick<TenantContext, 'id'>,
  { credentialId }: Maker,
  transaction: WriteTransaction,
): Promise<Scope> {
  const key = await transaction.keys.find(tenant.id, credentialId)
  const isOver = key?.expiresAt !== undefined && services.now() >= key.expiresAt
  if (key === undefined || key.status !== 'active' || isOver) throw lost()
  return parseScope(key.scope)
}

/** A session has what its account reaches at this moment. */
async function sessionReach(
  services: Pick<Services, 'now'>,
  tenant: Pick<TenantContext, 'id'>,
  { credentialId }: Maker,
  client: Client,
  transaction: WriteTransaction,
): Promise<Own> {
  const named = { tenant: tenant.id, id: credentialId, client }
  const again = await readSessionAgain(transaction, named, services.now())
  if (again === undefined) throw lost()
  return {
    ...(await reachOfAccount(transaction, tenant.id, again.account, again.session.portal)),
    session: again.session,
  }
}

/** A token has no more than what it was verified for, and than what it came from has at this moment. */
async function tokenScope(
  services: Pick<Services, 'now'>,
  tenant: Pick<TenantContext, 'id'>,
  { kind, scope, subject, token }: Maker,
  client: Client,
  transaction: WriteTransaction,
): Promise<Scope> {
  if (token === undefined) throw lost()
  const { lineage, own, position, signedBy } = token
  // Another process may have written what this one's book does not hold yet.
  const ofSubject = subject === client.id ? 0 : await subjectCutOff(transaction, tenant.id, subject)
  if (position !== undefined && position < Math.max(client.cutOff, ofSubject)) throw lost()
  if (kind === 'external_jwt' && (await isOvertaken(transaction, tenant.id, { subject, token }, client))) throw lost()
  const tokens = [own, ...lineage].filter(({ type }) => type === 'token')
  // An entry about a JWT that nothing lists is about the pair (docs/protocol/feed.md §2).
  const pairs = tokens.map(({ id }) => ({ type: 'issued_token', id: issuedTokenId(client.id, id) }) as const)
  const named = [own, ...pairs, ...(signedBy === undefined ? [] : [signedBy]), ...lineage]
  const again = await readLineageAgain(transaction, tenant.id, named, services.now())
  if (again === undefined) throw lost()
  return again.scopes.reduce(intersectScope, parseScope(scope))
}

/** Whether another process has said anything of its issuer that is not judged yet, or ended all that client or subject had. */
async function isOvertaken(
  transaction: WriteTransaction,
  tenant: string,
  { subject, token: { readAt, signedBy, ...token } }: Pick<Required<Maker>, 'subject' | 'token'>,
  client: Client,
): Promise<boolean> {
  const { clientId: issuerId } = splitClientObjectId(signedBy?.id ?? '')
  const said = await transaction.statusEntries.find(tenant, 'trusted_issuer', issuerId)
  const ofSubject = await transaction.statusEntries.find(tenant, 'subject', subject)
  const isEnded = [client, ofSubject?.state as SubjectState | undefined].some((state) => isCutOffByTime(token, state))
  return said === undefined || said.sequence > readAt || isEnded
}

function lost(): ProblemError {
  return new ProblemError(401, 'invalid_token', 'The credential is not valid here.', {
    headers: challengeHeader({ scheme: 'Bearer', error: 'invalid_token' }),
  })
}
