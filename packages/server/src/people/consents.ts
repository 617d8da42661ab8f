/** The end of a consent: whatever came about by it ends with it. */
import type { Seconds } from '@countersign/core'
import type { AuditActor, Consent, WriteTransaction } from '@countersign/store'
import { consentObject } from '../feed/objects.ts'

/** Nothing happens to one that was removed before. */
export async function endConsent(
  transaction: WriteTransaction,
  consent: Consent,
  now: Seconds,
  by: { readonly actor: AuditActor; readonly requestId: string; readonly reason?: string | undefined },
): Promise<void> {
  if (consent.status === 'revoked') return
  const { id, tenant, accountId, clientId, version } = consent
  const ended: Consent = { ...consent, status: 'revoked', version: version + 1, updatedAt: Math.floor(now) }
  await transaction.consents.update(ended)
  const { actor, requestId, reason } = by
  const after = { accountId, clientId, status: 'revoked', ...(reason === undefined ? {} : { reason }) }
  transaction.append({
    tenant,
    audit: { actor, action: 'consent.revoke', objectType: 'consent', objectId: id, after, requestId },
    objects: () => [consentObject(ended, now)],
  })
}
