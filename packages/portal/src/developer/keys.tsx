/** `/portal/keys`: every key in reach, a page at a time. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import { clientsQuery, keysQuery, type ListedKey, meQuery } from '../shared/api/queries.ts'
import { SearchBox } from '../shared/frame/search_box.tsx'
import { Icon } from '../shared/kit/icon.tsx'
import { Pages } from '../shared/kit/pages.tsx'
import { Read } from '../shared/kit/read.tsx'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty } from '../shared/kit/states.tsx'
import { mayWrite } from '../shared/may_write.ts'
import { text } from '../shared/text.ts'
import { focusLater } from './focus_later.ts'
import { KeyFilters } from './keys/key_filters.tsx'
import { KeyTable } from './keys/key_table.tsx'
import { WhichLink } from './which/which_link.tsx'

const route = getRouteApi('/keys')

export function KeysScreen(): ReactNode {
  const { status, client, after } = route.useSearch()
  const read = useQuery(keysQuery({ status, clientId: client, after }))
  const { data } = read
  const { data: clients } = useQuery(clientsQuery)
  useEffect(() => (data === undefined ? undefined : focusLater.take()), [data])
  return (
    <>
      <div className="head">
        <div>
          <ScreenTitle>{text.keys.title}</ScreenTitle>
          <p>{text.keys.lead}</p>
        </div>
        <CreateLink />
      </div>
      <div className="bar">
        <SearchBox className="find-here" />
        <KeyFilters clients={clients?.data ?? []} status={status} clientId={client} />
      </div>
      <Read of={read} rows={5} label={text.keys.loading}>
        {({ data: keys, next }, isStale) =>
          keys.length === 0 ? (
            <NoKeys isBehind={after !== undefined} isFiltered={status !== undefined || client !== undefined} />
          ) : (
            <>
              <KeyTable keys={keys} clients={clients?.data ?? []} filteredBy={client} isStale={isStale} />
              <Foot shown={keys} next={next} />
            </>
          )
        }
      </Read>
    </>
  )
}

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

interface NoKeysProps {
  /** The page is not the first. */
  readonly isBehind: boolean
  readonly isFiltered: boolean
}

function NoKeys({ isBehind, isFiltered }: NoKeysProps): ReactNode {
  if (isBehind || isFiltered) {
    const { noneHere, noneHereDetail, noneMatch, noneMatchDetail } = text.keys
    return (
      <Empty title={isBehind ? noneHere : noneMatch} detail={isBehind ? noneHereDetail : noneMatchDetail}>
        <Link className="button" to="/keys" search={{}}>
          {text.keys.clear}
        </Link>
        <WhichLink />
      </Empty>
    )
  }
  return (
    <Empty title={text.keys.none} detail={text.keys.noneDetail}>
      <CreateLink />
      <WhichLink />
    </Empty>
  )
}

function Foot({ shown, next }: { readonly shown: readonly ListedKey[]; readonly next: string | null }): ReactNode {
  const { after } = route.useSearch()
  const navigate = useNavigate({ from: '/keys' })
  const go = (to: string | undefined): void =>
    void navigate({ search: ({ after: _, ...rest }) => (to === undefined ? rest : { ...rest, after: to }) })
  return (
    <Pages after={after} next={next} onGo={go}>
      {text.keys.shown(shown.length, shown.filter(({ environment }) => environment === 'test').length)}
    </Pages>
  )
}
