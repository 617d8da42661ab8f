/** Calls over time. A day without any is a gap. */
import { type ReactNode, useState } from 'react'
import { Bars, type Use, UseTable } from '../../shared/kit/bars.tsx'
import { Outcomes } from '../../shared/kit/outcomes.tsx'
import { Spark } from '../../shared/kit/spark.tsx'
import { kitText } from '../../shared/text/kit.ts'
import { text } from '../../shared/text.ts'
import { utcDay } from '../../shared/time.ts'
import { intervalsOf } from '../../shared/usage_intervals.ts'
import { InState, Shown } from './shown.tsx'

const { names } = kitText
const calls = [40, 32, 0, 0, 51, 48, 12]
const refusals = [0, 3, 0, 0, 1, 0, 9]

export function Charts(): ReactNode {
  const [time] = useState(() => intervalsOf('7d', Date.now()))
  const days = time.beginnings.map((at) => new Date(at).toISOString())
  const uses: readonly Use[] = days.map((at, index) => ({
    at,
    allowed: calls[index] ?? 0,
    refused: refusals[index] ?? 0,
    reasons: refusals[index] === 0 ? [] : ['expired'],
  }))
  const counts = days.flatMap((at, index) => [
    { at, outcome: 'verified', count: calls[index] ?? 0 },
    { at, outcome: 'expired', count: refusals[index] ?? 0 },
  ])
  return (
    <>
      <Shown of="bars.tsx">
        <div className="chart">
          <Bars of={uses} nameOf={utcDay} label={text.detail.chart('183', '13')} />
          <UseTable of={uses} nameOf={utcDay} />
        </div>
      </Shown>
      <Shown of="outcomes.tsx">
        <div className="chart">
          <Outcomes of={counts} time={time} />
        </div>
      </Shown>
      <Shown of="spark.tsx">
        <InState name={names.data}>
          <Spark days={calls} />
        </InState>
        <InState name={names.none}>
          <Spark days={calls.map(() => 0)} />
        </InState>
      </Shown>
    </>
  )
}
