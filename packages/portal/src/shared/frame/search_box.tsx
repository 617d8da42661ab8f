/** Finds a key or a refused request by its id. The box is cleared: a text that was pasted may be a secret. */
import { type FormEvent, type ReactNode, useId } from 'react'
import { Icon } from '../kit/icon.tsx'
import { text } from '../text.ts'
import { useShortcutSwitch } from './shortcut_switch.ts'
import { useFinder } from './use_finder.ts'

export function SearchBox(): ReactNode {
  const said = useId()
  const isKeyed = useShortcutSwitch()
  const { find, forget, wrong } = useFinder()
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const field = event.currentTarget.elements.namedItem('find') as HTMLInputElement
    const { value } = field
    field.value = ''
    if (find(value)) field.blur()
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
