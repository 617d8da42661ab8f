import { chooseApi } from '../api_registry.ts'
import { requireIssuable } from '../issuing_gate.ts'
import type { GrantType } from './grant_type.ts'

/** RFC 6749 §4.4: a client asks for itself. */
export const clientCredentials: GrantType = {
  name: 'client_credentials',
  async decide(services, { tenant, moment, client, authority, parameters }) {
    const api = await chooseApi(services.apis, tenant, client, parameters)
    const issuable = requireIssuable({ moment, client, api, requested: parameters.get('scope') })
    return { issue: { tenant, moment, client, api, authorities: [authority], subject: client.id, issuable } }
  },
}
