/** A call that did not succeed: what happened, and the one thing to do about it. */
import type { ReactNode } from 'react'
import { ApiProblem, memberOf } from '../api/problem.ts'
import { pageData, through } from '../page_data.ts'
import { text } from '../text.ts'
import { CopyId } from './copy_id.tsx'
import { Icon } from './icon.tsx'

interface ProblemProps {
  readonly error: unknown
  /** Absent where asking again is not a matter of a button. */
  readonly onRetry?: (() => void) | undefined
  /** The members of the body beside whose fields the server's words stand already. Default: none. */
  readonly fields?: readonly string[]
}

export function Problem({ error, onRetry, fields = [] }: ProblemProps): ReactNode {
  if (!(error instanceof ApiProblem)) throw error
  if (error.code === 'step_up_required') return <StepUp url={error.stepUpUrl ?? `${pageData.base}/account/step-up`} />
  // Another refusal of 403 is mended by no role.
  const isForbidden = error.code === 'insufficient_scope'
  const others = error.errors.filter((each) => !fields.includes(memberOf(each)))
  return (
    <section className="card problem" role="alert">
      <h2>{isForbidden ? text.problem.forbidden : text.problem.title}</h2>
      <p>{error.message}</p>
      {others.length > 0 && (
        <ul>
          {others.map((each) => (
            <li key={each.pointer}>
              {text.field(memberOf(each))} {each.detail}
            </li>
          ))}
        </ul>
      )}
      {isForbidden && <p className="quiet">{text.problem.forbiddenDetail}</p>}
      <footer>
        {error.requestId !== undefined && <CopyId id={error.requestId} />}
        {onRetry !== undefined && (
          <button className="button" type="button" onClick={onRetry}>
            {text.problem.retry}
          </button>
        )}
      </footer>
    </section>
  )
}

function StepUp({ url }: { readonly url: string }): ReactNode {
  return (
    <section className="notice warn" role="alert">
      <Icon name="warning" />
      <div className="stack">
        <h2>{text.session.stepUp}</h2>
        <p>{text.session.stepUpDetail}</p>
        <a className="button primary" href={through(url)}>
          {text.session.stepUp}
        </a>
      </div>
    </section>
  )
}
