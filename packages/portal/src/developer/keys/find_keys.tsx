/** Finds keys by a text, which the address keeps. A credential never goes there: of a key its id alone is used, and the line is cleared. */
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, type ReactNode, useId } from 'react'
import { useFinder } from '../../shared/frame/use_finder.ts'
import { TypedInput } from '../../shared/kit/fields/typed_input.tsx'
import { Icon } from '../../shared/kit/icon.tsx'
import { mayHoldSecret, readPasted } from '../../shared/pasted_key.ts'
import { text } from '../../shared/text.ts'

export function FindKeys({ query }: { readonly query: string }): ReactNode {
  const navigate = useNavigate({ from: '/keys' })
  const said = useId()
  const { find, forget, wrong } = useFinder()
  const type = (value: string): boolean => {
    forget()
    if (mayHoldSecret(value)) {
      find(value)
      return false
    }
    const q = value === '' ? undefined : value
    void navigate({ search: ({ after: _, ...rest }) => ({ ...rest, q }), replace: true, resetScroll: false })
    return true
  }
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const { value } = event.currentTarget.elements.namedItem('q') as HTMLInputElement
    if (readPasted(value.trim()) !== undefined) find(value)
  }
  return (
    <search className="find-keys">
      <form className="field" onSubmit={submit}>
        <Icon name="search" />
        <TypedInput
          name="q"
          autoCapitalize="off"
          spellCheck={false}
          data-search=""
          value={query}
          maxLength={200}
          placeholder={text.keys.findPlaceholder}
          aria-label={text.keys.find}
          aria-describedby={said}
          aria-invalid={wrong !== undefined}
          onType={type}
        />
      </form>
      <p id={said} className={wrong === undefined ? 'said' : 'said wrong card'} role="status">
        {wrong}
      </p>
    </search>
  )
}
