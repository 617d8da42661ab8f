/** 30 days in a row's height. A day without a call is a gap above the line. */
import type { ReactNode } from 'react'
import { text } from '../text.ts'

const height = 20
const pitch = 4

export function Spark({ days }: { readonly days: readonly number[] }): ReactNode {
  const most = Math.max(1, ...days)
  const total = days.reduce((sum, each) => sum + each, 0)
  const width = days.length * pitch
  const bars = days.map((calls, index) => ({
    calls,
    x: index * pitch,
    tall: Math.max(1.5, (calls / most) * (height - 1)),
  }))
  return (
    <svg
      className="spark"
      width={width}
      height="24"
      viewBox={`0 0 ${width} 24`}
      role="img"
      aria-label={text.key.spark(total)}
    >
      {bars
        .filter(({ calls }) => calls > 0)
        .map(({ x, tall }) => (
          <rect key={x} className="ok" x={x} y={height + 1 - tall} width="3" height={tall} rx="0.5" />
        ))}
      <line className="axis" x1="0" x2={width} y1={height + 1.5} y2={height + 1.5} />
    </svg>
  )
}
