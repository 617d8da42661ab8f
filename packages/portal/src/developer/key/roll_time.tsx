/** Two strokes over one line of time: the old key, the new one, and where both work. */
import type { ReactNode } from 'react'
import { text } from '../../shared/text.ts'
import { atTime, onDate } from '../../shared/time.ts'

const { roll } = text

interface RollTimeProps {
  readonly graceSeconds: number
  readonly createdAt: string
}

export function RollTime({ graceSeconds, createdAt }: RollTimeProps): ReactNode {
  const until = new Date(Date.now() + graceSeconds * 1000).toISOString()
  const isAtOnce = graceSeconds === 0
  return (
    <>
      <div className={isAtOnce ? 'time at-once' : 'time'} aria-hidden="true">
        <i className="run old" />
        {!isAtOnce && <i className="run over" />}
        <i className="run next" />
        <i className="now" />
        <span className="t p">{onDate(createdAt)}</span>
        <span className="t n">{roll.now}</span>
        {!isAtOnce && <span className="t e">{atTime(until)}</span>}
      </div>
      <p className="legend">
        <span>{roll.old}</span>
        {!isAtOnce && (
          <span className="o">
            {roll.both}, {roll.graces[graceSeconds as keyof typeof roll.graces]}
          </span>
        )}
        <span className="x">{roll.next}</span>
      </p>
    </>
  )
}
