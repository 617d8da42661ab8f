/** The screens that there are, as links: beside each screen, and behind the menu of small ones. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Icon, type IconName } from '../kit/icon.tsx'
import { text } from '../text.ts'

const screens = [
  ['/', 'house', text.frame.home],
  ['/keys', 'key', text.keys.title],
  ['/applications', 'window', text.frame.applications],
  ['/connections', 'link', text.connections.title],
  ['/usage', 'bars', text.frame.usage],
  ['/reference', 'book', text.frame.reference],
  ['/debugger', 'glass', text.frame.debugger],
  ['/team', 'people', text.team.title],
] as const satisfies readonly (readonly [string, IconName, string])[]

export function ScreenLinks({ onGo }: { readonly onGo?: () => void }): ReactNode {
  return screens.map(([to, icon, title]) => (
    <Link key={to} to={to} search={{}} activeOptions={{ exact: to === '/', includeSearch: false }} onClick={onGo}>
      <Icon name={icon} />
      {title}
    </Link>
  ))
}
