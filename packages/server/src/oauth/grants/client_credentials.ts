import { parseScope } from '@countersign/core'
import { chooseApi } from '../api_registry.ts'
import { requireIssuable } from '../issuing_gate.ts'
import type { GrantType } from './grant_type.ts'

/** RFC 6749 §4.4: a client asks for itself. */
export const clientCredentials: GrantType = {
  name: 'client_credentials',
  async decide(services, { tenant, moment, client, authority, parameters }) {
    const api = await chooseApi(services.apis, tenant, client, parameters)
    const scope = requireIssuable(moment, client, api, parameters.get('scope'), parseScope(client.access[api.id] ?? ''))
    const expiresAt = Math.floor(moment.takenAt) + Math.min(api.tokenTtlSeconds, api.tokenTtlSecondsMax)
    return { issue: { tenant, moment, client, api, authorities: [authority], subject: client.id, scope, expiresAt } }
  },
}
