import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type Key, meQuery } from '../../shared/api/queries.ts'
import { Icon } from '../../shared/kit/icon.tsx'
import { text } from '../../shared/text.ts'
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
  const mayWrite = me?.scope.split(' ').includes('keys:write') === true
  if (!mayWrite || (key.status !== 'active' && key.status !== 'disabled')) return null
  return (
    <div className="acts">
      {key.status === 'active' && (
        <button id={rollOpener} className="button" type="button" disabled={isStale} onClick={() => onOpen('roll')}>
          <Icon name="roll" />
          {text.act.roll}
        </button>
      )}
      <button className="button" type="button" disabled={isStale} onClick={key.status === 'active' ? disable : enable}>
        <Icon name={key.status === 'active' ? 'pause' : 'play'} />
        {key.status === 'active' ? text.act.disable : text.act.enable}
      </button>
      <button className="button danger" type="button" disabled={isStale} onClick={() => onOpen('revoke')}>
        <Icon name="cross" />
        {text.act.revoke}
      </button>
    </div>
  )
}
