/** Beside the form: what this key will be able to do, in a sentence, and the same by other means. */
import type { ReactNode } from 'react'
import { CodeBlock } from '../../shared/kit/code_block.tsx'
import { pageData } from '../../shared/page_data.ts'
import { text } from '../../shared/text.ts'
import { atTime } from '../../shared/time.ts'
import { type Choices, newClientId } from './choose.ts'
import { bodyOf, type Draft, endOf } from './draft.ts'

interface ReviewProps {
  readonly draft: Draft
  readonly choices: Choices
}

export function Review({ draft, choices }: ReviewProps): ReactNode {
  const scopes = (draft.scope ?? '').split(' ').filter((token) => token !== '')
  const end = endOf(draft)
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
          {draft.ipAllow === undefined ? text.review.anywhere : text.review.from(draft.ipAllow)},{' '}
          {end === null ? text.review.forever : text.review.until(atTime(end))}.
        </p>
      </section>
      <CodeBlock label={text.create.same} samples={samplesOf(draft, choices)} />
    </aside>
  )
}

/** With a placeholder where a credential goes. */
function samplesOf(draft: Draft, { holder, api }: Choices): Readonly<Record<string, string>> {
  const body = bodyOf(draft, {
    clientId: holder === undefined || holder.clientId === newClientId ? 'client_…' : holder.clientId,
    audience: api?.audience ?? '',
  })
  const url = `${location.origin}${pageData.base}/v1/keys`
  const { days = '90' } = draft
  return {
    curl: [
      `curl ${url} \\`,
      '  -H "Authorization: Bearer $COUNTERSIGN_KEY" \\',
      '  -H "Content-Type: application/json" \\',
      `  -d ${quote(JSON.stringify(body, null, 2))}`,
    ].join('\n'),
    'command line': [
      'npx countersign keys create \\',
      `  --client ${body.clientId} --audience ${body.audience} \\`,
      `  --scope ${quote(draft.scope ?? '')} --name ${quote(body.name)} \\`,
      `  --environment ${body.environment ?? 'live'}${days === '0' ? '' : ` --expires-in ${days}d`}`,
    ].join('\n'),
  }
}

function quote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`
}
