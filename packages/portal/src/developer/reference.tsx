/** `/portal/reference`: the operations of an API as it was imported, each with its description and what it needs. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useMemo } from 'react'
import { type Api, apisQuery, operationsQuery } from '../shared/api/queries.ts'
import { Filter } from '../shared/kit/fields/filter.tsx'
import { TypedInput } from '../shared/kit/fields/typed_input.tsx'
import { Icon } from '../shared/kit/icon.tsx'
import { Problem } from '../shared/kit/problem.tsx'
import { Read } from '../shared/kit/read.tsx'
import { ScreenTitle } from '../shared/kit/screen_title.tsx'
import { Empty, Skeleton } from '../shared/kit/states.tsx'
import { pageData } from '../shared/page_data.ts'
import { reference } from '../shared/text/reference.ts'
import { missingOf } from './reference/access.ts'
import { OperationList } from './reference/list.tsx'
import { OperationView } from './reference/operation.tsx'
import { type Named, nameOperations } from './reference/operation_names.ts'
import { rowsOf } from './reference/rows.ts'
import { readTicks, toggleTick } from './reference/ticks.ts'
import { useForgetting } from './reference/token/held_token.ts'
import { TokenCard } from './reference/token/token_card.tsx'
import { useHeading } from './reference/use_heading.ts'
import { type KeyReach, useKeyReach } from './reference/use_key_reach.ts'

const route = getRouteApi('/reference')

export function ReferenceScreen(): ReactNode {
  const { api: chosen } = route.useSearch()
  const { data, error, refetch } = useQuery(apisQuery)
  // The APIs of the server itself are described at /openapi.json, and have no document here.
  const apis = data?.data.filter(({ builtIn }) => !builtIn)
  const api = apis?.find(({ id }) => id === chosen) ?? apis?.[0]
  return (
    <>
      {api === undefined && <ScreenTitle>{reference.title}</ScreenTitle>}
      {error !== null && data === undefined && <Problem error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton rows={6} label={reference.loading} />}
      {apis?.length === 0 && <Empty title={reference.noApi} detail={reference.noApiDetail} />}
      {apis !== undefined && api !== undefined && <OfApi key={api.id} api={api} apis={apis} />}
    </>
  )
}

function OfApi({ api, apis }: { readonly api: Api; readonly apis: readonly Api[] }): ReactNode {
  const read = useQuery(operationsQuery(api.id))
  const { data } = read
  const operations = useMemo(() => nameOperations(data?.data ?? []), [data])
  const { key: keyId } = route.useSearch()
  // The token is forgotten when somebody leaves the reference, or turns to another API.
  useForgetting()
  const reach = useKeyReach(api, keyId)
  return (
    <>
      <div className="head">
        <div>
          <ScreenTitle>{reference.title}</ScreenTitle>
          {data !== undefined && data.data.length > 0 && <p>{reference.lead(api.name, operations.length)}</p>}
        </div>
        {typeof data?.importedAt === 'string' && (
          <a className="button" href={`${pageData.base}/v1/apis/${encodeURIComponent(api.id)}/openapi`} download>
            <Icon name="download" />
            {reference.download}
          </a>
        )}
      </div>
      <Filters api={api} apis={apis} reach={reach} hasOperations={operations.length > 0} />
      <Read of={read} rows={6} label={reference.loading}>
        {({ importedAt }) =>
          operations.length === 0 ? (
            <NoOperation isImported={importedAt !== null} />
          ) : (
            <>
              <Reached of={reach} operations={operations} keyId={keyId} />
              <Browse api={api} operations={operations} importedAt={importedAt} reach={reach} />
            </>
          )
        }
      </Read>
    </>
  )
}

function NoOperation({ isImported }: { readonly isImported: boolean }): ReactNode {
  const { noDocument, noDocumentDetail, noOperation, noOperationDetail } = reference
  if (!isImported) return <Empty title={noDocument} detail={noDocumentDetail} />
  return <Empty title={noOperation} detail={noOperationDetail} />
}

interface FiltersProps {
  readonly api: Api
  readonly apis: readonly Api[]
  readonly reach: KeyReach
  readonly hasOperations: boolean
}

function Filters({ api, apis, reach, hasOperations }: FiltersProps): ReactNode {
  const { q = '' } = route.useSearch()
  const navigate = useNavigate({ from: '/reference' })
  return (
    <div className="bar">
      {apis.length > 1 && (
        <Filter
          label={reference.api}
          value={api.id}
          isOn={false}
          options={apis.map(({ id, name }) => [id, name])}
          onChoose={(id) => void navigate({ search: { api: id } })}
        />
      )}
      {hasOperations && reach.keys.length > 0 && <KeyChoice of={reach} />}
      {hasOperations && (
        <search className="field">
          <Icon name="search" />
          <TypedInput
            autoCapitalize="off"
            spellCheck={false}
            value={q}
            placeholder={reference.list.placeholder}
            aria-label={reference.list.search}
            onType={(value) =>
              void navigate({
                search: (before) => ({ ...before, q: value === '' ? undefined : value }),
                replace: true,
                resetScroll: false,
              })
            }
          />
        </search>
      )}
    </div>
  )
}

function KeyChoice({ of: { keys, chosen } }: { readonly of: KeyReach }): ReactNode {
  const navigate = useNavigate({ from: '/reference' })
  const choose = (id: string): void =>
    void navigate({ search: (before) => ({ ...before, key: id === '' ? undefined : id }), resetScroll: false })
  return (
    <Filter
      label={reference.key.label}
      value={chosen?.id ?? ''}
      options={[['', reference.key.any], ...keys.map(({ id, name }) => [id, name] as const)]}
      onChoose={choose}
    />
  )
}

interface ReachedProps {
  readonly of: KeyReach
  readonly operations: readonly Named[]
  readonly keyId: string | undefined
}

/** How much the chosen key can call. */
function Reached({ of: { chosen, has, keys, failed }, operations, keyId }: ReachedProps): ReactNode {
  const isGone = keyId !== undefined && chosen === undefined && keys.length > 0
  const some = has === undefined ? [] : operations.filter((each) => missingOf(each, has)?.length === 0)
  if (failed !== undefined) return <Problem error={failed.error} onRetry={failed.retry} />
  return (
    <p className={isGone || has !== undefined ? 'reached' : 'hidden'} role="status">
      {isGone && reference.key.gone}
      {chosen !== undefined && has !== undefined && reference.key.calls(chosen.name, some.length, operations.length)}
    </p>
  )
}

