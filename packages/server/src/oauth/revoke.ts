/**
 * `POST /oauth/revoke`, RFC 7009, for every kind of credential. It acts only when digest or signature verifies, whatever the
 * expiry: an id or a `jti` read in a log revokes nothing. Never 200 for a credential of the caller's that stays alive.
 */
import type { WriteTransaction } from '@countersign/store'
import type { Services, TenantContext } from '../context.ts'
import type { RevocationContext } from '../feed/revoker.ts'
import { toldToTeam } from '../feed/told_to_team.ts'
import type { Answer } from '../http/answer.ts'
import { clientAddress, senderOf } from '../http/client_address.ts'
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
import { findRevocable } from './revocable.ts'

export function revoke(
  services: AuthenticatorServices & Pick<Services, 'log' | 'metrics' | 'refreshTokens' | 'trustedProxies'>,
  tenant: TenantContext,
  request: HttpRequest,
): Promise<Answer> {
  return answerOauth(services.log, request.requestId, async () => {
    const form = await readForm(request)
    const address = clientAddress(request, services.trustedProxies)
    const client = await authenticateClient(
      services,
      tenant,
      readPresentedClient(request, form),
      { requestId: request.requestId, address, allowsPublic: true },
      {
        endsCredentials: true,
      },
    )
    const text = form.get('token')
    if (text === undefined) throw new OauthError('invalid_request', 'token is missing')
    const found = await findRevocable(services, tenant, text)
    if (found === undefined) return done
    if (found.clientId !== client.id) {
      if (found.isLive) throw new OauthError('unauthorized_client', 'the token was not issued to this client')
      return done
    }
    const context: RevocationContext = {
      tenant: tenant.id,
      now: services.now(),
      actor: { kind: 'client', clientId: client.id, ...senderOf(request, services.trustedProxies) },
      requestId: request.requestId,
    }
    const isForced = form.get('force') === 'true'
    const { entries } = await keepAdministrator(services, tenant, (mayLeaveNone) =>
      services.store.write(
        async (transaction) => {
          const isEnding = !mayLeaveNone && isAdministrator(tenant, client)
          await found.revoke(
            toldToTeam(transaction, () => client.teamId),
            context,
          )
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
