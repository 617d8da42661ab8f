/** Revocation in one transaction: the row, the feed entry, the audit event (docs/security/invariants.md §5). */
import { type CutOffKind, type FeedObject, publicKeyId, type Seconds } from '@countersign/core'
import type { Append, AuditActor, Client, Family, Key, Token, WriteTransaction } from '@countersign/store'
import { serverLimits } from '../limits.ts'
import { auditView } from './audit_view.ts'
import {
  clientObject,
  familyObject,
  keyObject,
  publicKeyObject,
  revokedClientTokenObject,
  revokedExternalTokenObject,
  revokedTokenObject,
  tokenObject,
  withCutOff,
} from './objects.ts'

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
    objects: () => [keyObject(revoked, context.now)],
  })
  return revoked
}

export async function revokeToken(
  transaction: WriteTransaction,
  token: Token,
  context: RevocationContext,
): Promise<Token> {
  if (token.status === 'revoked') return token
  if (await mustCutOff(transaction, token, context)) {
    await cutOff(transaction, token.clientId, context)
    return { ...token, status: 'revoked' }
  }
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
    objects: () => [tokenObject(revoked)],
  })
  return revoked
}

/** A JWT that no row knows: ours from the token endpoint, or one that a client or another issuer signed. */
export interface UnregisteredJwt {
  readonly kind: 'token' | 'client_token' | 'external_token'
  readonly clientId: string
  /** `jti`; for a JWT of another issuer, its name in the feed. */
  readonly jti: string
  readonly expiresAt: number
  /** `client_token`: the feed's id of the public key that signed it. */
  readonly signedBy: string | undefined
  /** A token for a person: the family that it is of. */
  readonly familyId?: string | undefined
}

/**
 * The feed holds so many entries about one client's JWTs and no more; then their key goes, or all of them
 * (docs/protocol/feed.md §2.1).
 */
export async function revokeUnregistered(
  transaction: WriteTransaction,
  jwt: UnregisteredJwt,
  context: RevocationContext,
): Promise<void> {
  const { kind, clientId, jti, signedBy, familyId } = jwt
  if (familyId !== undefined) return revokeOfFamily(transaction, { ...jwt, familyId }, context)
  if (kind === 'token' && (await mustCutOff(transaction, { clientId, jti, format: 'jwt' }, context))) {
    return cutOff(transaction, clientId, context)
  }
  if (kind === 'external_token' && (await isFull(transaction, kind, clientId, context))) {
    return cutOff(transaction, clientId, context)
  }
  const { tenant, actor, requestId } = context
  const isSigned = kind === 'client_token' && signedBy !== undefined
  if (isSigned && (await isFull(transaction, 'client_token', clientId, context))) {
    return retirePublicKey(transaction, clientId, signedBy, context)
  }
  const object = revokedJwtObject(jwt)
  const audit = { actor, action: 'token.revoke', objectType: kind, objectId: jti, requestId }
  transaction.append({
    tenant,
    countedFor: clientId,
    audit: { ...audit, after: { status: 'revoked', clientId } },
    objects: () => [object],
  })
}

/**
 * The feed holds so many entries about tokens of one family and no more; the next ends the family alone. They do not count
 * for the client, or one person could sign everybody else out of an application (docs/protocol/feed.md §2.1).
 */
async function revokeOfFamily(
  transaction: WriteTransaction,
  jwt: UnregisteredJwt & { readonly familyId: string },
  context: RevocationContext,
): Promise<void> {
  const { clientId, jti, familyId } = jwt
  const { tenant, actor, requestId } = context
  const family = await transaction.families.find(tenant, familyId)
  // Its tokens ended with it. A restored database may have no row, and then they have not.
  if (family?.status === 'revoked') return
  if ((await transaction.statusEntries.find(tenant, 'token', jti)) !== undefined) return
  const count = await transaction.statusEntries.count(tenant, 'token', familyId)
  if (family !== undefined && count >= serverLimits.familyEntriesMax)
    return endFamily(transaction, family, { ...context, reason: 'too many of its tokens were revoked' })
  const object = revokedJwtObject(jwt)
  const audit = { actor, action: 'token.revoke', objectType: 'token', objectId: jti, requestId }
  transaction.append({
    tenant,
    countedFor: familyId,
    audit: { ...audit, after: { status: 'revoked', clientId } },
    objects: () => [object],
  })
}

