import type { ReactNode } from 'react'
import { text } from '../text.ts'

/** Scope tokens; after the first few, how many more. */
export function Tags({
  scope,
  shown = Number.POSITIVE_INFINITY,
}: {
  readonly scope: string
  readonly shown?: number
}): ReactNode {
  const tokens = scope.split(' ').filter((token) => token !== '')
  const rest = tokens.length - shown
  return (
    <div className="tags">
      {tokens.slice(0, shown).map((token) => (
        <span key={token} className="tag">
          {token}
        </span>
      ))}
      {rest > 0 && (
        <span className="tag more" title={tokens.slice(shown).join(' ')}>
          {text.key.more(rest)}
        </span>
      )}
    </div>
  )
}
