import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { clientsQuery, type Key, meQuery } from '../../shared/api/queries.ts'
import { Icon } from '../../shared/kit/icon.tsx'
import { mayWrite } from '../../shared/may_write.ts'
import { text } from '../../shared/text.ts'
import { owedRoll } from './owed_roll.ts'
import { rollOpener } from './roll_opener.ts'
import { useSwitch } from './use_switch.ts'

interface ActsProps {
  readonly of: Key
  /** The page shows data of before, by which nothing is decided. */
  readonly isStale: boolean
  readonly onOpen: (panel: 'roll' | 'revoke') => void
}

export function Acts({ of: key, isStale, onOpen }: ActsProps): ReactNode {
  const { disable, enable } = useSwitch(key)
  const { data: me } = useQuery(meQuery)
  const { data: clients } = useQuery(clientsQuery)
  const client = clients?.data.find(({ clientId }) => clientId === key.clientId)
  const isActive = key.status === 'active'
  const isLive = isActive || key.status === 'disabled'
  const mayRoll = isActive || owedRoll(key.id) !== undefined
  if (!mayWrite(me, client?.teamId) || !(mayRoll || isLive)) return null
  return (
    <div className="acts">
      {mayRoll && (
        <button id={rollOpener} className="button" type="button" disabled={isStale} onClick={() => onOpen('roll')}>
          <Icon name="roll" />
          {text.act.roll}
        </button>
      )}
      {isLive && (
        <>
          <button className="button" type="button" disabled={isStale} onClick={isActive ? disable : enable}>
            <Icon name={isActive ? 'pause' : 'play'} />
            {isActive ? text.act.disable : text.act.enable}
          </button>
          <button className="button danger" type="button" disabled={isStale} onClick={() => onOpen('revoke')}>
            <Icon name="cross" />
            {text.act.revoke}
          </button>
        </>
      )}
    </div>
  )
}
