/** A filter of a list: one choice, which stands out while it leaves something out. */
import type { ReactNode } from 'react'

interface FilterProps {
  readonly label: string
  /** Empty: everything. */
  readonly value: string
  /** Default: unless the value is empty. */
  readonly isOn?: boolean
  readonly options: readonly (readonly [value: string, word: string])[]
  readonly onChoose: (value: string) => void
}

export function Filter({ label, value, isOn = value !== '', options, onChoose }: FilterProps): ReactNode {
  return (
    <label className={isOn ? 'filter on' : 'filter'}>
      {label}
      <select value={value} onChange={(event) => onChoose(event.target.value)}>
        {options.map(([option, word]) => (
          <option key={option} value={option}>
            {word}
          </option>
        ))}
      </select>
    </label>
  )
}
