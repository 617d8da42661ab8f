import type { ReactNode } from 'react'
import type { Key } from '../../shared/api/queries.ts'
import { Icon } from '../../shared/kit/icon.tsx'
import { text } from '../../shared/text.ts'
import type { KeyMay, Panel } from './may_of.ts'
import { openers } from './openers.ts'
import { useKeySwitch } from './use_key_switch.ts'

interface ActsProps {
  readonly of: Key
  readonly may: KeyMay
  /** The page shows data of before, by which nothing is decided. */
  readonly isStale: boolean
  readonly onOpen: (panel: Panel) => void
}

export function Acts({ of: key, may, isStale, onOpen }: ActsProps): ReactNode {
  const { disable, enable } = useKeySwitch(key)
  if (!may.edit && !may.roll && !may.revoke) return null
  return (
    <div className="acts">
      {may.edit && (
        <button id={openers.edit} className="button" type="button" disabled={isStale} onClick={() => onOpen('edit')}>
          <Icon name="pen" />
          {text.act.edit}
        </button>
      )}
      {may.roll && (
        <button id={openers.roll} className="button" type="button" disabled={isStale} onClick={() => onOpen('roll')}>
          <Icon name="roll" />
          {text.act.roll}
        </button>
      )}
      {may.revoke && (
        <>
          <button className="button" type="button" disabled={isStale} onClick={may.disable ? disable : enable}>
            <Icon name={may.disable ? 'pause' : 'play'} />
            {may.disable ? text.act.disable : text.act.enable}
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
