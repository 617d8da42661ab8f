/** A call that did not succeed: what happened, and the one thing to do about it. */
import type { ReactNode } from 'react'
import { ApiProblem } from '../api/problem.ts'
import { pageData, through } from '../page_data.ts'
import { text } from '../text.ts'
import { CopyId } from './copy_id.tsx'
import { Icon } from './icon.tsx'

interface ProblemProps {
  readonly error: unknown
  /** Absent where asking again is not a matter of a button. */
  readonly onRetry?: (() => void) | undefined
}

export function Problem({ error, onRetry }: ProblemProps): ReactNode {
  if (!(error instanceof ApiProblem)) throw error
  if (error.code === 'step_up_required') return <StepUp url={error.stepUpUrl ?? `${pageData.base}/account/step-up`} />
  // Another refusal of 403 is mended by no role.
  const isForbidden = error.code === 'insufficient_scope'
  return (
    <section className="card problem" role="alert">
      <h2>{isForbidden ? text.problem.forbidden : text.problem.title}</h2>
      <p>{error.message}</p>
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
