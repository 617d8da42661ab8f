/** Calls over time by outcome: the bars, what they stand for, and a table that says the same. */
import type { ReactNode } from 'react'
import { text } from '../text.ts'
import { utcDay } from '../time.ts'
import type { Intervals } from '../usage_intervals.ts'
import { type Count, usesOf } from '../uses.ts'
import { Bars, UseTable } from './bars.tsx'

interface OutcomesProps {
  readonly of: readonly Count[]
  readonly time: Intervals
}

const { detail } = text
const number = new Intl.NumberFormat('en')
/** The hour of UTC, with its day. */
const hourName = (at: string): string => `${utcDay(at)}, ${at.slice(11, 16)}`

export function Outcomes({ of, time }: OutcomesProps): ReactNode {
  const uses = usesOf(of, time)
  const total = (side: 'allowed' | 'refused'): string => number.format(uses.reduce((sum, each) => sum + each[side], 0))
  const [allowed, refused] = [total('allowed'), total('refused')]
  const nameOf = time.interval === 'hour' ? hourName : utcDay
  return (
    <>
      <Bars of={uses} nameOf={nameOf} label={detail.chart(allowed, refused)} />
      <p className="legend">
        <span>{detail.allowed(allowed)}</span> <span>{detail.refused(refused)}</span>
      </p>
      <UseTable of={uses} nameOf={nameOf} />
    </>
  )
}
