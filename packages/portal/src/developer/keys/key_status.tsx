import type { ReactNode } from 'react'
import type { ListedKey } from '../../shared/api/queries.ts'
import { Status } from '../../shared/kit/status.tsx'
import { text } from '../../shared/text.ts'
import { ago, atTime } from '../../shared/time.ts'

const soonMs = 14 * 86_400_000

type Judged = Pick<ListedKey, 'status' | 'expiresAt'>

/** `oldUntil`: while the key that this one was rolled from still works. */
export function KeyStatus({
  of,
  oldUntil,
}: {
  readonly of: Judged
  readonly oldUntil?: string | undefined
}): ReactNode {
  const { status, expiresAt } = of
  if (status !== 'active') return <Status kind={status} word={text.key.status[status]} />
  if (oldUntil !== undefined)
    return (
      <Status kind="rolling" word={text.key.status.rolling} small={text.key.status.rollingUntil(atTime(oldUntil))} />
    )
  const isSoon = expiresAt !== null && Date.parse(expiresAt) - Date.now() < soonMs
  return isSoon ? (
    <Status kind="ends" word={text.key.status.ends(ago(expiresAt))} />
  ) : (
    <Status kind="active" word={text.key.status.active} />
  )
}
