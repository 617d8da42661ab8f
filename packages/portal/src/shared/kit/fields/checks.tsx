/** The checks of a credential in the order in which they are made: how each went is a word and a shape. */
import type { ReactNode } from 'react'
import type { Check } from '../../api/usage_queries.ts'
import { pageData } from '../../page_data.ts'
import { checksText as words } from '../../text/checks.ts'
import { Status, type StatusKind } from '../status.tsx'

const kinds = { passed: 'active', failed: 'revoked', skipped: 'expired' } as const satisfies Record<string, StatusKind>

export function Checks({ of }: { readonly of: readonly Check[] }): ReactNode {
  return (
    <ol className="checks" aria-label={words.list}>
      {of.map((check) => (
        <li key={check.name} className={check.result}>
          <Status kind={kinds[check.result]} word={words.results[check.result]} />
          <span>
            {words.names[check.name] ?? check.name} <code className="quiet">{check.name}</code>
            <Compared of={check} />
          </span>
        </li>
      ))}
    </ol>
  )
}

/** The two sides of a comparison. */
export function Compared({ of: { has, needs } }: { readonly of: Pick<Check, 'has' | 'needs'> }): ReactNode {
  const sides = [
    [words.has, has],
    [words.needs, needs],
  ].filter(([, value]) => value !== undefined)
  if (sides.length === 0) return null
  return (
    <span className="compared">
      {sides.map(([side, value]) => (
        <span key={side}>
          <span className="quiet">{side}</span> <code>{value === '' ? '—' : value}</code>
        </span>
      ))}
    </span>
  )
}

/** The codes that an outsider is not told: the answer of each is `invalid_token`. */
const told = [
  'missing_credential',
  'invalid_request',
  'address_not_allowed',
  'origin_not_allowed',
  'insufficient_scope',
  'rate_limited',
]

/** The page of the code that the answer had. */
export function CodePage({ of: code }: { readonly of: string }): ReactNode {
  const answered = told.includes(code) ? code : 'invalid_token'
  return <a href={`${pageData.base}/errors/${answered}`}>{words.page(answered)}</a>
}
