/** Finds applications by name or id. The text goes into the address, so nothing secret is taken. */
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, type ReactNode, useId, useState } from 'react'
import { Icon } from '../../shared/kit/icon.tsx'
import { applicationsText as words } from '../../shared/text/applications.ts'
import { isSecretIn } from './is_secret_in.ts'

export function ApplicationSearch({ q }: { readonly q: string | undefined }): ReactNode {
  const navigate = useNavigate({ from: '/applications' })
  const said = useId()
  const [isRefused, setRefused] = useState(false)
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const field = event.currentTarget.elements.namedItem('q') as HTMLInputElement
    const wanted = field.value.trim()
    const isSecret = isSecretIn(wanted)
    setRefused(isSecret)
    if (isSecret) field.value = q ?? ''
    else
      void navigate({
        search: ({ after: _, q: __, ...rest }) => (wanted === '' ? rest : { ...rest, q: wanted.slice(0, 200) }),
      })
  }
  return (
    <search className="find-applications">
      <form className="field" onSubmit={submit}>
        <Icon name="search" />
        <input
          key={q}
          name="q"
          type="text"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          defaultValue={q}
          placeholder={words.findHint}
          aria-label={words.find}
          aria-describedby={said}
          aria-invalid={isRefused}
          onInput={() => setRefused(false)}
        />
      </form>
      <p id={said} className={isRefused ? 'said wrong card' : 'said'} role="status">
        {isRefused && words.noSecret}
      </p>
    </search>
  )
}
