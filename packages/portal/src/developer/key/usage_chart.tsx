/** Thirty days of a key. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { usageQuery } from '../../shared/api/usage_queries.ts'
import { Outcomes } from '../../shared/kit/outcomes.tsx'
import { Problem } from '../../shared/kit/problem.tsx'
import { text } from '../../shared/text.ts'
import { intervalsOf } from '../../shared/usage_intervals.ts'

const { detail } = text

export function UsageChart({ keyId }: { readonly keyId: string }): ReactNode {
  const time = intervalsOf('30d', Date.now())
  const { data, error, refetch } = useQuery(usageQuery({ keyId, by: 'outcome', ...time }))
  return (
    <section className="card pad chart" aria-labelledby="usage">
      <h2 id="usage">
        {detail.usage} <span className="quiet">{detail.usageBy}</span>
      </h2>
      {error !== null && data === undefined && <Problem error={error} onRetry={() => void refetch()} />}
      {data?.data.length === 0 && <p className="quiet">{detail.noUse}</p>}
      {data !== undefined && data.data.length > 0 && <Outcomes of={data.data} time={time} />}
      <p>
        <Link to="/refusals" search={{ key: keyId }}>
          {detail.refusals}
        </Link>
      </p>
    </section>
  )
}
