/** `/portal/applications`: every OAuth client in reach but those that the server itself has, a page at a time. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type ApplicationsFilter, applicationsQuery, type Client, meQuery } from '../shared/api/queries.ts'
import { isBuiltInClient } from '../shared/built_in_client.ts'
import { CardTable } from '../shared/kit/card_table.tsx'
import { Filter } from '../shared/kit/fields/filter.tsx'
import { Icon } from '../shared/kit/icon.tsx'
import { Pages } from '../shared/kit/pages.tsx'
import { Read } from '../shared/kit/read.tsx'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty } from '../shared/kit/states.tsx'
import { may } from '../shared/may_write.ts'
import { applicationsText as words } from '../shared/text/applications.ts'
import { ApplicationRow } from './applications/application_row.tsx'
import { ApplicationSearch } from './applications/application_search.tsx'
import { useNames } from './applications/use_names.ts'

const route = getRouteApi('/applications')
type Order = ApplicationsFilter['sort']
const orderDefault: Order = '-createdAt'

export function ApplicationsScreen(): ReactNode {
  const { q, sort = orderDefault, after } = route.useSearch()
  const navigate = useNavigate({ from: '/applications' })
  const read = useQuery(applicationsQuery({ q, sort, after }))
  const go = (to: string | undefined): void =>
    void navigate({ search: ({ after: _, ...rest }) => (to === undefined ? rest : { ...rest, after: to }) })
  return (
    <>
      <div className="head">
        <div>
          <ScreenTitle>{words.title}</ScreenTitle>
          <p>{words.lead}</p>
        </div>
        <CreateLink />
      </div>
      <div className="bar">
        <ApplicationSearch q={q} />
        <OrderFilter sort={sort} />
      </div>
      <Read of={read} rows={4} label={words.loading}>
        {({ data, next }, isStale) => {
          const own = data.filter((client) => !isBuiltInClient(client))
          // A page may have built-in ones alone.
          return own.length === 0 && next === null ? (
            <None isBehind={after !== undefined} isFiltered={q !== undefined} />
          ) : (
            <>
              <Table of={own} isStale={isStale} />
              <Pages after={after} next={next} onGo={go}>
                {words.shown(own.length)}
              </Pages>
            </>
          )
        }}
      </Read>
    </>
  )
}

function OrderFilter({ sort }: { readonly sort: Order }): ReactNode {
  const navigate = useNavigate({ from: '/applications' })
  return (
    <Filter
      label={words.order}
      value={sort}
      isOn={sort !== orderDefault}
      options={Object.entries(words.orders)}
      onChoose={(value) =>
        void navigate({
          search: ({ after: _, sort: __, ...rest }) =>
            value === orderDefault ? rest : { ...rest, sort: value as Order },
        })
      }
    />
  )
}

function CreateLink(): ReactNode {
  const { data: me } = useQuery(meQuery)
  if (!may(me, 'clients:write')) return null
  return (
    <Link className="button primary" to="/applications/new" search={{}}>
      <Icon name="plus" />
      {words.create}
    </Link>
  )
}

function Table({ of, isStale }: { readonly of: readonly Client[]; readonly isStale: boolean }): ReactNode {
  const names = useNames()
  const { columns } = words
  return (
    <CardTable
      className="keys applications"
      caption={words.caption}
      columns={[columns.name, columns.status, columns.type, columns.may, columns.team, columns.secrets]}
      actions={words.actions}
    >
      {of.map((client) => (
        <tbody key={client.clientId}>
          <ApplicationRow of={client} names={names} isStale={isStale} />
        </tbody>
      ))}
    </CardTable>
  )
}

interface NoneProps {
  /** The page is not the first. */
  readonly isBehind: boolean
  readonly isFiltered: boolean
}

function None({ isBehind, isFiltered }: NoneProps): ReactNode {
  if (!isBehind && !isFiltered)
    return (
      <Empty title={words.none} detail={words.noneDetail}>
        <CreateLink />
      </Empty>
    )
  const { noneHere, noneHereDetail, noneMatch, noneMatchDetail } = words
  return (
    <Empty title={isBehind ? noneHere : noneMatch} detail={isBehind ? noneHereDetail : noneMatchDetail}>
      <Link className="button" to="/applications" search={{}}>
        {words.clear}
      </Link>
    </Empty>
  )
}
