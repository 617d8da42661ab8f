import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Api, apisQuery, clientsQuery, type Key } from '../../shared/api/queries.ts'
import { usageQuery } from '../../shared/api/usage_queries.ts'
import { Environment } from '../../shared/kit/environment.tsx'
import { Unknown } from '../../shared/kit/states.tsx'
import { Ago, Exactly } from '../../shared/kit/time.tsx'
import { text } from '../../shared/text.ts'
import { intervalsOf } from '../../shared/usage_intervals.ts'
import { callsByToken, lastByToken, tokensOf } from './scope_use.ts'

const { detail } = text

export function Facts({ of: key }: { readonly of: Key }): ReactNode {
  const { data: apis } = useQuery(apisQuery)
  const { data: clients } = useQuery(clientsQuery)
  const api = apis?.data.find(({ audience }) => audience === key.audience)
  const client = clients?.data.find(({ clientId }) => clientId === key.clientId)
  const facts: readonly (readonly [name: string, shown: ReactNode])[] = [
    [
      detail.api,
      <span key="api">
        {api?.name ?? key.audience} · <Environment of={key.environment} />
      </span>,
    ],
    [detail.client, client?.name ?? key.clientId],
    [detail.id, <code key="id">{key.id}</code>],
    [detail.ends, key.expiresAt === null ? text.key.never : <Exactly key="ends" at={key.expiresAt} />],
    [detail.lastUsed, key.lastUsedAt === null ? text.key.notYet : <Exactly key="used" at={key.lastUsedAt} />],
    [detail.created, <Exactly key="created" at={key.createdAt} />],
    [detail.addresses, <List key="addresses" of={key.ipAllow} />],
    [detail.origins, <List key="origins" of={key.originAllow} />],
    [
      detail.rate,
      key.rateLimit === null ? detail.unlimited : detail.perWindow(key.rateLimit.limit, key.rateLimit.windowSeconds),
    ],
    ...(key.rolledFrom === null ? [] : [[detail.rolledFrom, <OldKey key="old" id={key.rolledFrom} />] as const]),
  ]
  return (
    <>
      <Scopes of={key} api={api} />
      <section className="card pad" aria-labelledby="facts">
        <h2 id="facts">{detail.facts}</h2>
        <dl className="facts wide">
          {facts.map(([name, shown]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{shown}</dd>
            </div>
          ))}
        </dl>
      </section>
    </>
  )
}

/** Each with its sentence and its use: one that nobody uses can go. */
function Scopes({ of: key, api }: { readonly of: Key; readonly api: Api | undefined }): ReactNode {
  const { data, isPending } = useQuery(usageQuery({ keyId: key.id, by: 'scope', ...intervalsOf('30d', Date.now()) }))
  const calls = data === undefined ? undefined : callsByToken(data.data, key.scope)
  const last = lastByToken(key.lastUsedScopes, key.scope)
  const sentences = new Map(api?.scopes.map(({ name, description }) => [name, description]))
  return (
    <section className="card pad" aria-labelledby="granted">
      <h2 id="granted">{detail.scopes}</h2>
      {key.scope === '' && <p className="quiet">{detail.noScope}</p>}
      <ul className="granted">
        {tokensOf(key.scope).map((token) => (
          <li key={token}>
            <span>
              <span className="tag">{token}</span> <span className="note quiet">{sentences.get(token)}</span>
            </span>
            <span className="note">
              {calls === undefined && (isPending ? '…' : <Unknown />)}
              {calls?.get(token) === 0 && <span className="quiet">{detail.scopeUnused}</span>}
              {(calls?.get(token) ?? 0) > 0 && detail.scopeUse(calls?.get(token) ?? 0)} <Last at={last.get(token)} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Last({ at }: { readonly at: string | undefined }): ReactNode {
  if (at === undefined) return null
  return (
    <span className="quiet">
      {detail.lastNeeded} <Ago at={at} />
    </span>
  )
}

function List({ of }: { readonly of: readonly string[] | null }): ReactNode {
  return of === null ? detail.anywhere : of.map((each) => <code key={each}>{each} </code>)
}

function OldKey({ id }: { readonly id: string }): ReactNode {
  return (
    <Link to="/keys/$id" params={{ id }} search={{}}>
      <code>{id}</code>
    </Link>
  )
}
