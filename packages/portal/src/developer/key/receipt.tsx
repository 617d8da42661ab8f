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

/** A change that ends nothing. Its words come with the form that made it, which is loaded late. */
export interface Changed extends Revoked {
  readonly words: ReceiptWords
}

const { revoke } = text

/** Words for a change at the verifiers that have it. */
export interface ReceiptWords {
  readonly receipt: (applied: number, total: number) => string
  readonly own: string
}

interface ReceiptProps {
  readonly of: Revoked
  /** Default: of what was revoked, whose mark it has in the end. */
  readonly words?: ReceiptWords
}

export function Receipt({ of, words = revoke }: ReceiptProps): ReactNode {
  const { data, error } = useQuery(receiptQuery(of.feedSequence))
  const { applied, total, complete } = data ?? { ...of, complete: false }
  const tookMs = useMsUntil(complete, of.beganAt)
  const silent = complete && applied < total ? ` ${revoke.silent(total - applied)}.` : ''
  return (
    <section className="card receipt" role="status">
      <Status
        kind={!complete ? 'rolling' : words === revoke ? 'revoked' : 'active'}
        word={total === 0 ? words.own : words.receipt(applied, total)}
        small={complete ? `${revoke.after(secondsOf(tookMs))}${silent === '' ? '' : `.${silent}`}` : waiting(error)}
      />
    </section>
  )
}

function waiting(error: Error | null): string {
  return error === null ? revoke.waiting : revoke.unknown
}

/** From the click until it was known here, taken once: it was so by then at the latest. */
function useMsUntil(isDone: boolean, beganAt: number): number {
  const [tookMs, setTookMs] = useState<number>()
  if (isDone && tookMs === undefined) setTookMs(performance.now() - beganAt)
  return tookMs ?? 0
}

/** Never less than it was. */
function secondsOf(ms: number): string {
  return (Math.ceil(ms / 100) / 10).toFixed(1)
}
