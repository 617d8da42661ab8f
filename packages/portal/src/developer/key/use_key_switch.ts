import { call } from '../../shared/api/call.ts'
import { keyReads } from '../../shared/api/queries.ts'
import { type Switch, useSwitch } from '../../shared/use_switch.ts'

interface Switched {
  readonly id: string
  readonly name: string
}

/** Disables and enables a key. */
export function useKeySwitch({ id, name }: Switched): Switch {
  return useSwitch({
    name,
    reads: keyReads,
    turn: (to) => call(to === 'active' ? 'enableKey' : 'disableKey', { params: { id } }),
  })
}
