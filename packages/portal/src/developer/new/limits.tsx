import type { ReactNode } from 'react'
import { Field } from '../../shared/kit/fields/field.tsx'
import { TypedInput } from '../../shared/kit/fields/typed_input.tsx'
import { text } from '../../shared/text.ts'
import { type Draft, type DraftName, daysOf, windowDefault } from './draft.ts'

export interface PartProps {
  readonly draft: Draft
  readonly errorOf: (name: string) => string | undefined
  readonly onChange: (name: DraftName, value: string) => void
}

const { create } = text

export function Limits({ draft, errorOf, onChange }: PartProps): ReactNode {
  const days = daysOf(draft)
  const isOpen = ['ipAllow', 'originAllow', 'limit'].some((name) => draft[name as DraftName] !== undefined)
  return (
    <>
      <Field name="expiresAt" label={create.ends} error={errorOf('expiresAt')}>
        {(described) => (
          <select {...described} value={days} onChange={(event) => onChange('days', event.target.value)}>
            {[...new Set([7, 30, 90, 365, 0, days])].map((each) => (
              <option key={each} value={each}>
                {create.ending(each)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <details open={isOpen || errorOf('ipAllow') !== undefined}>
        <summary>{create.more}</summary>
        <div className="stack">
          <Line of="ipAllow" label={create.addresses} hint={create.addressesHint} part={{ draft, errorOf, onChange }} />
          <Line of="originAllow" label={create.origins} hint={create.originsHint} part={{ draft, errorOf, onChange }} />
          <Line
            of="limit"
            label={create.limit}
            hint={create.limitHint}
            part={{ draft, errorOf, onChange }}
            at="rateLimit"
          />
          {draft.limit !== undefined && (
            <Line
              of="windowSeconds"
              label={create.window}
              part={{ draft: { ...draft, windowSeconds: draft.windowSeconds ?? windowDefault }, errorOf, onChange }}
            />
          )}
        </div>
      </details>
    </>
  )
}

interface LineProps {
  readonly of: DraftName
  readonly label: string
  readonly hint?: string
  readonly part: PartProps
  /** The member of the body that its errors name. Default: the same. */
  readonly at?: string
}

export function Line({ of, label, hint, part, at = of }: LineProps): ReactNode {
  const isNumber = of === 'limit' || of === 'windowSeconds'
  return (
    <Field name={at} label={label} error={part.errorOf(at)} {...(hint === undefined ? {} : { hint })}>
      {(described) => (
        <TypedInput
          {...described}
          className="input"
          inputMode={isNumber ? 'numeric' : 'text'}
          value={part.draft[of] ?? ''}
          onType={(value) => part.onChange(of, value)}
        />
      )}
    </Field>
  )
}
