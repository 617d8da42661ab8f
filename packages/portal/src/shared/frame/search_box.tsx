/** Finds a key by its id, or by the key itself, of which the id alone goes further, and a refused request by its id; the box is cleared. */
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, type ReactNode, useId, useState } from 'react'
import { Icon } from '../kit/icon.tsx'
import { type Pasted, readPasted } from '../pasted_key.ts'
import { text } from '../text.ts'
import { useShortcutSwitch } from './shortcut_switch.ts'

export function SearchBox({ className }: { readonly className: string }): ReactNode {
  const navigate = useNavigate()
  const said = useId()
  const isKeyed = useShortcutSwitch()
  const [wrong, setWrong] = useState<string>()
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const field = event.currentTarget.elements.namedItem('find') as HTMLInputElement
    const found = readPasted(field.value.trim())
    // A text that was pasted may be a secret: it does not stay on the page.
    field.value = ''
    setWrong(wrongOf(found))
    if (found === undefined || 'wrong' in found) return
    field.blur()
    if ('requestId' in found) navigate({ to: '/refusals', search: { request: found.requestId } })
    else navigate({ to: '/keys/$id', params: { id: found.id }, search: {} })
  }
  return (
    <search className={className}>
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
          onInput={() => setWrong(undefined)}
        />
        {isKeyed && <kbd>/</kbd>}
      </form>
      <p id={said} className={wrong === undefined ? 'said' : 'said wrong card'} role="status">
        {wrong}
      </p>
    </search>
  )
}

function wrongOf(found: Pasted): string | undefined {
  if (found === undefined) return text.search.unknown
  return 'wrong' in found ? text.search.wrongChecksum : undefined
}
