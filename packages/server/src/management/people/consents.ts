import { routes } from '@countersign/contract'
import { formatTime } from '@countersign/core'
import type { Consent } from '@countersign/store'
import { endConsent } from '../../people/consents.ts'
import { requireMayTouchAccount } from '../../people/portal_link.ts'
import { requireScope } from '../access.ts'
import type { ReadContext } from '../context.ts'
import { audienceOf, notFound } from '../find.ts'
import { pageAnswer, pageOf } from '../lists/cursor.ts'
import { type Operation, readOperation, writeOperation } from '../operation.ts'
import { findAccountOrNone, findAllowedClient, findConsent, findConsents } from './find.ts'
import { ownAccount } from './sessions.ts'

/** One's own need no scope. */
const listConsents = readOperation(routes.listConsents, async (context) => {
  const { caller, query } = context
  const own = ownAccount(caller)
  const accountId = query.accountId ?? own
  if (accountId === undefined || accountId !== own) requireScope(context, 'accounts:read')
  const filter = {
    ...(accountId === undefined ? {} : { accountId }),
    ...(query.clientId === undefined ? {} : { clientId: query.clientId }),
  }
  const consents = await findConsents(context, filter, pageOf(context, 'consents'))
  const views = new Map<string, object>()
  for (const consent of consents.slice(0, query.limit)) views.set(consent.id, await consentView(context, consent))
  return pageAnswer(
    context,
    'consents',
    consents,
    ({ id }) => id,
    ({ id }) => views.get(id) as object,
  )
})

const revokeConsent = writeOperation(routes.revokeConsent, async (context) => {
  const { actor, body, caller, held, now, params, requestId, tenant, transaction } = context
  const consent = await findConsent(context, params.id as string)
  if (consent.accountId !== ownAccount(caller)) {
    // For a person without the scope, what others allow is not there.
    if (caller.grant.kind === 'session' && !held.includes('accounts:write')) throw notFound('consent')
    context.requireHeld(['accounts:write'])
    const account = await findAccountOrNone(context, consent.accountId)
    if (account !== undefined) await requireMayTouchAccount(context, account)
  }
  const { id } = consent
  const answer = { status: 200, bodyOf: (feedSequence: number) => ({ id, status: 'revoked' as const, feedSequence }) }
  const said = await transaction.statusEntries.find(tenant.id, 'consent', id)
  if (said?.state.status === 'revoked' && consent.status === 'revoked') return { ...answer, said: said.sequence }
  await endConsent(transaction, consent, now, { actor, requestId, reason: body.reason })
  return answer
})

async function consentView(context: ReadContext, consent: Consent) {
  const client = await findAllowedClient(context, consent)
  return {
    id: consent.id,
    accountId: consent.accountId,
    clientId: consent.clientId,
    client: {
      name: client?.name ?? consent.clientId,
      verified: client?.signIn?.verified ?? false,
      homepageUri: client?.homepageUri ?? null,
    },
    audience: await audienceOf(context, consent.apiId),
    scope: consent.scope,
    createdAt: formatTime(consent.createdAt),
    lastUsedAt: formatTime(consent.lastUsedAt),
  }
}

export const consentOperations: readonly Operation[] = [listConsents, revokeConsent]
