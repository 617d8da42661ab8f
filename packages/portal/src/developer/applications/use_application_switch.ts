import { call } from '../../shared/api/call.ts'
import { type Client, clientReads } from '../../shared/api/queries.ts'
import { type Switch, useSwitch } from '../../shared/use_switch.ts'

/** Disables and enables an application. */
export function useApplicationSwitch({ clientId, name }: Pick<Client, 'clientId' | 'name'>): Switch {
  return useSwitch({
    name,
    reads: clientReads,
    turn: (status) => call('updateClient', { params: { clientId }, body: { status } }),
  })
}
