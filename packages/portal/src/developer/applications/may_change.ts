import type { Client, Me } from '../../shared/api/queries.ts'
import { isBuiltInClient } from '../../shared/built_in_client.ts'
import { may } from '../../shared/may_write.ts'

/** Whether the person may change the application: the rule of each button, and of what an address opens. */
export function mayChange(client: Pick<Client, 'clientId' | 'status' | 'teamId'>, me: Me | undefined): boolean {
  return client.status !== 'revoked' && !isBuiltInClient(client) && may(me, 'clients:write', client.teamId)
}
