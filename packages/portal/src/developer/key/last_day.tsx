/** The calls of the last day, which an end would break, or that nobody can tell them now. */
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type Caller, lastDayQuery } from '../../shared/api/queries.ts'
import { text } from '../../shared/text.ts'
import { ago } from '../../shared/time.ts'

interface LastDayProps {
  readonly of: Caller
  /** Null: none was verified. Absent: not asked. */
  readonly lastUsedAt?: string | null
  readonly words: { readonly used: (many: number) => string; readonly unused: string }
}

export function LastDay({ of, lastUsedAt, words }: LastDayProps): ReactNode {
  const { data, error } = useQuery(lastDayQuery(of))
  if (data === undefined || error !== null)
    return <p role="status">{error === null ? text.lastDay.asking : text.lastDay.unknown}</p>
  const used = data.data.reduce((sum, { count }) => sum + count, 0)
  if (used === 0) return <p role="status">{words.unused}</p>
  return (
    <p role="status">
      {words.used(used)}{' '}
      {lastUsedAt !== undefined &&
        (lastUsedAt === null ? text.lastDay.noneVerified : text.lastDay.last(ago(lastUsedAt)))}
    </p>
  )
}
