/** How far a change has come, until every verifier has it. */
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { receiptQuery } from '../../shared/api/queries.ts'
import { Status } from '../../shared/kit/status.tsx'
import { text } from '../../shared/text.ts'

export interface Revoked {
  readonly feedSequence: number
  /** By `performance.now()`. */
  readonly beganAt: number
  readonly applied: number
  readonly total: number
}

const { revoke } = text

export function Receipt({ of }: { readonly of: Revoked }): ReactNode {
  const { data } = useQuery(receiptQuery(of.feedSequence))
  const { applied, total, complete } = data ?? { ...of, complete: false }
  const seconds = useSecondsUntil(complete, of.beganAt)
  return (
    <section className="card receipt" role="status">
      <Status
        kind={complete ? 'revoked' : 'rolling'}
        word={total === 0 ? revoke.own : revoke.receipt(applied, total)}
        small={complete ? revoke.after(seconds) : revoke.waiting}
      />
    </section>
  )
}

/** Taken once, when it is done. */
function useSecondsUntil(isDone: boolean, beganAt: number): string {
  const [tookMs, setTookMs] = useState<number>()
  if (isDone && tookMs === undefined) setTookMs(performance.now() - beganAt)
  return ((tookMs ?? 0) / 1000).toFixed(1)
}
