import type { Client, Key, Me } from '../../shared/api/queries.ts'
import { mayWrite } from '../../shared/may_write.ts'
import { owedRoll } from './owed_roll.ts'

/** The acts that begin with more than a press. The address names them. */
export const panels = ['edit', 'roll', 'revoke'] as const
export type Panel = (typeof panels)[number]

/** The acts that the person may do to a key as it is: the rule of each button, and of what an address opens. */
export interface KeyMay {
  readonly edit: boolean
  readonly roll: boolean
  readonly disable: boolean
  readonly enable: boolean
  readonly revoke: boolean
}

/** `client`: the holder of the key; `undefined` where it is not among those that were read. `me`: `undefined` while nobody knows. */
export function mayOf(
  { id, status }: Pick<Key, 'id' | 'status'>,
  me: Me | undefined,
  client: Pick<Client, 'teamId'> | undefined,
): KeyMay {
  const isWritable = mayWrite(me, client?.teamId)
  const isActive = isWritable && status === 'active'
  const isDisabled = isWritable && status === 'disabled'
  return {
    // One that has expired too: a later end brings it back.
    edit: isWritable && status !== 'revoked',
    // A roll that may have been done has ended this key, and its retry shows the new one.
    roll: isActive || (isWritable && owedRoll(id) !== undefined),
    disable: isActive,
    enable: isDisabled,
    revoke: isActive || isDisabled,
  }
}
