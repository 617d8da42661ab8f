/** The call that a credential is judged for. */
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { errorOf } from '../../shared/api/problem.ts'
import { apisQuery } from '../../shared/api/queries.ts'
import { Field } from '../../shared/kit/fields/field.tsx'
import { debuggerText as words } from '../../shared/text/debugger.ts'

export interface AskedCall {
  readonly method: string
  /** Empty: no call is judged. */
  readonly path: string
  /** Empty: the API that the credential is for. */
  readonly audience: string
}

interface CallFieldsProps {
  readonly of: AskedCall
  /** The refusal of the question, where it was refused. */
  readonly error: unknown
  readonly onChange: (name: keyof AskedCall, value: string) => void
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']

export function CallFields({ of: { method, path, audience }, error, onChange }: CallFieldsProps): ReactNode {
  const { data: apis } = useQuery(apisQuery)
  return (
    <fieldset>
      <legend>{words.allowed}</legend>
      <p className="note quiet">{words.allowedDetail}</p>
      <div className="fields">
        <Field name="method" label={words.method} error={errorOf(error, 'method')}>
          {(described) => (
            <select {...described} value={method} onChange={(event) => onChange('method', event.target.value)}>
              {[...new Set([...methods, method])].map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          )}
        </Field>
        <Field name="path" label={words.path} hint={words.pathHint} error={errorOf(error, 'path')}>
          {(described) => (
            <input
              {...described}
              className="input"
              type="text"
              autoComplete="off"
              spellCheck={false}
              value={path}
              onChange={(event) => onChange('path', event.target.value)}
            />
          )}
        </Field>
        <Field name="audience" label={words.api} error={errorOf(error, 'audience')}>
          {(described) => (
            <select {...described} value={audience} onChange={(event) => onChange('audience', event.target.value)}>
              <option value="">{words.ownApi}</option>
              {apis?.data.map((api) => (
                <option key={api.id} value={api.audience}>
                  {api.name}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
    </fieldset>
  )
}
