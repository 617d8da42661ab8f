/** A label, its control, a hint, and what the server says about it. */
import type { ReactNode } from 'react'

export interface Described {
  readonly id: string
  readonly 'aria-describedby'?: string
  readonly 'aria-invalid'?: true
}

interface FieldProps {
  /** As in the body that is sent: its errors are found by it. */
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly error?: string | undefined
  readonly children: (described: Described) => ReactNode
}

export function fieldId(name: string): string {
  return `field-${name}`
}

export function Field({ name, label, hint, error, children }: FieldProps): ReactNode {
  const id = fieldId(name)
  const by = [hint === undefined ? '' : `${id}-hint`, error === undefined ? '' : `${id}-error`]
    .filter(Boolean)
    .join(' ')
  return (
    <div className={error === undefined ? 'labelled' : 'labelled invalid'}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        ...(by === '' ? {} : { 'aria-describedby': by }),
        ...(error === undefined ? {} : { 'aria-invalid': true }),
      })}
      {hint !== undefined && (
        <small id={`${id}-hint`} className="note quiet">
          {hint}
        </small>
      )}
      {error !== undefined && (
        <small id={`${id}-error`} className="note error">
          {error}
        </small>
      )}
    </div>
  )
}
