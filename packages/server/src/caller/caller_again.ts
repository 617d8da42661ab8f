import {
  challengeHeader,
  credentialIdentity,
  intersectScope,
  isCutOffByTime,
  parseScope,
  type Scope,
  type SubjectState,
  splitClientObjectId,
} from '@countersign/core'
import type { AccountSession, Client, WriteTransaction } from '@countersign/store'
import type { Inspection } from '@countersign/verifier/engine'
import type { Services, TenantContext } from '../context.ts'
import { ProblemError } from '../http/problem.ts'
import { managementApiId } from '../tenants/tenant_setup.ts'
import type { Caller } from './caller.ts'
import { readLineageAgain } from './lineage_again.ts'
import { type Reach, type Reaching, reachOfAccount, tenantReach } from './reach.ts'
import { readSessionAgain } from './session_again.ts'
import { subjectCutOff } from './subject_cut_off.ts'

type Known = Exclude<Inspection, { readonly outcome: string }>

export interface CallerAgain {
  /** The management scopes it has now. */
  readonly held: Scope
  readonly guards: readonly string[]
  readonly reach: Reach
  /** The session itself, where one calls. */
  readonly session?: AccountSession
}

type Own = Reaching & Pick<CallerAgain, 'session'>

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
  const { grant } = caller
  const client = await transaction.clients.find(tenant.id, grant.clientId)
  const recorded = client?.access[managementApiId]
  if (client === undefined || client.status !== 'active' || recorded === undefined) throw lost()
  const { reach, scope, session } = await ownReach(services, tenant, caller, client, transaction)
  // The built-in client of sessions guards for the tenant's operators, and a team guards nothing.
  const guards = reach.of === 'tenant' ? client.guards : []
  const held = intersectScope(scope, parseScope(recorded))
  return { held, guards, reach, ...(session === undefined ? {} : { session }) }
}

async function ownReach(
  services: Pick<Services, 'now'>,
  tenant: TenantContext,
  caller: Caller,
  client: Client,
  transaction: WriteTransaction,
): Promise<Own> {
  switch (caller.grant.kind) {
    case 'api_key':
      return { reach: tenantReach(tenant), scope: await keyScope(services, tenant, caller, transaction) }
    case 'session':
      return sessionReach(services, tenant, caller, client, transaction)
    case 'access_token':
    case 'self_issued_jwt':
    case 'external_jwt':
      return { reach: tenantReach(tenant), scope: await tokenScope(services, tenant, caller, client, transaction) }
  }
}

async function keyScope(
  services: Pick<Services, 'now'>,
  tenant: TenantContext,
  { grant }: Caller,
  transaction: WriteTransaction,
): Promise<Scope> {
  const key = await transaction.keys.find(tenant.id, grant.credentialId)
  const isOver = key?.expiresAt !== undefined && services.now() >= key.expiresAt
  if (key === undefined || key.status !== 'active' || isOver) throw lost()
  return parseScope(key.scope)
}

/** A session has what its account reaches at this moment. */
async function sessionReach(
  services: Pick<Services, 'now'>,
  tenant: TenantContext,
  { grant }: Caller,
  client: Client,
  transaction: WriteTransaction,
): Promise<Own> {
  const named = { tenant: tenant.id, id: grant.credentialId, client }
  const again = await readSessionAgain(transaction, named, services.now())
  if (again === undefined) throw lost()
  return {
    ...(await reachOfAccount(transaction, tenant.id, again.account, again.session.portal)),
    session: again.session,
  }
}

/** A token: what was said about it and its ancestors up to this moment, and never more than it was verified for. */
async function tokenScope(
  services: Pick<Services, 'now'>,
  tenant: TenantContext,
  caller: Caller,
  client: Client,
  transaction: WriteTransaction,
): Promise<Scope> {
  const inspection = await tenant.engine.inspect(caller.credential)
  if ('outcome' in inspection) throw lost()
  const { established, effective, signedBy } = inspection
  const { lineage, position } = established
  if (effective.fault !== undefined || services.now() >= effective.endsAt) throw lost()
  // Another process may have written what this one's book does not hold yet.
  const { subject } = established
  const ofSubject = subject === client.id ? 0 : await subjectCutOff(transaction, tenant.id, subject)
  if (position !== undefined && position < Math.max(client.cutOff, ofSubject)) throw lost()
  if (established.kind === 'external_jwt' && (await isOvertaken(transaction, tenant.id, inspection, client)))
    throw lost()
  const named = [credentialIdentity(established), ...(signedBy === undefined ? [] : [signedBy]), ...lineage]
  const again = await readLineageAgain(transaction, tenant.id, named, services.now())
  if (again === undefined) throw lost()
  const now = parseScope(effective.grant.scope)
  return [now, ...again.scopes].reduce(intersectScope, parseScope(caller.grant.scope))
}

/** Whether another process has said anything of its issuer that is not judged yet, or ended all that client or subject had. */
async function isOvertaken(
  transaction: WriteTransaction,
  tenant: string,
  { established, signedBy, readAt = 0 }: Known,
  client: Client,
): Promise<boolean> {
  const { clientId: issuerId } = splitClientObjectId(signedBy?.id ?? '')
  const said = await transaction.statusEntries.find(tenant, 'trusted_issuer', issuerId)
  const subject = await transaction.statusEntries.find(tenant, 'subject', established.subject)
  const isEnded = [client, subject?.state as SubjectState | undefined].some((state) =>
    isCutOffByTime(established, state),
  )
  return said === undefined || said.sequence > readAt || isEnded
}

function lost(): ProblemError {
  return new ProblemError(401, 'invalid_token', 'The credential is not valid here.', {
    headers: challengeHeader({ scheme: 'Bearer', error: 'invalid_token' }),
  })
}
