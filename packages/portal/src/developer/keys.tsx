/** `/portal/keys`: every key in reach, a page at a time. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import { clientsQuery, type KeysFilter, keysQuery, meQuery } from '../shared/api/queries.ts'
import { Icon } from '../shared/kit/icon.tsx'
import { late } from '../shared/kit/late.tsx'
import { Read } from '../shared/kit/read.tsx'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty, Skeleton } from '../shared/kit/states.tsx'
import { mayWrite } from '../shared/may_write.ts'
import { text } from '../shared/text.ts'
import { focusLater } from './focus_later.ts'
import { FindKeys } from './keys/find_keys.tsx'
import { KeyFilters } from './keys/key_filters.tsx'
import { KeyList } from './keys/key_list.tsx'
import { WhichLink } from './which/which_link.tsx'

const route = getRouteApi('/keys')

const TokenList = late(() => import('./keys/tokens/token_list.tsx').then((it) => it.TokenList))

export function KeysScreen(): ReactNode {
  const { status, client, q, sort, ended, form, after } = route.useSearch()
  // A status that somebody asks for says by itself whether they have ended.
  const filter: KeysFilter = {
    status,
    clientId: client,
    q,
    sort,
    isLive: status === undefined && ended !== 'shown',
    after,
  }
  const read = useQuery({ ...keysQuery(filter), enabled: form === undefined })
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
        <FindKeys query={q ?? ''} />
        <KeyFilters clients={clients?.data ?? []} />
      </div>
      {form === 'token' ? (
        <TokenList clients={clients?.data ?? []} />
      ) : (
        <Read of={read} rows={5} label={text.keys.loading}>
          {({ data: keys, next }, isStale) => (
            <KeyList
              key={JSON.stringify(filter)}
              keys={keys}
              next={next}
              clients={clients?.data ?? []}
              filteredBy={client}
              isStale={isStale}
            >
              <NoKeys of={filter} />
            </KeyList>
          )}
        </Read>
      )}
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

function NoKeys({ of: { status, clientId, q, isLive = false, after } }: { readonly of: KeysFilter }): ReactNode {
  if (after === undefined && status === undefined && clientId === undefined && q === undefined)
    return isLive ? <NoneLive /> : <NoneYet />
  const { noneHere, noneHereDetail, noneMatch, noneMatchDetail } = text.keys
  const isBehind = after !== undefined
  return (
    <Empty title={isBehind ? noneHere : noneMatch} detail={isBehind ? noneHereDetail : noneMatchDetail}>
      <Link className="button" to="/keys" search={{}}>
        {text.keys.clear}
      </Link>
      <WhichLink />
      {isLive && !isBehind && <ShowEnded />}
    </Empty>
  )
}

function NoneYet(): ReactNode {
  return (
    <Empty title={text.keys.none} detail={text.keys.noneDetail}>
      <CreateLink />
      <WhichLink />
    </Empty>
  )
}

/** There may be some that have ended. */
function NoneLive(): ReactNode {
  const { data, error } = useQuery(keysQuery({}))
  if (data === undefined && error === null) return <Skeleton rows={5} label={text.keys.loading} />
  if (data?.data.length === 0) return <NoneYet />
  return (
    <Empty title={text.keys.noneLive} detail={data === undefined ? '' : text.keys.noneLiveDetail}>
      <CreateLink />
      <WhichLink />
      <ShowEnded />
    </Empty>
  )
}

function ShowEnded(): ReactNode {
  return (
    <Link className="button" from="/keys" to="/keys" search={(search) => ({ ...search, ended: 'shown' })}>
      {text.keys.showEnded}
    </Link>
  )
}