interface BrowseProps {
  readonly api: Api
  readonly operations: readonly Named[]
  readonly importedAt: string | null
  readonly reach: KeyReach
}

function Browse({ api, operations, importedAt, reach }: BrowseProps): ReactNode {
  const { q = '', op, ticked: written } = route.useSearch()
  const navigate = useNavigate({ from: '/reference' })
  const names = readTicks(written)
  const ticked = operations.filter(({ name }) => names.includes(name))
  const open = operations.find(({ name }) => name === op)
  const { heading, focus } = useHeading(open?.name)
  const found = rowsOf(operations, q).length
  const tick = (name: string): void =>
    void navigate({
      search: (before) => ({ ...before, ticked: toggleTick(before.ticked, name) }),
      replace: true,
      resetScroll: false,
    })
  const credential = <TokenCard api={api} ticked={ticked} open={open} operations={operations} />
  return (
    <>
      <p className="hidden" role="status">
        {q !== '' && reference.list.found(rowsOf(operations, q).filter((row) => 'operation' in row).length)}
      </p>
      <div className="browse">
        {found === 0 ? (
          <Empty title={reference.noneMatch} detail={reference.noneMatchDetail(q)}>
            <Link className="button" to="/reference" search={(before) => ({ ...before, q: undefined })}>
              {reference.clear}
            </Link>
          </Empty>
        ) : (
          <OperationList
            operations={operations}
            query={q}
            open={op}
            has={reach.has}
            ticked={names}
            onTick={tick}
            onOpen={focus}
          />
        )}
        <div className="opened">
          {open !== undefined && (
            <OperationView key={open.name} of={open} api={api} importedAt={importedAt} reach={reach} heading={heading}>
              {credential}
            </OperationView>
          )}
          {open === undefined && credential}
          {open === undefined && (
            <Empty
              title={op === undefined ? reference.operation.choose : reference.operation.gone}
              detail={op === undefined ? reference.operation.chooseDetail : reference.operation.goneDetail}
            />
          )}
        </div>
      </div>
    </>
  )
}
