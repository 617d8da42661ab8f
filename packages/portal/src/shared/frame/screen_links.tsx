/** The screens that there are, as links: beside each screen, and behind the menu of small ones. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Icon } from '../kit/icon.tsx'
import { screens } from './screens.ts'

export function ScreenLinks({ onGo }: { readonly onGo?: () => void }): ReactNode {
  return screens.map(([to, icon, title]) => (
    <Link key={to} to={to} search={{}} activeOptions={{ exact: to === '/', includeSearch: false }} onClick={onGo}>
      <Icon name={icon} />
      {title}
    </Link>
  ))
}
