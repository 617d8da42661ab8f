/** The foot of a list that has pages: what is shown, the way back to the first, and on. */
import type { ReactNode } from 'react'
import { text } from '../text.ts'

interface PagesProps {
  /** The cursor of this page; the first has none. */
  readonly after: string | undefined
  readonly next: string | null
  readonly onGo: (after: string | undefined) => void
  readonly children: ReactNode
}

export function Pages({ after, next, onGo, children }: PagesProps): ReactNode {
  const go = (to: string | undefined): void => {
    onGo(to)
    document.getElementById('main')?.focus()
  }
  return (
    <div className="foot">
      <span>{children}</span>
      {(after !== undefined || next !== null) && (
        <div className="pages">
          <button className="button" type="button" disabled={after === undefined} onClick={() => go(undefined)}>
            {text.keys.first}
          </button>
          <button className="button" type="button" disabled={next === null} onClick={() => go(next ?? undefined)}>
            {text.keys.older}
          </button>
        </div>
      )}
    </div>
  )
}
