/** Shows data, or what stands in its place: a skeleton while it is asked for, a problem. Data of before is marked as such. */
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Problem } from './problem.tsx'
import { Refetching, Skeleton, Stale } from './states.tsx'

interface ReadProps<D> {
  readonly of: Pick<UseQueryResult<D>, 'data' | 'dataUpdatedAt' | 'error' | 'isFetching' | 'refetch'>
  /** The rows of the skeleton. */
  readonly rows: number
  /** Says what is being read to those who do not see the skeleton. */
  readonly label: string
  /** `isStale`: the data is of before, by which nothing is decided. */
  readonly children: (data: D, isStale: boolean) => ReactNode
}

export function Read<D>({ of, rows, label, children }: ReadProps<D>): ReactNode {
  const { data, dataUpdatedAt, error, isFetching, refetch } = of
  if (data === undefined)
    return error === null ? (
      <Skeleton rows={rows} label={label} />
    ) : (
      <Problem error={error} onRetry={() => void refetch()} />
    )
  return (
    <>
      {error !== null && <Stale since={dataUpdatedAt} error={error} />}
      <Refetching isOn={isFetching} />
      {children(data, error !== null)}
    </>
  )
}
