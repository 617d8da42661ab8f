/** JWT keys, and opaque tokens: those that are listed, a page at a time. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Client, meQuery, type Token, tokensQuery } from '../../../shared/api/queries.ts'
import { CardTable } from '../../../shared/kit/card_table.tsx'
import { Pages } from '../../../shared/kit/pages.tsx'
import { Read } from '../../../shared/kit/read.tsx'
import { Empty } from '../../../shared/kit/states.tsx'
import { Tags } from '../../../shared/kit/tags.tsx'
import { may } from '../../../shared/may_write.ts'
import { tokens as words } from '../../../shared/text/tokens.ts'
import { text } from '../../../shared/text.ts'
import { ago, exactly, onDate } from '../../../shared/time.ts'
import { KeyStatus } from '../key_status.tsx'
import { RevokeToken } from './revoke_token.tsx'

const route = getRouteApi('/keys')

export function TokenList({ clients }: { readonly clients: readonly Client[] }): ReactNode {
  const { client, q, sort, after, revoke } = route.useSearch()
  const navigate = useNavigate({ from: '/keys' })
  const read = useQuery(tokensQuery({ clientId: client, q, sort, after }))
  const { data: me } = useQuery(meQuery)
  const isFiltered = client !== undefined || q !== undefined || after !== undefined
  const open = (jti: string | undefined): void =>
    void navigate({ search: (search) => ({ ...search, revoke: jti }), resetScroll: false })
  const holderOf = (token: Token) => clients.find(({ clientId }) => clientId === token.clientId)
  const isOffered = (token: Token) =>
    may(me, 'tokens:write', holderOf(token)?.teamId) && (token.status === 'active' || token.status === 'disabled')
  return (
    <Read of={read} rows={5} label={words.loading}>
      {({ data, next }, isStale) => (
        <>
          {data.length === 0 ? (
            <NoTokens isFiltered={isFiltered} />
          ) : (
            <Table of={data} holderOf={holderOf} isOffered={isOffered} isStale={isStale} onRevoke={open} />
          )}
          <RevokeToken
            of={data.find((token) => token.jti === revoke && isOffered(token))}
            isStale={isStale}
            onClose={() => open(undefined)}
          />
          <Pages
            after={after}
            next={next}
            onGo={(to) => void navigate({ search: (search) => ({ ...search, after: to }) })}
          >
            {words.shown(data.length)}
          </Pages>
        </>
      )}
    </Read>
  )
}

function NoTokens({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  if (!isFiltered) return <Empty title={words.none} detail={words.noneDetail} />
  return (
    <Empty title={words.noneMatch} detail={words.noneMatchDetail}>
      <Link className="button" to="/keys" search={{ form: 'token' }}>
        {words.clear}
      </Link>
    </Empty>
  )
}

interface TableProps {
  readonly of: readonly Token[]
  readonly holderOf: (token: Token) => Client | undefined
  readonly isOffered: (token: Token) => boolean
  readonly isStale: boolean
  readonly onRevoke: (jti: string) => void
}

function Table({ of: tokens, holderOf, isOffered, isStale, onRevoke }: TableProps): ReactNode {
  const { columns } = text.keys
  return (
    <CardTable
      className="keys tokens"
      caption={words.caption}
      columns={[columns.name, columns.status, columns.may, columns.ends]}
      actions={text.keys.actions}
    >
      {tokens.map((token) => (
        <tbody key={token.jti}>
          <tr className={token.status === 'revoked' || token.status === 'expired' ? 'ended' : ''}>
            <th scope="row">
              <b>{token.name || words.unnamed}</b> <span className="kind">{words.formats[token.format]}</span>
              <code className="id long">jti {token.jti}</code>
              <small className="note quiet">{holderOf(token)?.name}</small>
            </th>
            <td className="stat" data-label={columns.status}>
              <KeyStatus of={token} />
            </td>
            <td data-label={columns.may}>
              <Tags scope={token.scope} shown={2} />
            </td>
            <td className="when" data-label={columns.ends}>
              <time dateTime={token.expiresAt} title={exactly(token.expiresAt)}>
                {onDate(token.expiresAt)}
                <small>{ago(token.expiresAt)}</small>
              </time>
            </td>
            <td>
              {isOffered(token) && (
                <button
                  className="button danger"
                  type="button"
                  disabled={isStale}
                  aria-label={words.revokeFor(token.name || token.jti)}
                  onClick={() => onRevoke(token.jti)}
                >
                  {words.revoke}
                </button>
              )}
            </td>
          </tr>
        </tbody>
      ))}
    </CardTable>
  )
}
