/** Finds a key or a refused request by its id, else a screen, operations or keys by name. The box is cleared: a text that was pasted may be a secret. */
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, type ReactNode, useId } from 'react'
import { Icon } from '../kit/icon.tsx'
import { readPasted } from '../pasted_key.ts'
import { text } from '../text.ts'
import { foundPlace } from './found_place.ts'
import { useShortcutSwitch } from './shortcut_switch.ts'
import { useFinder } from './use_finder.ts'

export function SearchBox(): ReactNode {
  const said = useId()
  const isKeyed = useShortcutSwitch()
  const { find, forget, wrong } = useFinder()
  const navigate = useNavigate()
  /** Gives whether the text names a place; ids and keys are the finder's. */
  const goTo = (written: string): boolean => {
    const place = readPasted(written.trim()) === undefined ? foundPlace(written) : undefined
    if (place === undefined) return false
    forget()
    if ('screen' in place) void navigate({ to: place.screen, search: {} })
    else if ('keys' in place) void navigate({ to: '/keys', search: { q: place.keys } })
    else void navigate({ to: '/reference', search: { q: place.operations } })
    return true
  }
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const field = event.currentTarget.elements.namedItem('find') as HTMLInputElement
    const { value } = field
    field.value = ''
    if (goTo(value) || find(value)) field.blur()
  }
  return (
    <search className="find">
      <form className="field" onSubmit={submit}>
        <Icon name="search" />
        <input
          name="find"
          type="text"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          data-search=""
          placeholder={text.search.placeholder}
          aria-label={text.search.label}
          aria-describedby={said}
          aria-invalid={wrong !== undefined}
          onInput={forget}
        />
        {isKeyed && <kbd>/</kbd>}
      </form>
      <p id={said} className={wrong === undefined ? 'said' : 'said wrong card'} role="status">
        {wrong}
      </p>
    </search>
  )
}
