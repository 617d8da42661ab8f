/** Buttons, fields and what is said beside them. */
import { type ReactNode, useState } from 'react'
import { ApiProblem } from '../../shared/api/problem.ts'
import { Checks, CodePage } from '../../shared/kit/fields/checks.tsx'
import { Field } from '../../shared/kit/fields/field.tsx'
import { Filter } from '../../shared/kit/fields/filter.tsx'
import { Reason } from '../../shared/kit/fields/reason.tsx'
import { Summary } from '../../shared/kit/fields/summary.tsx'
import { TypedInput } from '../../shared/kit/fields/typed_input.tsx'
import { checksText } from '../../shared/text/checks.ts'
import { kitText } from '../../shared/text/kit.ts'
import { text } from '../../shared/text.ts'
import { InState, Shown } from './shown.tsx'

const { names, sample } = kitText

const checks = [
  { name: 'format', result: 'passed' },
  { name: 'known', result: 'passed' },
  { name: 'scope', result: 'failed', has: 'orders:read', needs: 'orders:write' },
  { name: 'rate_limit', result: 'skipped' },
] as const

const refused = new ApiProblem(400, {
  code: 'invalid_request',
  detail: sample.wrong,
  errors: [{ pointer: '/kit-refused', detail: sample.wrong }],
})
const lost = new ApiProblem(0, { code: 'no_answer', detail: text.problem.noAnswer })

export function Fields(): ReactNode {
  return (
    <>
      <Shown of="button, in ui.css">
        <div className="row">
          {(['', 'primary', 'danger', 'bare'] as const).map((kind) => (
            <button key={kind} type="button" className={`button ${kind}`.trim()}>
              {kind === '' ? names.plain : kind}
            </button>
          ))}
          <button type="button" className="button" disabled>
            {names.disabled}
          </button>
        </div>
      </Shown>
      <Shown of="fields/field.tsx">
        <div className="grid">
          <Sample name="kit-plain" state={names.plain} />
          <Sample name="kit-hint" state={names.hint} hint={sample.hint} />
          <Sample name="kit-refused" state={names.refused} hint={sample.hint} error={sample.wrong} />
          <Sample name="kit-disabled" state={names.disabled} isDisabled />
        </div>
      </Shown>
      <Shown of="fields/typed_input.tsx">
        <Typed />
      </Shown>
      <Shown of="fields/reason.tsx">
        <Reason />
      </Shown>
      <Shown of="fields/summary.tsx">
        <Summary error={refused} />
        <Summary error={lost} lost={text.create.lost} />
      </Shown>
      <Shown of="fields/filter.tsx">
        <div className="row">
          <Filters />
        </div>
      </Shown>
      <Shown of="fields/checks.tsx">
        <Checks of={checks} />
        <p>
          <CodePage of="insufficient_scope" />
        </p>
        <p className="note quiet">{checksText.skipped}</p>
      </Shown>
    </>
  )
}

interface SampleProps {
  readonly name: string
  readonly state: string
  readonly hint?: string
  readonly error?: string
  readonly isDisabled?: true
}

function Sample({ name, state, hint, error, isDisabled = undefined }: SampleProps): ReactNode {
  return (
    <Field name={name} label={`${text.create.name}, ${state}`} error={error} {...(hint === undefined ? {} : { hint })}>
      {(described) => (
        <input {...described} className="input" defaultValue={sample.name} disabled={isDisabled === true} />
      )}
    </Field>
  )
}

function Typed(): ReactNode {
  const [value, setValue] = useState<string>(sample.name)
  return (
    <Field name="kit-typed" label={text.create.name}>
      {(described) => <TypedInput {...described} className="input" value={value} onType={setValue} />}
    </Field>
  )
}

function Filters(): ReactNode {
  const [chosen, setChosen] = useState('')
  const options = [
    ['', text.keys.any],
    ['active', text.key.status.active],
  ] as const
  return (
    <>
      <Filter label={text.keys.filterStatus} value={chosen} options={options} onChoose={setChosen} />
      <InState name={names.on}>
        <Filter label={text.keys.filterClient} value="active" options={options} onChoose={() => undefined} />
      </InState>
    </>
  )
}
