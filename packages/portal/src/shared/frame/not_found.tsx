import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Empty } from '../kit/states.tsx'
import { text } from '../text.ts'

export function NotFound(): ReactNode {
  return (
    <Empty isPage title={text.frame.notFound} detail={text.frame.notFoundDetail}>
      <Link className="button" to="/" search={{}}>
        {text.frame.home}
      </Link>
    </Empty>
  )
}