/** Nothing happens to one that has ended. */
export async function endFamily(
  transaction: WriteTransaction,
  family: Family,
  { now, actor, requestId, reason }: RevocationContext,
): Promise<void> {
  if (family.status === 'revoked') return
  const ended: Family = { ...family, status: 'revoked', version: family.version + 1, updatedAt: Math.floor(now) }
  await transaction.families.update(ended)
  const { id, accountId, clientId } = family
  const after = { accountId, clientId, status: 'revoked', reason }
  transaction.append({
    tenant: family.tenant,
    audit: { actor, action: 'family.revoke', objectType: 'family', objectId: id, after, requestId },
    objects: () => [familyObject(ended, now)],
  })
}

function revokedJwtObject({ kind, clientId, jti, expiresAt }: UnregisteredJwt): FeedObject {
  switch (kind) {
    case 'token':
      return revokedTokenObject(jti, expiresAt)
    case 'client_token':
      return revokedClientTokenObject(clientId, jti, expiresAt)
    case 'external_token':
      return revokedExternalTokenObject(jti, expiresAt)
  }
}

/** How many entries the feed may hold about one client's JWTs of a type. */
const entriesMax: Readonly<Record<UnregisteredJwt['kind'], number>> = {
  token: serverLimits.tokenEntriesMax,
  client_token: serverLimits.clientTokenEntriesMax,
  external_token: serverLimits.tokenEntriesMax,
}

/** Whether the feed holds as many entries about such JWTs of the client as it may. */
export async function isFull(
  transaction: WriteTransaction,
  type: UnregisteredJwt['kind'],
  clientId: string,
  { tenant }: RevocationContext,
): Promise<boolean> {
  return (await transaction.statusEntries.count(tenant, type, clientId)) >= entriesMax[type]
}

/** A JWT that has an entry of its own needs no further one. */
export async function mustCutOff(
  transaction: WriteTransaction,
  { clientId, jti, format }: Pick<Token, 'clientId' | 'jti' | 'format'>,
  context: RevocationContext,
): Promise<boolean> {
  if (format !== 'jwt' || !(await isFull(transaction, 'token', clientId, context))) return false
  return (await transaction.statusEntries.find(context.tenant, 'token', jti)) === undefined
}

/** Every token the client has, by one entry. A deleted client's are dead already. */
async function cutOff(transaction: WriteTransaction, clientId: string, context: RevocationContext): Promise<void> {
  const { tenant, now, actor, requestId } = context
  const client = await transaction.clients.find(tenant, clientId)
  if (client === undefined) return
  const at = Math.floor(now)
  const tokens = await transaction.tokens.revokeByClient(tenant, clientId, at)
  const changed = { ...client, version: client.version + 1, updatedAt: at }
  await transaction.clients.update(changed)
  const audit = { actor, action: 'client.cut_off', objectType: 'client', objectId: clientId, requestId }
  transaction.append({
    tenant,
    audit: { ...audit, after: { registeredTokens: tokens.length } },
    ...cutOffAt(transaction, changed, 'tokens', now),
  })
}

/** The entry of a cut-off, numbered by itself, and its row. `more`: further entries of the same change. */
export function cutOffAt(
  transaction: WriteTransaction,
  client: Client,
  what: CutOffKind,
  now: Seconds,
  more: readonly FeedObject[] = [],
): Required<Pick<Append, 'objects' | 'rows'>> {
  const at = Math.floor(now)
  const cutAt = (sequence: number): Client => withCutOff(client, what, { sequence, at })
  return {
    objects: (sequence) => [clientObject(cutAt(sequence), now), ...more],
    rows: (sequence) => {
      const { cutOff, cutOffs } = cutAt(sequence)
      return transaction.clients.setCutOff(client.tenant, client.id, cutOff, cutOffs)
    },
  }
}

async function retirePublicKey(
  transaction: WriteTransaction,
  clientId: string,
  id: string,
  { tenant, now, actor, requestId }: RevocationContext,
): Promise<void> {
  const jwks = await transaction.clients.jwks(tenant, clientId)
  const jwk = jwks.find(({ thumbprint }) => publicKeyId(clientId, thumbprint) === id)
  if (jwk === undefined) return
  await transaction.clients.deleteJwk(tenant, clientId, jwk.kid)
  const audit = { actor, action: 'client.jwk.retire', objectType: 'client', objectId: clientId, requestId }
  transaction.append({
    tenant,
    audit: { ...audit, after: { kid: jwk.kid } },
    objects: () => [publicKeyObject(clientId, jwk.thumbprint, now)],
  })
}
