/** The answer of an API to a call of the explorer. */

import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { ScrollingText } from '../../shared/kit/scrolling.tsx'
import { Status } from '../../shared/kit/status.tsx'
import { explorer as words } from '../../shared/text/explorer.ts'
import type { ApiAnswer } from './read_answer.ts'

export function AnswerView({ of: answer }: { readonly of: ApiAnswer }): ReactNode {
  const { status, ms, headers, isCut, error, bytes, text: body, isLong } = answer
  const isGood = status < 400
  const id = headers['x-request-id']
  return (
    <section className="stack one" role="status" aria-label={words.answer}>
      <div className="tags">
        <Status kind={isGood ? 'active' : 'revoked'} word={String(status)} small={words.took(ms)} />
        {[401, 403, 429].includes(status) && id !== undefined && (
          <Link className="button" to="/refusals" search={{ request: id, why: id }}>
            {words.why}
          </Link>
        )}
      </div>
      {isCut && <p>{words.cut}</p>}
      {error !== undefined && <p>{words.broken(error)}</p>}
      {bytes === 0 && <p className="quiet">{words.empty}</p>}
      {body === undefined && <p className="quiet">{words.binary(bytes)}</p>}
      {body !== undefined && bytes > 0 && (
        <>
          <ScrollingText className="answer">{body}</ScrollingText>
          {isLong && <p className="quiet">{words.long}</p>}
        </>
      )}
      <details>
        <summary>{words.headers}</summary>
        {'ratelimit' in headers && <p className="note quiet">{words.limit}</p>}
        <dl className="facts wide">
          {Object.entries(headers).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="long">{value}</dd>
            </div>
          ))}
        </dl>
      </details>
    </section>
  )
}
