/** Thirty days: allowed above the line, refused below it. A table says the same. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { usageOfKeyQuery } from '../../shared/api/queries.ts'
import { Problem } from '../../shared/kit/problem.tsx'
import { text } from '../../shared/text.ts'
import { utcDay } from '../../shared/time.ts'
import { usageDays } from '../../shared/usage_days.ts'
import { type DayUse, dayUses } from './day_uses.ts'

const { detail } = text
const number = new Intl.NumberFormat('en')
const pitch = 24
const above = 90
const below = 26

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
          <Bars days={days} label={detail.chart(allowed, refused)} />
          <p className="legend">
            <span>{detail.allowed(allowed)}</span> <span>{detail.refused(refused)}</span>
          </p>
          <Table days={days} />
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

/** The bars stretch with the page; what is written stays of its size. */
function Bars({ days, label }: { readonly days: readonly DayUse[]; readonly label: string }): ReactNode {
  const most = Math.max(1, ...days.map(({ allowed }) => allowed))
  const mostRefused = Math.max(1, ...days.map(({ refused }) => refused))
  const width = usageDays * pitch
  return (
    <div role="img" aria-label={label}>
      <div className="most">{number.format(most)}</div>
      <svg className="bars" viewBox={`0 0 ${width} ${above + below + 2}`} preserveAspectRatio="none" aria-hidden="true">
        <line className="grid" x1="0" x2={width} y1="0.5" y2="0.5" />
        <line className="base" x1="0" x2={width} y1={above} y2={above} />
        {days.map(({ at, allowed, refused }, index) => {
          const tall = allowed === 0 ? 0 : Math.max(2, (allowed / most) * above)
          const deep = refused === 0 ? 0 : Math.max(3, (refused / mostRefused) * below)
          return (
            <g key={at}>
              <rect className="ok" x={index * pitch + 3} y={above - tall} width={pitch - 6} height={tall} />
              <rect className="no" x={index * pitch + 3} y={above + 2} width={pitch - 6} height={deep} />
            </g>
          )
        })}
      </svg>
      <div className="days">
        <span>{utcDay(days[0]?.at ?? '')}</span>
        <span>{utcDay(days[usageDays / 2]?.at ?? '')}</span>
        <span>{utcDay(days.at(-1)?.at ?? '')}</span>
      </div>
    </div>
  )
}

function Table({ days }: { readonly days: readonly DayUse[] }): ReactNode {
  return (
    <details>
      <summary>{detail.table}</summary>
      <table className="figures">
        <thead>
          <tr>
            <th scope="col">{detail.day}</th>
            <th scope="col">{detail.allowedShort}</th>
            <th scope="col">{detail.refusedShort}</th>
            <th scope="col">{detail.outcomes}</th>
          </tr>
        </thead>
        <tbody>
          {days
            .filter(({ allowed, refused }) => allowed + refused > 0)
            .map(({ at, allowed, refused, reasons }) => (
              <tr key={at}>
                <th scope="row">{utcDay(at)}</th>
                <td>{number.format(allowed)}</td>
                <td>{number.format(refused)}</td>
                <td>{reasons.join(', ')}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </details>
  )
}
