import { type AuditAction, routes } from '@countersign/contract'
import { formatScope, formatTime, missingScope, parseScope } from '@countersign/core'
import { type Account, endedAccount, newAccount } from '@countersign/store'
import { wholeTenant } from '../../caller/reach.ts'
import { accountObject, endedSessionObjects } from '../../feed/objects.ts'
import { ProblemError } from '../../http/problem.ts'
import { endAllOf, everything } from '../../people/end_account.ts'
import { signInLink } from '../../people/links.ts'
import { orBusy, type PasswordHash, passwordFlaw } from '../../people/password.ts'
import { requireMayTouchAccount } from '../../people/portal_link.ts'
import { managementApiId, managementScopesOf } from '../../tenants/tenant_setup.ts'
import { readAccess, scopeOf } from '../access.ts'
import type { ReadContext, WriteContext } from '../context.ts'
import { audienceOf, invalid } from '../find.ts'
import { pageAnswer, pageOf } from '../lists/cursor.ts'
import {
  type AnswerOf,
  issueOperation,
  type Operation,
  preparedOperation,
  readOperation,
  writeOperation,
} from '../operation.ts'
import { leaveTeams, settleTeamsOf } from '../teams/settle.ts'
import { findAccount, findAccounts, saidOfAccount } from './find.ts'

async function accountView(
  context: ReadContext | WriteContext,
  account: Account,
): Promise<AnswerOf<typeof routes.getAccount>> {
  const access = []
  for (const [apiId, scope] of Object.entries(account.access))
    access.push({ audience: await audienceOf(context, apiId), scope })
  return {
    id: account.id,
    email: account.email ?? null,
    emailVerified: account.emailVerified,
    name: account.name,
    externalSubject: account.externalSubject ?? null,
    status: account.status,
    role: account.role ?? null,
    scope: account.scope,
    access,
    createdAt: formatTime(account.createdAt),
    updatedAt: formatTime(account.updatedAt),
  }
}

type Body = WriteContext<typeof routes.updateAccount>['body']

/** The role and the management scope that go together: without the role there is no scope. */
function authorityOf(context: WriteContext, body: Pick<Body, 'role' | 'scope'>, before?: Account) {
  const role = body.role === undefined ? before?.role : (body.role ?? undefined)
  if (role === undefined) {
    if (body.scope !== undefined) throw invalid('/scope', 'is for operators only: give the role as well')
    return { scope: '' }
  }
  const all = managementScopesOf(context.tenant)
  const scope = body.scope === undefined ? parseScope(before?.scope || formatScope(all)) : scopeOf(body.scope)
  const unknown = missingScope(scope, all)
  if (unknown.length > 0)
    throw invalid('/scope', `names scopes that this tenant does not have: ${formatScope(unknown)}`)
  return { role, scope: formatScope(scope) }
}

/** The member of the record. What is not sent stays; `null` takes it away. */
function externalSubjectOf(
  { body, reach }: WriteContext<typeof routes.createAccount | typeof routes.updateAccount>,
  before?: string,
): Pick<Account, 'externalSubject'> {
  if (body.externalSubject !== undefined) wholeTenant(reach, 'externalSubject')
  const externalSubject = body.externalSubject === undefined ? before : (body.externalSubject ?? undefined)
  return externalSubject === undefined ? {} : { externalSubject }
}

async function accessOf(context: WriteContext, access: Body['access']): Promise<Account['access'] | undefined> {
  if (access === undefined) return undefined
  const byApi = await readAccess(context, access)
  if (byApi[managementApiId] !== undefined)
    throw invalid('/access', 'names the management API: an operator has it by role and scope')
  return byApi
}

/** Before the transaction, which waits for no hash. */
async function hashPassword({
  body: { password },
  services,
}: ReadContext<typeof routes.createAccount | typeof routes.updateAccount>): Promise<PasswordHash | undefined> {
  if (password === undefined) return undefined
  const flaw = passwordFlaw(password)
  if (flaw !== undefined) throw invalid('/password', flaw)
  const hash = await orBusy(services.passwords.hash(password))
  if (!('refused' in hash)) return hash
  const headers = { 'Retry-After': '1' }
  throw new ProblemError(503, 'unavailable', 'Too many passwords wait to be hashed. Try again.', { headers })
}

async function putPassword(
  { now, tenant, transaction }: WriteContext,
  account: Account,
  password: PasswordHash | undefined,
): Promise<void> {
  if (password === undefined) return
  if (!account.emailVerified)
    throw invalid('/password', 'needs emailVerified: true, since a person signs in by a verified address')
  const identity = { tenant: tenant.id, accountId: account.id, kind: 'password', content: { ...password } } as const
  await transaction.identities.put(identity, now)
}

const createAccount = preparedOperation(routes.createAccount, hashPassword, async (context, password) => {
  const { body, now, services, tenant, transaction } = context
  const draft = {
    tenant: tenant.id,
    email: body.email,
    emailVerified: body.emailVerified ?? false,
    name: body.name,
    ...externalSubjectOf(context),
    access: (await accessOf(context, body.access)) ?? {},
    ...authorityOf(context, body),
  }
  const account = newAccount(draft, { now, randomBytes: services.randomBytes })
  await requireMayTouchAccount(context, account)
  await transaction.accounts.insert(account)
  await putPassword(context, account, password)
  const view = await accountView(context, account)
  transaction.append({ tenant: tenant.id, audit: { ...auditOf(context, 'account.create', account), after: view } })
  return { status: 201, body: view }
})

