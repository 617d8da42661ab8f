/** The calls of the last seven days, and why those that were refused were. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { usageQuery } from '../../shared/api/usage_queries.ts'
import { Outcomes } from '../../shared/kit/outcomes.tsx'
import { Read } from '../../shared/kit/read.tsx'
import { checksText } from '../../shared/text/checks.ts'
import { homeText } from '../../shared/text/home.ts'
import { intervalsOf } from '../../shared/usage_intervals.ts'
import { type Reason, reasonsOf } from './reasons.ts'

const { week: words } = homeText
const number = new Intl.NumberFormat('en')

export function Week(): ReactNode {
  const time = intervalsOf('7d', Date.now())
  const read = useQuery(usageQuery({ by: 'outcome', ...time }))
  return (
    <section className="card pad chart" aria-labelledby="week">
      <h2 id="week">
        {words.title} <span className="quiet">{words.unit}</span>
      </h2>
      <Read of={read} rows={2} label={words.title}>
        {({ data }) => (
          <>
            {data.length === 0 ? <p className="quiet">{words.none}</p> : <Outcomes of={data} time={time} />}
            {data.length > 0 && <Reasons of={reasonsOf(data)} />}
          </>
        )}
      </Read>
      <p className="acts">
        <Link to="/refusals" search={{}}>
          {words.recent}
        </Link>
        <Link to="/usage" search={{ range: '7d' }}>
          {words.all}
        </Link>
      </p>
    </section>
  )
}

function Reasons({ of }: { readonly of: readonly Reason[] }): ReactNode {
  if (of.length === 0) return <p className="quiet">{words.noneRefused}</p>
  return (
    <table className="figures reasons">
      <thead>
        <tr>
          <th scope="col">{words.columns.why}</th>
          <th scope="col">{words.columns.count}</th>
        </tr>
      </thead>
      <tbody>
        {of.map(({ code, count }) => (
          <tr key={code}>
            <th scope="row">
              {checksText.codes[code] ?? code} <code className="quiet">{code}</code>
            </th>
            <td>{number.format(count)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
