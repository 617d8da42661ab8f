import type { ReactNode } from 'react'
import { Field } from '../../shared/kit/fields/field.tsx'
import { text } from '../../shared/text.ts'
import type { Choices } from './choose.ts'
import type { PartProps } from './limits.tsx'

const { create } = text

export function WhereGood({ draft, errorOf, onChange, choices }: PartProps & { readonly choices: Choices }): ReactNode {
  const { environment = 'live' } = draft
  return (
    <>
      <fieldset className="labelled">
        <legend>{create.environment}</legend>
        <div className="seg">
          {(['live', 'test'] as const).map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="environment"
                checked={environment === each}
                onChange={() => onChange('environment', each)}
              />
              {each === 'live' ? create.live : create.test}
            </label>
          ))}
        </div>
        <small className="note quiet">{create.environmentHint}</small>
      </fieldset>
      <Field name="clientId" label={create.client} hint={create.clientHint} error={errorOf('clientId')}>
        {(described) => (
          <select
            {...described}
            value={choices.holder?.clientId}
            onChange={(event) => onChange('clientId', event.target.value)}
          >
            {choices.holders.map(({ clientId, name }) => (
              <option key={clientId} value={clientId}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field name="audience" label={create.api} error={errorOf('audience')}>
        {(described) => (
          <select
            {...described}
            value={choices.api?.audience}
            onChange={(event) => onChange('audience', event.target.value)}
          >
            {choices.apis.map(({ id, audience, name }) => (
              <option key={id} value={audience}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
    </>
  )
}
