/** `/portal/connections`: the applications that the person has let in. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { apisQuery, type Connection, connectionsQuery } from '../shared/api/queries.ts'
import { CardTable } from '../shared/kit/card_table.tsx'
import { Pages } from '../shared/kit/pages.tsx'
import { Read } from '../shared/kit/read.tsx'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty } from '../shared/kit/states.tsx'
import { connections } from '../shared/text/connections.ts'
import { text } from '../shared/text.ts'
import { ConnectionRow } from './connections/connection_row.tsx'
import { RemoveDialog } from './connections/remove_dialog.tsx'
import { Receipt, type Revoked } from './key/receipt.tsx'

const route = getRouteApi('/connections')

export function ConnectionsScreen(): ReactNode {
  const { after, remove } = route.useSearch()
  const navigate = useNavigate({ from: '/connections' })
  const read = useQuery(connectionsQuery(after))
  const [removed, setRemoved] = useState<Revoked>()
  const show = (id: string | undefined): void =>
    void navigate({ search: ({ remove: _, ...rest }) => ({ ...rest, remove: id }), resetScroll: false })
  return (
    <>
      <div className="head">
        <div>
          <ScreenTitle>{connections.title}</ScreenTitle>
          <p>{connections.lead}</p>
        </div>
      </div>
      {removed !== undefined && <Receipt of={removed} />}
      <Read of={read} rows={3} label={connections.loading}>
        {({ data, next }, isStale) =>
          data.length === 0 ? (
            <None isBehind={after !== undefined} />
          ) : (
            <>
              <Table of={data} isStale={isStale} onRemove={show} />
              <Foot shown={data.length} next={next} />
            </>
          )
        }
      </Read>
      <RemoveDialog
        of={read.data?.data.find(({ id }) => id === remove)}
        isStale={read.error !== null}
        onClose={() => show(undefined)}
        onRemoved={setRemoved}
      />
    </>
  )
}

interface TableProps {
  readonly of: readonly Connection[]
  readonly isStale: boolean
  readonly onRemove: (id: string) => void
}

function Table({ of, isStale, onRemove }: TableProps): ReactNode {
  const { data: apis } = useQuery(apisQuery)
  const { columns } = connections
  return (
    <CardTable
      className="keys connections"
      caption={connections.caption}
      columns={[columns.application, columns.may, columns.api, columns.used, columns.since]}
      actions={connections.actions}
    >
      {of.map((each) => (
        <tbody key={each.id}>
          <ConnectionRow
            of={each}
            api={apis?.data.find(({ audience }) => audience === each.audience)}
            isStale={isStale}
            onRemove={() => onRemove(each.id)}
          />
        </tbody>
      ))}
    </CardTable>
  )
}

function None({ isBehind }: { readonly isBehind: boolean }): ReactNode {
  if (!isBehind) return <Empty title={connections.none} detail={connections.noneDetail} />
  return (
    <Empty title={connections.noneHere} detail={connections.noneHereDetail}>
      <Link className="button" to="/connections" search={{}}>
        {text.keys.first}
      </Link>
    </Empty>
  )
}

function Foot({ shown, next }: { readonly shown: number; readonly next: string | null }): ReactNode {
  const { after } = route.useSearch()
  const navigate = useNavigate({ from: '/connections' })
  const go = (to: string | undefined): void => void navigate({ search: to === undefined ? {} : { after: to } })
  return (
    <Pages after={after} next={next} onGo={go}>
      {connections.shown(shown)}
    </Pages>
  )
}
