/** Above a form that was refused: the fields that the server names, as links to them; anything else as it was said. Focus comes here. */
import { type ReactNode, useEffect, useRef } from 'react'
import { ApiProblem, isAnswerLost, memberOf } from '../../api/problem.ts'
import { text } from '../../text.ts'
import { Problem } from '../problem.tsx'
import { fieldId } from './field.tsx'

interface SummaryProps {
  readonly error: unknown
  /** Says what a retry does where the answer was lost. */
  readonly lost?: string
}

export function Summary({ error, lost }: SummaryProps): ReactNode {
  const summary = useRef<HTMLElement>(null)
  useEffect(() => {
    if (error !== undefined) summary.current?.focus()
  }, [error])
  const fields = error instanceof ApiProblem ? error.errors : []
  if (fields.length === 0)
    return (
      <section ref={summary} tabIndex={-1}>
        <Problem error={error} />
        {isAnswerLost(error) && <p className="quiet">{lost}</p>}
      </section>
    )
  return (
    <section ref={summary} tabIndex={-1} className="notice bad" role="alert">
      <div className="stack">
        <h2>{text.create.summary}</h2>
        <ul>
          {fields.map((each) => (
            <li key={each.pointer}>
              <a
                href={`#${fieldId(memberOf(each))}`}
                onClick={(event) => {
                  event.preventDefault()
                  document.getElementById(fieldId(memberOf(each)))?.focus()
                }}
              >
                {text.field(memberOf(each))} {each.detail}
              </a>
            </li>
          ))}
        </ul>
      </div>
    </section>
  )
}
