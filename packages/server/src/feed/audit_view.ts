import type { Token } from '@countersign/store'

/** A token as the audit log shows it before and after a change. */
export function auditView(token: Token): object {
  const { jti, clientId, apiId, subject, name, issuedScope, scope, issuedExpiresAt, expiresAt, status } = token
  return {
    jti,
    clientId,
    apiId,
    subject,
    name,
    scope: scope ?? issuedScope,
    expiresAt: expiresAt ?? issuedExpiresAt,
    status,
  }
}
