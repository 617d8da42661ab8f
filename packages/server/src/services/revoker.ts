/** Revocation in one transaction: the row, the feed entry, the audit event (invariant 5). */
import type { AuditActor, Key, Token, WriteTransaction } from '@countersign/store'
import { keySubject, revokedClientTokenSubject, revokedTokenSubject, tokenSubject } from './subjects.ts'
import { auditView } from './token_issuer.ts'

export interface RevocationContext {
  readonly tenant: string
  readonly now: number
  readonly actor: AuditActor
  readonly requestId: string
  readonly reason?: string | undefined
}

/** Nothing happens to what is revoked already: its first revocation stands. */
export async function revokeKey(transaction: WriteTransaction, key: Key, context: RevocationContext): Promise<Key> {
  if (key.status === 'revoked') return key
  const revoked: Key = { ...key, status: 'revoked', version: key.version + 1, updatedAt: Math.floor(context.now) }
  await transaction.keys.update(revoked)
  transaction.append({
    tenant: context.tenant,
    audit: {
      actor: context.actor,
      action: 'key.revoke',
      objectType: 'key',
      objectId: key.id,
      before: { status: key.status },
      after: { status: 'revoked', ...(context.reason === undefined ? {} : { reason: context.reason }) },
      requestId: context.requestId,
    },
    subjects: () => [keySubject(revoked, context.now)],
  })
  return revoked
}

export async function revokeToken(
  transaction: WriteTransaction,
  token: Token,
  context: RevocationContext,
): Promise<Token> {
  if (token.status === 'revoked') return token
  const revoked: Token = { ...token, status: 'revoked', version: token.version + 1, updatedAt: Math.floor(context.now) }
  await transaction.tokens.update(revoked)
  transaction.append({
    tenant: context.tenant,
    audit: {
      actor: context.actor,
      action: 'token.revoke',
      objectType: 'token',
      objectId: token.jti,
      before: auditView(token),
      after: { status: 'revoked', ...(context.reason === undefined ? {} : { reason: context.reason }) },
      requestId: context.requestId,
    },
    subjects: () => [tokenSubject(revoked)],
  })
  return revoked
}

/** A JWT that no row knows: ours from the token endpoint, or one that a client signed. */
export function revokeUnregistered(
  transaction: WriteTransaction,
  jwt: {
    readonly kind: 'token' | 'client_token'
    readonly clientId: string
    readonly jti: string
    readonly expiresAt: number
  },
  context: RevocationContext,
): void {
  const subject =
    jwt.kind === 'token'
      ? revokedTokenSubject(jwt.jti, jwt.expiresAt)
      : revokedClientTokenSubject(jwt.clientId, jwt.jti, jwt.expiresAt)
  transaction.append({
    tenant: context.tenant,
    audit: {
      actor: context.actor,
      action: 'token.revoke',
      objectType: jwt.kind,
      objectId: jwt.jti,
      after: { status: 'revoked', clientId: jwt.clientId },
      requestId: context.requestId,
    },
    subjects: () => [subject],
  })
}
