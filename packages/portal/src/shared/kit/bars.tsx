/** Calls over time: allowed above the line, refused below it; an interval without any is a gap. A table says the same. */
import type { ReactNode } from 'react'
import { text } from '../text.ts'

export interface Use {
  /** The beginning of its interval, in UTC. */
  readonly at: string
  readonly allowed: number
  readonly refused: number
  /** Why calls were refused. */
  readonly reasons: readonly string[]
}

interface UseProps {
  readonly of: readonly Use[]
  /** The name of an interval, by its beginning. */
  readonly nameOf: (at: string) => string
}

const { detail } = text
const number = new Intl.NumberFormat('en')
const pitch = 24
const above = 90
const below = 26

/** The bars stretch with the page; what is written stays of its size. */
export function Bars({ of: days, nameOf, label }: UseProps & { readonly label: string }): ReactNode {
  const most = Math.max(1, ...days.map(({ allowed }) => allowed))
  const mostRefused = Math.max(1, ...days.map(({ refused }) => refused))
  const width = days.length * pitch
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
        <span>{nameOf(days[0]?.at ?? '')}</span>
        <span>{nameOf(days[Math.floor(days.length / 2)]?.at ?? '')}</span>
        <span>{nameOf(days.at(-1)?.at ?? '')}</span>
      </div>
    </div>
  )
}

export function UseTable({ of: days, nameOf }: UseProps): ReactNode {
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
                <th scope="row">{nameOf(at)}</th>
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
