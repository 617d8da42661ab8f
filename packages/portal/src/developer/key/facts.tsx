import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { apisQuery, clientsQuery, type Key } from '../../shared/api/queries.ts'
import { Environment } from '../../shared/kit/environment.tsx'
import { Ago, Exactly } from '../../shared/kit/time.tsx'
import { text } from '../../shared/text.ts'

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
    <section className="card pad" aria-labelledby="facts">
      <h2 id="facts">{detail.facts}</h2>
      <dl className="facts wide">
        <div className="whole">
          <dt>{detail.scopes}</dt>
          <dd>
            <Scopes of={key} />
          </dd>
        </div>
        {facts.map(([name, shown]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{shown}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

/** Each with its last use: one that nobody uses can go. */
function Scopes({ of: { scope, lastUsedScopes } }: { readonly of: Key }): ReactNode {
  const used = new Map(lastUsedScopes.map((each) => [each.scope, each.at]))
  return (
    <ul className="granted">
      {scope
        .split(' ')
        .filter(Boolean)
        .map((token) => {
          const at = used.get(token)
          return (
            <li key={token}>
              <span className="tag">{token}</span>{' '}
              <span className="note quiet">{at === undefined ? detail.unusedScope : <Ago at={at} />}</span>
            </li>
          )
        })}
    </ul>
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
