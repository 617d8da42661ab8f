/** The answers to a client that did not prove who it is, the same at every OAuth endpoint. */
import type { Services, TenantContext } from '../context.ts'
import { serverLimits } from '../limits.ts'
import { OauthError } from './oauth_error.ts'

/** Without a description nothing tells an unknown client, a wrong secret and a disabled client apart. */
export function refused(description = 'client authentication failed'): OauthError {
  return new OauthError('invalid_client', description)
}

const failureRate = { limit: serverLimits.wrongSecretsPerMinute, windowSeconds: 60 }

/**
 * The answer to a proof that does not hold. Failures are limited per (client, address), and only here, after the check:
 * an attacker who shares a victim's address cannot keep the right secret out (docs/security/invariants.md §8).
 */
export function failed(
  services: Pick<Services, 'failures'>,
  tenant: TenantContext,
  clientId: string,
  address: string | undefined,
  description?: string,
): OauthError {
  const failureId = JSON.stringify([tenant.id, 'client_secret', clientId.slice(0, 255), address ?? ''])
  const isLeft = services.failures.isLeft(failureId, failureRate)
  services.failures.count(failureId, failureRate)
  if (isLeft) return refused(description)
  return new OauthError('slow_down', 'too many failed attempts for this client from this address', 429, {
    'Retry-After': '60',
  })
}
