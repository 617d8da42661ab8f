import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { applicationsText as words } from '../../shared/text/applications.ts'
import { text } from '../../shared/text.ts'

export function Crumbs({ name }: { readonly name: string }): ReactNode {
  return (
    <nav className="crumbs" aria-label={text.frame.where}>
      <Link to="/applications" search={{}}>
        {words.title}
      </Link>
      <span aria-hidden="true">/</span>
      <span>{name}</span>
    </nav>
  )
}
