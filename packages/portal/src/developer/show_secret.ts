import type { Answer } from '@countersign/client'
import type { QueryClient } from '@tanstack/react-query'
import type { useNavigate } from '@tanstack/react-router'
import { keyQuery } from '../shared/api/queries.ts'
import { secretOnce } from '../shared/secret_once.ts'

type Made = Answer<'createKey'> & Partial<Pick<Answer<'rollKey'>, 'rolledFromExpiresAt' | 'earlierGraceUntil'>>

/** Opens the card of a key that was just made. What else the answer says of it is taken as read: the card waits for no other answer. */
export async function showSecret(
  made: Made,
  queries: QueryClient,
  navigate: ReturnType<typeof useNavigate>,
): Promise<void> {
  const { key, rolledFromExpiresAt: oldUntil, earlierGraceUntil: _, ...record } = made
  secretOnce.hold({ id: made.id, text: key, ...(oldUntil === undefined ? {} : { oldUntil }) })
  queries.setQueryData(keyQuery(made.id).queryKey, { ...record, lastUsed: null, lastUsedAt: null, lastUsedScopes: [] })
  void queries.invalidateQueries()
  const to = { to: '/keys/$id', params: { id: made.id }, search: { shown: 'once' } } as const
  await navigate({ ...to, replace: true, ignoreBlocker: true })
}
