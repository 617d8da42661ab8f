import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Client, ListedKey } from '../../shared/api/queries.ts'
import { MaskedKey } from '../../shared/kit/masked_key.tsx'
import { Spark } from '../../shared/kit/spark.tsx'
import { Unknown } from '../../shared/kit/states.tsx'
import { Tags } from '../../shared/kit/tags.tsx'
import { Ago } from '../../shared/kit/time.tsx'
import { text } from '../../shared/text.ts'
import { ago, exactly, onDate } from '../../shared/time.ts'
import { KeyMenu } from './key_menu.tsx'
import { KeyStatus } from './key_status.tsx'
import { PickCell, type Picks } from './pick.tsx'

/** Calls by day; or that there is none, that it is being asked, that nobody could tell. */
export type Use = readonly number[] | 'none' | 'asking' | 'unknown'

interface KeyRowProps {
  readonly of: ListedKey
  readonly old: ListedKey | undefined
  /** `undefined` where it is not among those that were read. */
  readonly client: Client | undefined
  readonly use: Use
  readonly isStale: boolean
  readonly picks: Picks
}

export function KeyRow({ of: key, old, client, use, isStale, picks }: KeyRowProps): ReactNode {
  const { columns } = text.keys
  const isEnded = key.status === 'revoked' || key.status === 'expired'
  const kinds = [key.environment === 'test' ? 'test' : '', isEnded ? 'ended' : '', old === undefined ? '' : 'pair']
  return (
    <tr className={kinds.join(' ').trim()} data-key={key.id}>
      <PickCell of={key.id} label={text.keys.pick(key.name)} picks={picks} />
      <th scope="row">
        <Link className="name" to="/keys/$id" params={{ id: key.id }} search={{}}>
          {key.name}
        </Link>
        <MaskedKey id={key.id} environment={key.environment} />
        {client !== undefined && <small className="note quiet">{client.name}</small>}
      </th>
      <td className="stat" data-label={columns.status}>
        <KeyStatus of={key} oldUntil={old?.expiresAt ?? undefined} />
      </td>
      <td data-label={columns.may}>
        <Tags scope={key.scope} shown={2} />
      </td>
      <td className="when" data-label={columns.used}>
        {key.lastUsedAt === null ? <span className="quiet">{text.key.notYet}</span> : <Ago at={key.lastUsedAt} />}
      </td>
      <td data-label={columns.usage}>
        <MonthOf use={use} />
      </td>
      <td className="when" data-label={columns.ends}>
        {key.status === 'revoked' && <span className="quiet">{text.key.ended}</span>}
        {key.status !== 'revoked' && <Ends at={key.expiresAt} />}
      </td>
      <td className="menu">
        <KeyMenu of={key} client={client} isStale={isStale} />
      </td>
    </tr>
  )
}

function MonthOf({ use }: { readonly use: Use }): ReactNode {
  if (use === 'unknown') return <Unknown />
  if (typeof use === 'string') return <span className="quiet">{use === 'none' ? text.key.usedNone : '…'}</span>
  const total = use.reduce((sum, each) => sum + each, 0)
  return (
    <div className="use">
      <Spark days={use} />
      <div>{text.key.used(total)}</div>
    </div>
  )
}

function Ends({ at }: { readonly at: string | null }): ReactNode {
  if (at === null) return <span className="quiet">{text.key.never}</span>
  return (
    <time dateTime={at} title={exactly(at)}>
      {onDate(at)}
      <small>{ago(at)}</small>
    </time>
  )
}
