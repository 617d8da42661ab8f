import { routes } from '@countersign/contract'
import { formatTime } from '@countersign/core'
import type { AccountSession } from '@countersign/store'
import type { Caller } from '../../caller/caller.ts'
import { requireMayTouchAccount } from '../../people/portal_link.ts'
import { endSession } from '../../people/sessions.ts'
import { requireScope } from '../access.ts'
import type { ReadContext } from '../context.ts'
import { notFound } from '../find.ts'
import { pageAnswer, pageOf } from '../lists/cursor.ts'
import { type Operation, readOperation, writeOperation } from '../operation.ts'
import { findOwnTeams } from '../teams/find.ts'
import { findAccountOrNone, findSession, findSessions } from './find.ts'

/** Who is asking. For a session the scope is what its account reaches. */
const getMe = readOperation(routes.getMe, async (context) => {
  const { account, grant, session, viewed } = context.caller
  const mine = { kind: grant.kind, subject: grant.subject, clientId: grant.clientId, scope: grant.scope }
  if (viewed !== undefined) return { ...mine, teams: [{ id: viewed.id, name: viewed.name, role: 'viewer' as const }] }
  if (session === undefined) return { ...mine, teams: [] }
  const teams = await findOwnTeams(context, session.portal)
  return {
    ...mine,
    teams: teams.map(({ team: { id, name }, role }) => ({ id, name, role })),
    ...(account === undefined ? {} : { name: account.name }),
    ...(account?.role === undefined ? {} : { role: account.role }),
    session: {
      id: session.id,
      authenticatedAt: formatTime(session.authenticatedAt),
      expiresAt: formatTime(session.expiresAt),
      ...(session.portal?.returnUrl === undefined ? {} : { returnUrl: session.portal.returnUrl }),
    },
  }
})

/** One's own need no scope. */
const listSessions = readOperation(routes.listSessions, async (context) => {
  const { caller, now, query } = context
  const own = ownAccount(caller)
  const accountId = query.accountId ?? own
  if (accountId === undefined || accountId !== own) requireScope(context, 'accounts:read')
  const filter = { activeAt: now, ...(accountId === undefined ? {} : { accountId }) }
  const sessions = await findSessions(context, filter, pageOf(context, 'sessions'))
  return pageAnswer(
    context,
    'sessions',
    sessions,
    ({ id }) => id,
    (session) => sessionView(context, session),
  )
})

const revokeSession = writeOperation(routes.revokeSession, async (context) => {
  const { actor, body, caller, now, requestId, tenant, transaction } = context
  const session = await findSession(context, context.params.id as string)
  if (session.accountId !== ownAccount(caller)) {
    // For a person without the scope, the sessions of others are not there.
    if (caller.grant.kind === 'session' && !context.held.includes('accounts:write')) throw notFound('session')
    context.requireHeld(['accounts:write'])
    const account = await findAccountOrNone(context, session.accountId)
    if (account !== undefined) await requireMayTouchAccount(context, account)
  }
  const { id } = session
  const answer = { status: 200, bodyOf: (feedSequence: number) => ({ id, status: 'revoked' as const, feedSequence }) }
  const said = await transaction.statusEntries.find(tenant.id, 'session', id)
  if (said?.state.status === 'revoked') return { ...answer, said: said.sequence }
  await endSession(transaction, session, now, { actor, requestId, reason: body.reason })
  return answer
})

/**
 * Only a session is a person's own: a token that speaks for an account was given for something else. So was a session that
 * a portal link began.
 */
export function ownAccount({ grant, session }: Pick<Caller, 'grant' | 'session'>): string | undefined {
  return session !== undefined && session.portal === undefined ? grant.subject : undefined
}

function sessionView({ caller }: Pick<ReadContext, 'caller'>, session: AccountSession) {
  return {
    id: session.id,
    accountId: session.accountId,
    createdAt: formatTime(session.createdAt),
    lastSeenAt: formatTime(session.lastSeenAt),
    expiresAt: formatTime(session.expiresAt),
    userAgent: session.userAgent,
    address: session.address ?? null,
    current: caller.grant.kind === 'session' && caller.grant.credentialId === session.id,
  }
}

export const sessionOperations: readonly Operation[] = [getMe, listSessions, revokeSession]
