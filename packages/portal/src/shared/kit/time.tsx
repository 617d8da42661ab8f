import type { ReactNode } from 'react'
import { ago, exactly } from '../time.ts'

/** Relative; as it is on hover, and for whoever asks the element. */
export function Ago({ at }: { readonly at: string }): ReactNode {
  return (
    <time dateTime={at} title={exactly(at)}>
      {ago(at)}
    </time>
  )
}

/** Both, for a page that has room. */
export function Exactly({ at }: { readonly at: string }): ReactNode {
  return (
    <time dateTime={at}>
      {exactly(at)} <span className="quiet nowrap">({ago(at)})</span>
    </time>
  )
}
