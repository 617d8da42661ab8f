import { type Established, effectiveGrant } from '@countersign/core'
import type { Token } from '@countersign/store'
import { standingOf } from '@countersign/verifier/engine'
import type { ReadContext, WriteContext } from './context.ts'

/** The states in which a token can be shown. */
export type TokenStatus = Token['status'] | 'expired'

/**
 * The status that an engine here finds now. The token's row alone does not tell: its client may be disabled, its parent
 * revoked, or its client cut off.
 */
export function presentStatus({ services, now }: ReadContext | WriteContext, token: Token): TokenStatus {
  const fault = faultOf(services.books.book(token.tenant), token)
  const isOver = now >= (token.expiresAt ?? token.issuedExpiresAt)
  if (fault === 'revoked' || token.status === 'revoked') return 'revoked'
  return isOver ? 'expired' : (fault ?? token.status)
}

function faultOf(book: Parameters<typeof standingOf>[1] | undefined, token: Token): 'revoked' | 'disabled' | undefined {
  if (book === undefined) return undefined
  const established: Established = {
    kind: 'access_token',
    format: token.format,
    credentialId: token.jti,
    tenant: token.tenant,
    clientId: token.clientId,
    subject: token.subject,
    apiId: token.apiId,
    audience: '',
    scope: [],
    status: token.status,
    leewaySeconds: 0,
    metadata: token.metadata,
    constraints: [],
    rates: [],
    limitId: token.limitId,
    isListed: true,
    clientRates: [],
    lineage: token.lineage,
    position: token.position,
  }
  return effectiveGrant(established, standingOf({ established }, book)).fault
}
