import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { text } from '../../shared/text.ts'

export function Crumbs({ name }: { readonly name: string }): ReactNode {
  return (
    <nav className="crumbs" aria-label={text.frame.where}>
      <Link to="/keys" search={{}}>
        {text.keys.title}
      </Link>
      <span aria-hidden="true">/</span>
      <span>{name}</span>
    </nav>
  )
}
