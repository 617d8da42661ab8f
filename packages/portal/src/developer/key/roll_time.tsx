/** Two strokes over one line of time: the old key, the new one, and where both work. */
import type { ReactNode } from 'react'
import type { Key } from '../../shared/api/queries.ts'
import { text } from '../../shared/text.ts'
import { atTime, onDate } from '../../shared/time.ts'
import { endOfOld, type Grace } from './grace.ts'

const { roll } = text

interface RollTimeProps {
  readonly grace: Grace
  readonly of: Pick<Key, 'createdAt' | 'expiresAt'>
}

export function RollTime({ grace, of: { createdAt, expiresAt } }: RollTimeProps): ReactNode {
  const { at, isCut } = endOfOld(grace, expiresAt)
  const isAtOnce = grace === '0'
  return (
    <>
      <div className={isAtOnce ? 'time at-once' : 'time'} aria-hidden="true">
        <i className="run old" />
        {!isAtOnce && <i className="run over" />}
        <i className="run next" />
        <i className="now" />
        <span className="t p">{onDate(createdAt)}</span>
        <span className="t n">{roll.now}</span>
        {!isAtOnce && <span className="t e">{atTime(at)}</span>}
      </div>
      <p className="legend">
        <span>{roll.old}</span>
        {!isAtOnce && (
          <span className="o">
            {roll.both}, {isCut ? roll.cut(atTime(at)) : roll.graces[grace]}
          </span>
        )}
        <span className="x">{roll.next}</span>
      </p>
    </>
  )
}
