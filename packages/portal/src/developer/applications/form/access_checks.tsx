/** The APIs that an application may ask for, each with its scopes. Tokens that cannot be given are grey, with the reason. */
import type { ReactNode } from 'react'
import { fieldId } from '../../../shared/kit/fields/field.tsx'
import { applicationsText as words } from '../../../shared/text/applications.ts'
import type { AccessChoice } from './access_choices.ts'
import { type Access, accessOf, accessText } from './draft.ts'

const { form } = words

interface AccessChecksProps {
  readonly choices: readonly AccessChoice[]
  readonly value: string
  readonly errorOf: (audience: string) => string | undefined
  readonly onChange: (value: string) => void
}

export function AccessChecks({ choices, value, errorOf, onChange }: AccessChecksProps): ReactNode {
  const access = accessOf(value)
  const set = (audience: string, scope: string | undefined): void => {
    const chosen: Access[] = choices.flatMap((each) => {
      const now = each.audience === audience ? scope : access.find((it) => it.audience === each.audience)?.scope
      return now === undefined ? [] : [{ audience: each.audience, scope: now }]
    })
    onChange(accessText(chosen))
  }
  return (
    <div className="stack" id={fieldId('access')} tabIndex={-1}>
      {choices.map((choice) => (
        <OneApi
          key={choice.audience}
          of={choice}
          isAlone={choices.length === 1}
          scope={access.find(({ audience }) => audience === choice.audience)?.scope}
          error={errorOf(choice.audience)}
          onChange={(scope) => set(choice.audience, scope)}
        />
      ))}
    </div>
  )
}

interface OneApiProps {
  readonly of: AccessChoice
  /** Its scopes are shown before it is ticked: to tick one is to tick it. */
  readonly isAlone: boolean
  /** `undefined`: it may not ask for this API. */
  readonly scope: string | undefined
  readonly error: string | undefined
  readonly onChange: (scope: string | undefined) => void
}

function OneApi({ of: { audience, name, scopes }, isAlone, scope, error, onChange }: OneApiProps): ReactNode {
  const chosen = new Set(scope?.split(' ').filter((token) => token !== ''))
  const toggle = (token: string): void =>
    onChange(
      scopes
        .map((each) => each.name)
        .filter((each) => (each === token ? !chosen.has(each) : chosen.has(each)))
        .join(' '),
    )
  return (
    <fieldset className="scopes one-api">
      <legend className="hidden">{name}</legend>
      <label className="check">
        <input
          type="checkbox"
          checked={scope !== undefined}
          onChange={() => onChange(scope === undefined ? '' : undefined)}
        />
        <span>
          <b>{name}</b>
          <small className="note quiet long">{audience}</small>
        </span>
      </label>
      {scope !== undefined && scopes.length === 0 && <p className="note quiet">{form.noScopes}</p>}
      {(scope !== undefined || isAlone) && scopes.length > 0 && (
        <ul>
          {scopes.map((each) => (
            <li key={each.name}>
              <label className="check">
                <input
                  type="checkbox"
                  checked={chosen.has(each.name)}
                  disabled={!each.isGivable}
                  onChange={() => toggle(each.name)}
                />
                <span>
                  <code>{each.name}</code>
                  <small className="note quiet">{each.isGivable ? each.description : form.notGiven}</small>
                </span>
              </label>
            </li>
          ))}
        </ul>
      )}
      {error !== undefined && <small className="note error">{error}</small>}
    </fieldset>
  )
}
