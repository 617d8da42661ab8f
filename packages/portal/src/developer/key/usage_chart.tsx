/** Thirty days: allowed above the line, refused below it. A table says the same. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { usageOfKeyQuery } from '../../shared/api/queries.ts'
import { Bars, UseTable } from '../../shared/kit/bars.tsx'
import { Problem } from '../../shared/kit/problem.tsx'
import { text } from '../../shared/text.ts'
import { utcDay } from '../../shared/time.ts'
import { dayUses } from './day_uses.ts'

const { detail } = text
const number = new Intl.NumberFormat('en')

export function UsageChart({ keyId }: { readonly keyId: string }): ReactNode {
  const { data, error, refetch } = useQuery(usageOfKeyQuery(keyId))
  const days = dayUses(data?.data ?? [])
  const total = (of: 'allowed' | 'refused'): number => days.reduce((sum, day) => sum + day[of], 0)
  const allowed = number.format(total('allowed'))
  const refused = number.format(total('refused'))
  const isUnused = total('allowed') + total('refused') === 0
  return (
    <section className="card pad chart" aria-labelledby="usage">
      <h2 id="usage">
        {detail.usage} <span className="quiet">{detail.usageBy}</span>
      </h2>
      {error !== null && data === undefined && <Problem error={error} onRetry={() => void refetch()} />}
      {data !== undefined && isUnused && <p className="quiet">{detail.noUse}</p>}
      {data !== undefined && !isUnused && (
        <>
          <Bars of={days} nameOf={utcDay} label={detail.chart(allowed, refused)} />
          <p className="legend">
            <span>{detail.allowed(allowed)}</span> <span>{detail.refused(refused)}</span>
          </p>
          <UseTable of={days} nameOf={utcDay} />
        </>
      )}
      <p>
        <Link to="/refusals" search={{ key: keyId }}>
          {detail.refusals}
        </Link>
      </p>
    </section>
  )
}
