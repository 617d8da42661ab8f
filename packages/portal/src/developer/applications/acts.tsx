import type { ReactNode } from 'react'
import type { Client } from '../../shared/api/queries.ts'
import { Icon } from '../../shared/kit/icon.tsx'
import { applicationsText as words } from '../../shared/text/applications.ts'
import { text } from '../../shared/text.ts'
import { editOpener } from './openers.ts'
import { useApplicationSwitch } from './use_application_switch.ts'

interface ActsProps {
  readonly of: Client
  /** The page shows data of before, by which nothing is decided. */
  readonly isStale: boolean
  readonly onOpen: (panel: 'edit' | 'delete') => void
}

export function Acts({ of: client, isStale, onOpen }: ActsProps): ReactNode {
  const { disable, enable } = useApplicationSwitch(client)
  const isActive = client.status === 'active'
  return (
    <div className="acts">
      <button id={editOpener} className="button" type="button" disabled={isStale} onClick={() => onOpen('edit')}>
        <Icon name="pen" />
        {words.edit}
      </button>
      <button className="button" type="button" disabled={isStale} onClick={isActive ? disable : enable}>
        <Icon name={isActive ? 'pause' : 'play'} />
        {isActive ? text.act.disable : text.act.enable}
      </button>
      <button className="button danger" type="button" disabled={isStale} onClick={() => onOpen('delete')}>
        <Icon name="cross" />
        {words.delete}
      </button>
    </div>
  )
}
