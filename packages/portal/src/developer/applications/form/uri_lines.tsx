/** URIs, one a field, each with what the server says about it. */
import { type ReactNode, useEffect, useRef } from 'react'
import { fieldId } from '../../../shared/kit/fields/field.tsx'
import { TypedInput } from '../../../shared/kit/fields/typed_input.tsx'
import { Icon } from '../../../shared/kit/icon.tsx'
import { applicationsText as words } from '../../../shared/text/applications.ts'
import { linesOf } from './draft.ts'

const { form } = words

interface UriLinesProps {
  /** As in the body that is sent. */
  readonly name: 'redirectUris' | 'postLogoutRedirectUris'
  readonly label: string
  readonly hint: string
  /** A line for each. */
  readonly value: string
  readonly errorOf: (uri: string) => string | undefined
  /** Says something about the list as a whole. */
  readonly error: string | undefined
  readonly onChange: (value: string) => void
}

export function UriLines({ name, label, hint, value, errorOf, error, onChange }: UriLinesProps): ReactNode {
  const lines = linesOf(value)
  const id = fieldId(name)
  const set = (next: readonly string[]): void => onChange(next.join('\n'))
  const focusNext = useRef<number>(undefined)
  useEffect(() => {
    if (focusNext.current === undefined) return
    document.getElementById(`${id}-${Math.min(focusNext.current, lines.length - 1)}`)?.focus()
    focusNext.current = undefined
  }, [id, lines.length])
  const add = (): void => {
    focusNext.current = lines.length
    set([...lines, ''])
  }
  /** The last one is emptied. */
  const takeAway = (index: number): void => {
    if (lines.length > 1) focusNext.current = index
    else document.getElementById(`${id}-0`)?.focus()
    set(lines.toSpliced(index, 1))
  }
  return (
    <fieldset className="labelled uris" id={id} tabIndex={-1} aria-describedby={`${id}-hint`}>
      <legend>{label}</legend>
      {lines.map((line, index) => (
        <Line
          // biome-ignore lint/suspicious/noArrayIndexKey: a line has no identity but its place, and is typed into.
          key={index}
          id={`${id}-${index}`}
          label={`${label} ${index + 1}`}
          value={line}
          error={errorOf(line.trim())}
          onType={(next) => set(lines.with(index, next))}
          onTakeAway={lines.length > 1 || line !== '' ? () => takeAway(index) : undefined}
        />
      ))}
      <small id={`${id}-hint`} className="note quiet">
        {hint}
      </small>
      {error !== undefined && <small className="note error">{error}</small>}
      <button className="button bare" type="button" onClick={add}>
        <Icon name="plus" />
        {form.another}
      </button>
    </fieldset>
  )
}

interface LineProps {
  readonly id: string
  readonly label: string
  readonly value: string
  readonly error: string | undefined
  readonly onType: (value: string) => void
  /** `undefined`: there is nothing to take away. */
  readonly onTakeAway: (() => void) | undefined
}

function Line({ id, label, value, error, onType, onTakeAway }: LineProps): ReactNode {
  return (
    <div className={error === undefined ? 'line' : 'line invalid'}>
      <TypedInput
        id={id}
        className="input"
        inputMode="url"
        autoCapitalize="off"
        spellCheck={false}
        aria-label={label}
        aria-invalid={error === undefined ? undefined : true}
        aria-describedby={error === undefined ? undefined : `${id}-error`}
        value={value}
        onType={onType}
      />
      {onTakeAway !== undefined && (
        <button className="button bare" type="button" aria-label={form.takeAway(label)} onClick={onTakeAway}>
          <Icon name="cross" />
        </button>
      )}
      {error !== undefined && (
        <small id={`${id}-error`} className="note error">
          {error}
        </small>
      )}
    </div>
  )
}
