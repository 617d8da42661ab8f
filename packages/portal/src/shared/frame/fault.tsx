import { type ErrorComponentProps, Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Empty } from '../kit/states.tsx'
import { text } from '../text.ts'

/** A screen that failed in the page itself. The frame stays; what failed is in the browser's console alone. */
export function Fault({ reset }: Pick<ErrorComponentProps, 'reset'>): ReactNode {
  return (
    <Empty isPage title={text.frame.fault} detail={text.frame.faultDetail}>
      <button className="button" type="button" onClick={reset}>
        {text.problem.retry}
      </button>
      <Link className="button" to="/keys" search={{}}>
        {text.keys.title}
      </Link>
    </Empty>
  )
}
