/** Beside the form: what this key will be able to do, in a sentence, and the same by other means. */
import type { ReactNode } from 'react'
import { CodeBlock } from '../../shared/kit/code_block.tsx'
import { issuerUrl } from '../../shared/page_data.ts'
import { text } from '../../shared/text.ts'
import { atTime } from '../../shared/time.ts'
import type { Choices } from './choose.ts'
import { type Draft, endOf, limitsOf, windowDefault } from './draft.ts'
import { samplesOf } from './samples.ts'

interface ReviewProps {
  readonly draft: Draft
  readonly choices: Choices
}

export function Review({ draft, choices }: ReviewProps): ReactNode {
  const scopes = (draft.scope ?? '').split(' ').filter((token) => token !== '')
  const end = endOf(draft)
  const { ipAllow, originAllow } = limitsOf(draft)
  return (
    <aside className="review">
      <section className="card pad">
        <h2>{text.create.sentence}</h2>
        <p>
          {text.review.calls} <b>{choices.api?.name}</b>{' '}
          {scopes.length === 0 ? (
            text.review.nothing
          ) : (
            <>
              {text.review.with}{' '}
              {scopes.map((each) => (
                <code key={each}>{each} </code>
              ))}
            </>
          )}
          {ipAllow === undefined ? text.review.anywhere : text.review.from(ipAllow)},{' '}
          {originAllow !== undefined && `${text.review.of(originAllow)}, `}
          {draft.limit !== undefined && `${text.review.rate(draft.limit, draft.windowSeconds ?? windowDefault)}, `}
          {end === null ? text.review.forever : text.review.until(atTime(end))}.
        </p>
      </section>
      <CodeBlock label={text.create.same} samples={samplesOf(draft, choices, issuerUrl())} />
    </aside>
  )
}
