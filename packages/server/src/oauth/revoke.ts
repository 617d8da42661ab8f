/**
 * `POST /oauth/revoke`, RFC 7009, for every kind of credential. It acts only when digest or signature verifies, whatever the
 * expiry: an id or a `jti` read in a log revokes nothing. Never 200 for a credential of the caller's that stays alive.
 */
import { type CredentialType, credentialIdentity, digest, type Identity, parseCredential } from '@countersign/core'
import type { WriteTransaction } from '@countersign/store'
import type { Services, TenantContext } from '../context.ts'
import {
  type RevocationContext,
  revokeKey,
  revokeToken,
  revokeUnregistered,
  type UnregisteredJwt,
} from '../feed/revoker.ts'
import type { Answer } from '../http/answer.ts'
import { clientAddress } from '../http/client_address.ts'
import type { HttpRequest } from '../http/request.ts'
import {
  hasAdministrator,
  isAdministrator,
  keepAdministrator,
  LastAdministratorError,
} from '../tenants/administrators.ts'
import { type AuthenticatorServices, authenticateClient } from './client_authenticator.ts'
import { readForm } from './form.ts'
import { answerOauth } from './oauth_endpoint.ts'
import { OauthError } from './oauth_error.ts'
import { readPresentedClient } from './presented_client.ts'

export function revoke(
  services: AuthenticatorServices & Pick<Services, 'log' | 'metrics' | 'trustedProxies'>,
  tenant: TenantContext,
  request: HttpRequest,
): Promise<Answer> {
  return answerOauth(services.log, request.requestId, async () => {
    const form = await readForm(request)
    const address = clientAddress(request, services.trustedProxies)
    const client = await authenticateClient(services, tenant, readPresentedClient(request, form), address, {
      endsCredentials: true,
    })
    const text = form.get('token')
    if (text === undefined) throw new OauthError('invalid_request', 'token is missing')
    const found = await find(services, tenant, text)
    if (found === undefined) return done
    if (found.clientId !== client.id) {
      if (found.isLive) throw new OauthError('unauthorized_client', 'the token was not issued to this client')
      return done
    }
    const context: RevocationContext = {
      tenant: tenant.id,
      now: services.now(),
      actor: { kind: 'client', clientId: client.id, ...(address === undefined ? {} : { address }) },
      requestId: request.requestId,
    }
    const isForced = form.get('force') === 'true'
    const { entries } = await keepAdministrator(services, tenant, (mayLeaveNone) =>
      services.store.write(
        async (transaction) => {
          const isEnding = !mayLeaveNone && isAdministrator(tenant, client)
          await found.revoke(transaction, context)
          if (!isEnding || (await hasAdministrator(transaction, tenant, context.now))) return
          if (!isForced) throw new LastAdministratorError()
          appendLockOut(transaction, context)
        },
        { endsCredentials: true },
      ),
    ).catch((error: unknown) => {
      if (error instanceof LastAdministratorError) throw new OauthError('invalid_request', error.message, 409)
      throw error
    })
    await services.books.settle(entries)
    services.metrics.written('oauth.revoke', 'revoked')
    return done
  })
}

function appendLockOut(transaction: WriteTransaction, { tenant, actor, requestId }: RevocationContext): void {
  const audit = { actor, action: 'tenant.last_administrator', objectType: 'tenant', objectId: tenant, requestId }
  transaction.append({ tenant, audit: { ...audit, after: { operation: 'oauth.revoke', forced: true } } })
}

const done: Answer = { status: 200, headers: { 'Cache-Control': 'no-store', Pragma: 'no-cache' } }

interface Found {
  readonly clientId: string
  readonly isLive: boolean
  revoke(transaction: WriteTransaction, context: RevocationContext): Promise<void>
}

async function find(
  services: Pick<Services, 'now' | 'store'>,
  tenant: TenantContext,
  text: string,
): Promise<Found | undefined> {
  const parsed = parseCredential(text)
  if (parsed === undefined) return undefined
  return parsed.kind === 'key' ? findByDigest(services, tenant, parsed.key, text) : findJwt(services, tenant, text)
}

async function findByDigest(
  services: Pick<Services, 'now' | 'store'>,
  tenant: TenantContext,
  parsed: { readonly id: string; readonly marker: string },
  text: string,
): Promise<Found | undefined> {
  const hash = await digest(text)
  if (parsed.marker === 'at') {
    const token = await services.store.read.tokens.findByDigest(tenant.id, hash)
    if (token === undefined || token.jti !== parsed.id) return undefined
    return {
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
    clientId: key.clientId,
    isLive: key.status !== 'revoked' && (key.expiresAt === undefined || services.now() < key.expiresAt),
    revoke: async (transaction, context) => {
      const current = await transaction.keys.find(tenant.id, key.id)
      if (current !== undefined) await revokeKey(transaction, current, context)
    },
  }
}

/** The engine proves the signature; what it says of expiry or status does not matter here. */
async function findJwt(
  services: Pick<Services, 'now'>,
  tenant: TenantContext,
  text: string,
): Promise<Found | undefined> {
  const inspection = await tenant.engine.inspect(text)
  if ('outcome' in inspection) {
    if (inspection.outcome === 'rejected') return undefined
    throw new OauthError('temporarily_unavailable', 'try again', 503, { 'Retry-After': '1' })
  }
  const { established, effective, signedBy } = inspection
  const { clientId, credentialId: jti } = established
  const expiresAt = established.expiresAt ?? 0
  const kind = jwtType(credentialIdentity(established))
  if (kind === undefined) return undefined
  return {
    clientId,
    isLive: effective.fault !== 'revoked' && services.now() < expiresAt,
    revoke: async (transaction, context) => {
      const registered = kind === 'token' ? await transaction.tokens.find(tenant.id, jti) : undefined
      if (registered !== undefined) await revokeToken(transaction, registered, context)
      else if (effective.fault !== 'revoked')
        await revokeUnregistered(transaction, { kind, clientId, jti, expiresAt, signedBy: signedBy?.id }, context)
    },
  }
}

/** The type of a JWT in the feed; `undefined` for what is looked up by its text. */
function jwtType({ type }: Identity<CredentialType>): UnregisteredJwt['kind'] | undefined {
  switch (type) {
    case 'token':
    case 'client_token':
      return type
    case 'key':
    case 'opaque_token':
      return undefined
  }
}