const listAccounts = readOperation(routes.listAccounts, async (context) => {
  const { externalSubject } = context.query
  const accounts = await findAccounts(context, { externalSubject }, pageOf(context, 'accounts'))
  const views = new Map<string, object>()
  for (const account of accounts.slice(0, context.query.limit))
    views.set(account.id, await accountView(context, account))
  return pageAnswer(
    context,
    'accounts',
    accounts,
    ({ id }) => id,
    ({ id }) => views.get(id) as object,
  )
})

const getAccount = readOperation(routes.getAccount, async (context) =>
  accountView(context, await findAccount(context, context.params.id as string)),
)

/** Disabling, and a new password, end sessions and tokens for good: enabling brings none of them back. */
const updateAccount = preparedOperation(routes.updateAccount, hashPassword, async (context, password) => {
  const { body, now, tenant, transaction } = context
  const account = await findAccount(context, context.params.id as string)
  await requireMayTouchAccount(context, account)
  const { email: address, externalSubject, role: _, ...rest } = account
  const email = body.email ?? address
  const changed: Account = {
    ...rest,
    ...(email === undefined ? {} : { email }),
    emailVerified: body.emailVerified ?? (body.email === undefined && account.emailVerified),
    name: body.name ?? account.name,
    ...externalSubjectOf(context, externalSubject),
    status: body.status ?? account.status,
    access: (await accessOf(context, body.access)) ?? account.access,
    ...authorityOf(context, body, account),
    version: account.version + 1,
    updatedAt: Math.floor(now),
  }
  await requireMayTouchAccount(context, changed)
  const before = await accountView(context, account)
  await transaction.accounts.update(changed)
  await putPassword(context, changed, password)
  const isEnded = password !== undefined || (changed.status === 'disabled' && account.status === 'active')
  const sessions = isEnded ? await transaction.sessions.revokeByAccount(tenant.id, account.id, now) : []
  const said = await saidOfAccount(context, account)
  const isSaid = isEnded || changed.status !== account.status || body.access !== undefined
  const after = await accountView(context, changed)
  transaction.append({
    tenant: tenant.id,
    audit: { ...auditOf(context, 'account.update', account), before, after },
    objects: (sequence) => [
      ...(isSaid ? [accountObject(changed, said, now, isEnded ? everything(sequence, now) : undefined)] : []),
      ...endedSessionObjects(sessions, now),
    ],
  })
  if (changed.status !== account.status) await settleTeamsOf(context, account.id)
  return { status: 200, body: after }
})

const deleteAccount = writeOperation(routes.deleteAccount, async (context) => {
  const { now, tenant, transaction } = context
  const account = await findAccount(context, context.params.id as string)
  await requireMayTouchAccount(context, account)
  const before = await accountView(context, account)
  const version = account.version + 1
  const gone = endedAccount({ ...account, status: 'revoked', version, updatedAt: Math.floor(now) })
  await transaction.accounts.update(gone)
  const sessions = await transaction.sessions.revokeByAccount(tenant.id, account.id, now)
  await transaction.identities.deleteAll(tenant.id, account.id)
  await transaction.passkeys.deleteAll(tenant.id, account.id)
  const said = await saidOfAccount(context, account)
  transaction.append({
    tenant: tenant.id,
    audit: { ...auditOf(context, 'account.delete', account), before },
    objects: () => [accountObject(gone, said, now), ...endedSessionObjects(sessions, now)],
  })
  await leaveTeams(context, account.id)
  return { status: 200, bodyOf: (feedSequence) => ({ id: account.id, status: 'revoked' as const, feedSequence }) }
})

/** By a cut-off at this entry's own number: what is signed in afterwards is good. */
const revokeAccount = writeOperation(routes.revokeAccount, async (context) => {
  const { body, now, tenant, transaction } = context
  const account = await findAccount(context, context.params.id as string)
  await requireMayTouchAccount(context, account)
  const { objects, sessions } = await endAllOf(transaction, account, now)
  transaction.append({
    tenant: tenant.id,
    audit: { ...auditOf(context, 'account.revoke', account), after: { sessions, reason: body.reason ?? null } },
    objects,
  })
  return { status: 200, bodyOf: (feedSequence) => ({ id: account.id, sessions, feedSequence }) }
})

/** A new one does not end those made before: each is good once, for an hour. */
const createAccountLink = issueOperation(routes.createAccountLink, async (context, { moment }) => {
  const { services, tenant, transaction } = context
  const account = await findAccount(context, context.params.id as string)
  await requireMayTouchAccount(context, account)
  if (account.status !== 'active')
    throw new ProblemError(409, 'disabled', 'This account is disabled: nobody can sign in to it.')
  const link = await signInLink({ transaction, tenant, moment, randomBytes: services.randomBytes }, account)
  const after = { expiresAt: formatTime(link.expiresAt) }
  transaction.append({ tenant: tenant.id, audit: { ...auditOf(context, 'account.link', account), after } })
  return { status: 201, body: { url: link.url.reveal(), expiresAt: formatTime(link.expiresAt) } }
})

function auditOf({ actor, requestId }: WriteContext, action: AuditAction, { id }: Account) {
  return { actor, action, objectType: 'account', objectId: id, requestId }
}

export const accountOperations: readonly Operation[] = [
  createAccount,
  listAccounts,
  getAccount,
  updateAccount,
  deleteAccount,
  revokeAccount,
  createAccountLink,
]
