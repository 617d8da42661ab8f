import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { text } from '../../shared/text.ts'

export function WhichLink(): ReactNode {
  return (
    <Link to="/which" search={{}}>
      {text.keys.which}
    </Link>
  )
}
