/** Ticks by which keys are selected, to do one thing to all of them. */
import { type ReactNode, useEffect, useRef } from 'react'
import { text } from '../../shared/text.ts'

export interface Picks {
  /** The ids of the keys of the page that can be selected: those that the person may change. */
  readonly offered: ReadonlySet<string>
  /** The ids of those that are. */
  readonly ids: ReadonlySet<string>
  readonly onPick: (ids: ReadonlySet<string>) => void
}

/** An empty cell for a key that cannot be selected; nothing where none can. */
export function PickCell({
  of: id,
  label,
  picks,
}: {
  readonly of: string
  readonly label: string
  readonly picks: Picks
}): ReactNode {
  const { ids, offered, onPick } = picks
  if (offered.size === 0) return null
  const others = [...ids].filter((each) => each !== id)
  const turn = (): void => onPick(new Set(ids.has(id) ? others : [...others, id]))
  return (
    <td className="pick">
      {offered.has(id) && <input type="checkbox" aria-label={label} checked={ids.has(id)} onChange={turn} />}
    </td>
  )
}

export function PickAll({ ids, offered, onPick }: Picks): ReactNode {
  const box = useRef<HTMLInputElement>(null)
  const many = [...offered].filter((id) => ids.has(id)).length
  const isAll = many === offered.size
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = many > 0 && !isAll
  }, [many, isAll])
  return (
    <input
      ref={box}
      type="checkbox"
      aria-label={text.keys.pickAll}
      checked={isAll}
      onChange={() => onPick(isAll ? new Set() : offered)}
    />
  )
}
