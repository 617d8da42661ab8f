/** `/portal/keys`: every key in reach, a page at a time. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import { clientsQuery, type KeysFilter, keysQuery, usageByKeyQuery } from '../shared/api/queries.ts'
import { SearchBox } from '../shared/frame/search_box.tsx'
import { Icon } from '../shared/kit/icon.tsx'
import { Problem } from '../shared/kit/problem.tsx'
import { Empty, Refetching, Skeleton, Stale } from '../shared/kit/states.tsx'
import { text } from '../shared/text.ts'
import { useTitle } from '../shared/use_title.ts'
import { focusLater } from './focus_later.ts'
import { KeyFilters } from './keys/key_filters.tsx'
import { KeyTable } from './keys/key_table.tsx'
import { daysByKey } from './keys/use_by_day.ts'

const route = getRouteApi('/keys')

export function KeysScreen(): ReactNode {
  useTitle(text.keys.title)
  const { status, client, after } = route.useSearch()
  const filter: KeysFilter = { status, clientId: client, after }
  const keys = useQuery(keysQuery(filter))
  const { data: clients } = useQuery(clientsQuery)
  const { data: usage } = useQuery(usageByKeyQuery(client))
  const { data, error, isFetching, refetch } = keys
  useEffect(() => {
    if (data !== undefined) focusLater.take()
  }, [data])
  return (
    <>
      <div className="head">
        <div>
          <h1>{text.keys.title}</h1>
          <p>{text.keys.lead}</p>
        </div>
        <CreateLink />
      </div>
      <div className="bar">
        <SearchBox className="find-here" />
        <KeyFilters clients={clients?.data ?? []} status={status} clientId={client} />
      </div>
      {error !== null && data !== undefined && <Stale since={keys.dataUpdatedAt} />}
      {error !== null && data === undefined && <Problem error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton rows={5} label={text.keys.loading} />}
      <Refetching isOn={isFetching && data !== undefined} />
      {data !== undefined && data.data.length === 0 && (
        <NoKeys isFiltered={status !== undefined || client !== undefined} />
      )}
      {data !== undefined && data.data.length > 0 && (
        <>
          <KeyTable
            keys={data.data}
            clients={clients?.data ?? []}
            days={daysByKey(usage?.data)}
            isStale={error !== null}
          />
          <Pages shown={data.data} next={data.next} />
        </>
      )}
    </>
  )
}

function CreateLink(): ReactNode {
  return (
    <Link className="button primary" to="/keys/new" search={{}}>
      <Icon name="plus" />
      {text.keys.create}
    </Link>
  )
}

function NoKeys({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  if (isFiltered) {
    return (
      <Empty title={text.keys.noneMatch} detail={text.keys.noneMatchDetail}>
        <Link className="button" to="/keys" search={{}}>
          {text.keys.clear}
        </Link>
      </Empty>
    )
  }
  return (
    <Empty title={text.keys.none} detail={text.keys.noneDetail}>
      <CreateLink />
    </Empty>
  )
}

interface PagesProps {
  readonly shown: readonly { readonly environment: string }[]
  readonly next: string | null
}

function Pages({ shown, next }: PagesProps): ReactNode {
  const { after } = route.useSearch()
  const navigate = useNavigate({ from: '/keys' })
  const go = (to: string | undefined): void => {
    navigate({ search: ({ after: _, ...rest }) => (to === undefined ? rest : { ...rest, after: to }) })
    document.getElementById('main')?.focus()
  }
  return (
    <div className="foot">
      <span>{text.keys.shown(shown.length, shown.filter(({ environment }) => environment === 'test').length)}</span>
      {(after !== undefined || next !== null) && (
        <div className="pages">
          <button className="button" type="button" disabled={after === undefined} onClick={() => go(undefined)}>
            {text.keys.first}
          </button>
          <button className="button" type="button" disabled={next === null} onClick={() => go(next ?? undefined)}>
            {text.keys.older}
          </button>
        </div>
      )}
    </div>
  )
}
