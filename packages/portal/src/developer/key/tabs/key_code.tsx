/** A call that the key may make, in several languages, with a placeholder in place of the key. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useMemo } from 'react'
import {
  type Api,
  apisQuery,
  type Client,
  type Key,
  openapiQuery,
  operationsQuery,
} from '../../../shared/api/queries.ts'
import { CodeBlock } from '../../../shared/kit/code_block.tsx'
import { Filter } from '../../../shared/kit/fields/filter.tsx'
import { Problem } from '../../../shared/kit/problem.tsx'
import { Read } from '../../../shared/kit/read.tsx'
import { keyCode as words } from '../../../shared/text/key_code.ts'
import { reachOf } from '../../reference/key_reach.ts'
import { type Named, nameOperations } from '../../reference/operation_names.ts'
import { snippetsOf } from '../../reference/snippets.ts'
import { findWritten } from '../../reference/written.ts'
import { callableWith } from './callable.ts'

const route = getRouteApi('/keys/$id')

interface KeyCodeProps {
  readonly of: Key
  /** `undefined` where it is not among those that were read. */
  readonly client: Client | undefined
}

export function KeyCode({ of: key, client }: KeyCodeProps): ReactNode {
  const read = useQuery(apisQuery)
  return (
    <section className="card pad stack one" aria-labelledby="code">
      <h2 id="code">{words.title}</h2>
      <p className="quiet">{words.lead}</p>
      <Read of={read} rows={3} label={words.loading}>
        {({ data }) => {
          const api = data.find(({ audience }) => audience === key.audience)
          return api === undefined ? <p>{words.gone}</p> : <OfApi api={api} of={key} client={client} />
        }}
      </Read>
    </section>
  )
}

function OfApi({ api, of: key, client }: KeyCodeProps & { readonly api: Api }): ReactNode {
  const { op } = route.useSearch()
  const read = useQuery(operationsQuery(api.id))
  return (
    <Read of={read} rows={3} label={words.loading}>
      {({ data, importedAt }) => {
        const callable = callableWith(nameOperations(data), reachOf(key, client))
        const chosen = callable.find(({ name }) => name === op) ?? callable[0]
        if (chosen !== undefined) return <Call api={api} importedAt={importedAt} callable={callable} of={chosen} />
        return (
          <>
            <p>{importedAt === null ? words.noDocument : words.noneCallable}</p>
            {importedAt === null && <CodeBlock label={words.samples} samples={plainSamples(api)} />}
          </>
        )
      }}
    </Read>
  )
}

function plainSamples(api: Api): Readonly<Record<string, string>> {
  return snippetsOf({ method: 'GET', route: '/', public: false }, api, undefined, undefined)
}

interface CallProps {
  readonly api: Api
  readonly importedAt: string | null
  readonly callable: readonly Named[]
  readonly of: Named
}

function Call({ api, importedAt, callable, of: operation }: CallProps): ReactNode {
  const navigate = useNavigate({ from: '/keys/$id' })
  const { data, error, refetch } = useQuery(openapiQuery(api.id, importedAt))
  const written = useMemo(() => (data === undefined ? undefined : findWritten(data, operation)), [data, operation])
  return (
    <>
      <div className="bar">
        <Filter
          label={words.operation}
          value={operation.name}
          isOn={false}
          options={callable.map(({ name, method, route: path }) => [name, `${method} ${path}`])}
          onChoose={(name) =>
            void navigate({ search: (search) => ({ ...search, op: name }), replace: true, resetScroll: false })
          }
        />
        <Link className="button" to="/reference" search={{ api: api.id, op: operation.name }}>
          {words.reference}
        </Link>
      </div>
      <CodeBlock label={words.samples} samples={snippetsOf(operation, api, data, written)} />
      {error !== null && data === undefined && <Problem error={error} onRetry={() => void refetch()} />}
    </>
  )
}
