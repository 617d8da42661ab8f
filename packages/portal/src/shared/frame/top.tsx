import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Me, meQuery } from '../api/queries.ts'
import { Mark } from '../kit/icon.tsx'
import { pageData } from '../page_data.ts'
import { text } from '../text.ts'
import { AccountMenu } from './account_menu.tsx'
import { ScreenMenu } from './screen_menu.tsx'
import { SearchBox } from './search_box.tsx'

export function Top({ onHelp }: { readonly onHelp: () => void }): ReactNode {
  const { data: me } = useQuery(meQuery)
  return (
    <header className="top">
      <ScreenMenu />
      <Link className="brand" to="/" search={{}}>
        {pageData.logo === undefined ? <Mark /> : <img className="logo" src={pageData.logo} alt="" />}
        {pageData.name}
      </Link>
      {me !== undefined && <span className="team">{teamOf(me)}</span>}
      <SearchBox />
      <WayBack to={me?.session?.returnUrl} />
      <AccountMenu name={me?.name ?? ''} onHelp={onHelp} />
    </header>
  )
}

/** To the page whose link led here. */
function WayBack({ to = '' }: { readonly to: string | undefined }): ReactNode {
  const url = URL.parse(to)
  if (url === null || !/^https?:$/.test(url.protocol)) return null
  return (
    <a className="back" href={url.href}>
      {text.frame.backTo(url.host)}
    </a>
  )
}

function teamOf({ role, teams }: Me): string {
  if (role === 'operator') return text.frame.tenant
  const [only] = teams
  if (only === undefined) return text.frame.noTeam
  return teams.length === 1 ? only.name : text.frame.teams(teams.length)
}
