/** The ways to a new key, beside lists of keys and where there is none. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { meQuery } from '../../shared/api/queries.ts'
import { Icon } from '../../shared/kit/icon.tsx'
import { mayWrite } from '../../shared/may_write.ts'
import { text } from '../../shared/text.ts'

/** Nothing for those who may not. */
export function CreateLink(): ReactNode {
  const { data: me } = useQuery(meQuery)
  if (!mayWrite(me)) return null
  return (
    <Link className="button primary" to="/keys/new" search={{}}>
      <Icon name="plus" />
      {text.keys.create}
    </Link>
  )
}

export function WhichLink(): ReactNode {
  return (
    <Link to="/which" search={{}}>
      {text.keys.which}
    </Link>
  )
}
