/**
 * `POST /v1/feed/revocations` (feed.md §7): what a verifier knows to be revoked and this server's snapshot lacked. Only
 * what carries the MAC of this installation, for the caller's tenant, changes anything; a revocation is final, so handing
 * it back late or twice does no harm.
 */
import { routes } from '@countersign/contract'
import type { HandedBackCutOff, Place } from '@countersign/core'
import { readJson } from '../http/body.ts'
import { type Answer, type Exchange, ProblemError } from '../http/exchange.ts'
import { parseInput } from '../http/input.ts'
import { json } from '../http/respond.ts'
import { applyHandedBack } from '../services/handed_back.ts'
import type { Services, TenantContext } from '../services/services.ts'
import { guarded } from './guarded.ts'

export function feedRevocations(services: Services, tenant: TenantContext, exchange: Exchange): Promise<Answer> {
  return guarded(services, tenant, exchange, routes.handBackRevocations, async ({ grant, address }) => {
    const body = parseInput(routes.handBackRevocations.body, await readJson(exchange), 'body')
    if (body.revocations.length === 0 && (body.cutOffs ?? []).length === 0) {
      const errors = [{ pointer: '/revocations', detail: 'must not be empty where there are no cutOffs' }]
      throw new ProblemError(400, 'invalid_request', 'The request names nothing to hand back.', { errors })
    }
    await requireEpoch(services, tenant, body.epoch)
    const { clientId, credentialId } = grant
    const revocations = body.revocations.filter((each) => services.macs.holds(tenant.id, each))
    const cutOffs = (body.cutOffs ?? []).filter((each) => services.macs.holdsCutOff(tenant.id, each))
    await requireNoneAbove(services, tenant, cutOffs)
    const refused = body.revocations.length - revocations.length + (body.cutOffs?.length ?? 0) - cutOffs.length
    const { requestId } = exchange
    if (refused > 0) {
      // Forged, altered, or of another master key: how many, and by whom. What they say is nobody's word.
      services.log.warn({ requestId, tenant: tenant.id, credentialId, refused }, 'revocations handed back are not ours')
    }
    const actor = { kind: 'credential', clientId, credentialId, ...(address === undefined ? {} : { address }) } as const
    const cause = { actor, action: 'revocation.hand_back', requestId }
    return json(200, { ...(await applyHandedBack(services, tenant.id, { revocations, cutOffs }, cause)), refused })
  })
}

/** A genuine cut-off with a number above the head proves that the database went back: another epoch begins first. */
async function requireNoneAbove(
  services: Services,
  tenant: TenantContext,
  cutOffs: readonly HandedBackCutOff[],
): Promise<void> {
  const { books } = services
  const place = (): Place | undefined => books.book(tenant.id)?.place
  const before = place()
  const sequence = Math.max(0, ...cutOffs.map((cutOff) => cutOff.sequence))
  if (sequence <= (before?.sequence ?? 0)) return
  await books.claim({ tenant: tenant.id, sequence })
  if (place()?.epoch !== before?.epoch) throw otherEpoch()
}

function otherEpoch(): ProblemError {
  return new ProblemError(409, 'conflict', 'The feed of this server has another epoch.')
}

/** What a snapshot of another epoch lacked says nothing of this one. */
async function requireEpoch({ books }: Services, tenant: TenantContext, epoch: string): Promise<void> {
  const isOurs = (): boolean => books.book(tenant.id)?.place.epoch === epoch
  // Another process may have found the change of epoch first, and told the asker so.
  if (isOurs() || ((await books.poll()) && isOurs())) return
  throw otherEpoch()
}
