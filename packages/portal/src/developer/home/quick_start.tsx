/** The values of this installation, and a call that is ready to be sent but for the key. */
import { useQueries, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useId } from 'react'
import { failedOf } from '../../shared/api/failed.ts'
import { orderedKeysQuery } from '../../shared/api/home_queries.ts'
import { type Api, apisQuery, clientsQuery, type Me, operationsQuery, teamQuery } from '../../shared/api/queries.ts'
import { CodeBlock } from '../../shared/kit/code_block.tsx'
import { Problem } from '../../shared/kit/problem.tsx'
import { Skeleton } from '../../shared/kit/states.tsx'
import { Tags } from '../../shared/kit/tags.tsx'
import { may } from '../../shared/may_write.ts'
import { issuerUrl } from '../../shared/page_data.ts'
import { homeText } from '../../shared/text/home.ts'
import { reference } from '../../shared/text/reference.ts'
import { reachOf } from '../reference/key_reach.ts'
import { nameOperations } from '../reference/operation_names.ts'
import { snippetsOf } from '../reference/snippets.ts'
import { firstOperation } from './first_operation.ts'
import { type Start, startOf, verifierSample } from './start.ts'

const { start: words } = homeText

interface QuickStartProps {
  readonly me: Me
  /** It stands within another card. Default: a card. */
  readonly isPart?: true
}

export function QuickStart({ me, isPart }: QuickStartProps): ReactNode {
  const title = useId()
  const apis = useQuery(apisQuery)
  const keys = useQuery(orderedKeysQuery('-lastUsedAt'))
  const seen = me.teams.filter(({ id }) => may(me, 'teams:read', id))
  const teams = useQueries({ queries: seen.map(({ id }) => teamQuery(id)) })
  const failed = failedOf(apis, keys, ...teams)
  const ceilings = teams.flatMap(({ data }) => data?.access ?? [])
  const isWhole = [apis, keys, ...teams].every(({ data }) => data !== undefined)
  const own = me.role === 'operator' ? undefined : ceilings
  const start = isWhole ? startOf(apis.data?.data ?? [], keys.data?.data ?? [], own) : undefined
  const shown = (
    <>
      {failed !== undefined && <Problem error={failed.error} onRetry={failed.retry} />}
      {!isWhole && failed === undefined && <Skeleton rows={2} label={words.loading} />}
      {isWhole && start === undefined && <p className="quiet">{reference.noApi}</p>}
      {start !== undefined && <Values of={start} me={me} />}
    </>
  )
  if (isPart) return shown
  return (
    <section className="card pad stack" aria-labelledby={title}>
      <h2 id={title}>{words.title}</h2>
      {shown}
    </section>
  )
}

function Values({ of: start, me }: { readonly of: Start; readonly me: Me }): ReactNode {
  const { api, scope } = start
  const facts: readonly (readonly [string, ReactNode])[] = [
    [words.issuer, <code key="issuer">{issuerUrl()}</code>],
    [words.audience, <code key="audience">{api.audience}</code>],
    [words.scopes, scope === '' ? words.noScopes : <Tags key="scopes" scope={scope} shown={6} />],
  ]
  return (
    <>
      <dl className="facts wide">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Call of={start} me={me} />
      <p>
        <Link to="/reference" search={{ api: api.id }}>
          {words.other}
        </Link>
      </p>
    </>
  )
}

function Call({ of: { api, key }, me }: { readonly of: Start; readonly me: Me }): ReactNode {
  const read = useQuery(operationsQuery(api.id))
  const { data: clients } = useQuery({ ...clientsQuery, enabled: may(me, 'clients:read') })
  const failed = failedOf(read)
  if (failed !== undefined) return <Problem error={failed.error} onRetry={failed.retry} />
  if (read.data === undefined) return <Skeleton rows={2} label={words.loading} />
  const holder = clients?.data.find(({ clientId }) => clientId === key?.clientId)
  const has = key === undefined ? undefined : reachOf(key, holder)
  const operation = firstOperation(nameOperations(read.data.data), has)
  return (
    <>
      {operation === undefined && <p className="note quiet">{words.anyPath}</p>}
      <CodeBlock label={words.label(api.name)} samples={samplesOf(api, operation, me.role === 'operator')} />
    </>
  )
}

function samplesOf(
  api: Api,
  operation: Parameters<typeof snippetsOf>[0] | undefined,
  isOperator: boolean,
): Readonly<Record<string, string>> {
  const calls = snippetsOf(operation ?? { method: 'GET', route: '/', public: false }, api, undefined, undefined)
  return isOperator ? { ...calls, [words.verify]: verifierSample(issuerUrl(), api.audience) } : calls
}
