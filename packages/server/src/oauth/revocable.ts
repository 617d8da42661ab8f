/** A credential as its revocation finds it: by its text alone, since an id or a `jti` can be read in a log. */
import {
  type CredentialType,
  credentialIdentity,
  digest,
  type Identity,
  parseCredential,
  parseKey,
  tokenIdentity,
} from '@countersign/core'
import type { WriteTransaction } from '@countersign/store'
import type { Services, TenantContext } from '../context.ts'
import {
  endFamily,
  type RevocationContext,
  revokeKey,
  revokeToken,
  revokeUnregistered,
  type UnregisteredJwt,
} from '../feed/revoker.ts'
import { OauthError } from './oauth_error.ts'

/** A credential whose digest or signature has matched, whatever its end. */
export interface Revocable {
  /** The object that it is in the feed. */
  readonly identity: Identity<CredentialType | 'family'>

  readonly clientId: string
  readonly isLive: boolean
  /** A JWT, where no row has it. Default: a key, or an opaque token. */
  readonly jwt?: UnregisteredJwt
  revoke(transaction: WriteTransaction, context: RevocationContext): Promise<void>
}

/** The credential of this text; `undefined` for one that is none here. Throws `OauthError` where nobody can tell. */
export async function findRevocable(
  services: Pick<Services, 'now' | 'refreshTokens' | 'store'>,
  tenant: TenantContext,
  text: string,
): Promise<Revocable | undefined> {
  if (parseKey(text)?.marker === 'rt') return findFamily(services, tenant, text)
  const parsed = parseCredential(text)
  if (parsed === undefined) return undefined
  return parsed.kind === 'key' ? findByDigest(services, tenant, parsed.key, text) : findJwt(services, tenant, text)
}

async function findByDigest(
  services: Pick<Services, 'now' | 'store'>,
  tenant: TenantContext,
  parsed: { readonly id: string; readonly marker: string },
  text: string,
): Promise<Revocable | undefined> {
  const hash = await digest(text)
  if (parsed.marker === 'at') {
    const token = await services.store.read.tokens.findByDigest(tenant.id, hash)
    if (token === undefined || token.jti !== parsed.id) return undefined
    return {
      identity: tokenIdentity('opaque', token.jti),
      clientId: token.clientId,
      isLive: token.status !== 'revoked' && services.now() < token.issuedExpiresAt,
      revoke: async (transaction, context) => {
        const current = await transaction.tokens.find(tenant.id, token.jti)
        if (current !== undefined) await revokeToken(transaction, current, context)
      },
    }
  }
  const key = await services.store.read.keys.findByDigest(tenant.id, hash)
  if (key === undefined || key.id !== parsed.id) return undefined
  return {
    identity: { type: 'key', id: key.id },
    clientId: key.clientId,
    isLive: key.status !== 'revoked' && (key.expiresAt === undefined || services.now() < key.expiresAt),
    revoke: async (transaction, context) => {
      const current = await transaction.keys.find(tenant.id, key.id)
      if (current !== undefined) await revokeKey(transaction, current, context)
    },
  }
}

/** A refresh token of any age stands for its family (RFC 7009 §2.1). */
async function findFamily(
  { now, refreshTokens, store }: Pick<Services, 'now' | 'refreshTokens' | 'store'>,
  tenant: TenantContext,
  text: string,
): Promise<Revocable | undefined> {
  const token = refreshTokens.read(tenant.id, text)
  const family = token && (await store.read.families.find(tenant.id, token.familyId))
  if (family === undefined) return undefined
  return {
    identity: { type: 'family', id: family.id },
    clientId: family.clientId,
    isLive: family.status === 'active' && now() < family.expiresAt,
    revoke: async (transaction, context) => {
      const current = await transaction.families.find(tenant.id, family.id)
      const because = { ...context, reason: context.reason ?? 'its refresh token was revoked' }
      if (current !== undefined) await endFamily(transaction, current, because)
    },
  }
}

/** The engine proves the signature; what it says of expiry or status does not matter here. */
async function findJwt(
  services: Pick<Services, 'now'>,
  tenant: TenantContext,
  text: string,
): Promise<Revocable | undefined> {
  const inspection = await tenant.engine.inspect(text)
  if ('outcome' in inspection) {
    if (inspection.outcome === 'rejected') return undefined
    throw new OauthError('temporarily_unavailable', 'try again', 503, { 'Retry-After': '1' })
  }
  const { established, effective, signedBy } = inspection
  const { clientId, credentialId: jti } = established
  // An end with a fraction is stored as the second after it: the revocation must not end first.
  const expiresAt = Math.ceil(established.expiresAt ?? 0)
  const kind = jwtType(credentialIdentity(established))
  if (kind === undefined) return undefined
  const familyId = established.lineage.find(({ type }) => type === 'family')?.id
  const jwt = { kind, clientId, jti, expiresAt, signedBy: signedBy?.id, familyId }
  return {
    identity: credentialIdentity(established),
    jwt,
    clientId,
    isLive: effective.fault !== 'revoked' && services.now() < expiresAt,
    revoke: async (transaction, context) => {
      const registered = kind === 'token' ? await transaction.tokens.find(tenant.id, jti) : undefined
      if (registered !== undefined) await revokeToken(transaction, registered, context)
      else if (effective.fault !== 'revoked') await revokeUnregistered(transaction, jwt, context)
    },
  }
}

/** The type of a JWT in the feed; `undefined` for what is looked up by its text. */
function jwtType({ type }: Identity<CredentialType>): UnregisteredJwt['kind'] | undefined {
  switch (type) {
    case 'token':
    case 'client_token':
    case 'external_token':
      return type
    case 'key':
    case 'opaque_token':
    case 'session':
      return undefined
  }
}
