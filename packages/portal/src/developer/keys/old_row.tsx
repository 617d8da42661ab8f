import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { ListedKey } from '../../shared/api/queries.ts'
import { MaskedKey } from '../../shared/kit/masked_key.tsx'
import { Ago } from '../../shared/kit/time.tsx'
import { text } from '../../shared/text.ts'
import { atTime } from '../../shared/time.ts'
import { PickCell, type Picks } from './pick.tsx'

/** The old key of a roll, below the new one. */
export function OldRow({ of: key, picks }: { readonly of: ListedKey; readonly picks: Picks }): ReactNode {
  const { columns } = text.keys
  return (
    <tr className="old" data-key={key.id}>
      <PickCell of={key.id} label={text.keys.pickOld(key.name)} picks={picks} />
      <th scope="row">
        <Link className="quiet" to="/keys/$id" params={{ id: key.id }} search={{}}>
          {text.key.old}
        </Link>
        <MaskedKey id={key.id} environment={key.environment} />
      </th>
      <td className="empty" />
      <td className="empty" />
      <td className="when" data-label={columns.used}>
        {key.lastUsedAt === null ? <span className="quiet">{text.key.notYet}</span> : <Ago at={key.lastUsedAt} />}
      </td>
      <td className="empty" />
      <td className="when" data-label={columns.ends}>
        {key.expiresAt !== null && atTime(key.expiresAt)}
      </td>
      <td className="menu" />
    </tr>
  )
}
