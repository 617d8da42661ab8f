/** The scope of the key: a preset, then each token with its sentence. Tokens that cannot be given are grey, with the reason. */
import type { ReactNode } from 'react'
import { fieldId } from '../../shared/kit/fields/field.tsx'
import { text } from '../../shared/text.ts'
import type { Choices } from './choose.ts'

interface ScopesProps extends Pick<Choices, 'api' | 'givable'> {
  readonly scope: string
  readonly error: string | undefined
  readonly onChange: (scope: string) => void
  /** Names the group for those who do not see what stands above it. Default: that of the form for a new key. */
  readonly legend?: string
}

export function Scopes({ api, givable, scope, error, onChange, legend = text.create.access }: ScopesProps): ReactNode {
  const chosen = new Set(scope.split(' ').filter((token) => token !== ''))
  const set = (tokens: Iterable<string>): void => onChange([...tokens].join(' '))
  const all = (api?.scopes ?? []).map(({ name }) => name).filter((name) => givable.has(name))
  const toggle = (name: string): void =>
    set(all.filter((each) => (each === name ? !chosen.has(each) : chosen.has(each))))
  const isAll = all.length > 1 && all.every((name) => chosen.has(name))
  return (
    <fieldset
      className="scopes"
      id={fieldId('scope')}
      tabIndex={-1}
      aria-describedby={error === undefined ? undefined : 'scope-error'}
    >
      <legend className="hidden">{legend}</legend>
      <div className="acts">
        {(
          [
            [text.create.readOnly, all.filter(isRead)],
            [text.create.everything, all],
            [text.create.nothing, []],
          ] as const
        ).map(([word, tokens]) => (
          <button key={word} className="button" type="button" onClick={() => set(tokens)}>
            {word}
          </button>
        ))}
      </div>
      <ul>
        {(api?.scopes ?? []).map(({ name, description }) => (
          <li key={name}>
            <label className="check">
              <input
                type="checkbox"
                checked={chosen.has(name)}
                disabled={!givable.has(name)}
                onChange={() => toggle(name)}
              />
              <span>
                <code>{name}</code>
                <small className="note quiet">{givable.has(name) ? description : text.create.notGiven}</small>
              </span>
            </label>
          </li>
        ))}
      </ul>
      {isAll && <p className="note quiet">{text.create.all}</p>}
      {error !== undefined && (
        <small id="scope-error" className="note error">
          {error}
        </small>
      )}
    </fieldset>
  )
}

function isRead(name: string): boolean {
  return /(?:^|[:._/-])(?:read|get|list|view)$/i.test(name)
}
