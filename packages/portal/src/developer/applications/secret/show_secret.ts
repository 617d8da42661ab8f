import type { Answer } from '@countersign/client'
import type { QueryClient } from '@tanstack/react-query'
import type { useNavigate } from '@tanstack/react-router'
import { clientQuery, clientReads } from '../../../shared/api/queries.ts'
import { screenChange } from '../../../shared/screen_change.ts'
import { secretOnce } from '../../../shared/secret_once.ts'

type Navigate = ReturnType<typeof useNavigate>

/** Opens the page of an application that was just made, at its secret where it has one. The rest of the answer is taken as read. */
export async function showMade(made: Answer<'createClient'>, queries: QueryClient, navigate: Navigate): Promise<void> {
  const { clientSecret, ...record } = made
  queries.setQueryData(clientQuery(made.clientId).queryKey, record)
  if (clientSecret !== undefined) return showSecret(made.clientId, clientSecret, queries, navigate)
  readAgain(queries)
  const to = { to: '/applications/$clientId', params: { clientId: made.clientId }, search: {} } as const
  await navigate({ ...to, replace: true, ignoreBlocker: true })
}

/** Shows a secret of the application, once. */
export async function showSecret(
  clientId: string,
  secret: string,
  queries: QueryClient,
  navigate: Navigate,
): Promise<void> {
  secretOnce.hold({ id: clientId, text: secret })
  // The same address may have had another heading.
  screenChange.begin()
  readAgain(queries)
  const to = { to: '/applications/$clientId', params: { clientId }, search: { shown: 'once' } } as const
  await navigate({ ...to, replace: true, ignoreBlocker: true })
}

function readAgain(queries: QueryClient): void {
  void queries.invalidateQueries({ predicate: ({ queryKey }) => clientReads.some((first) => first === queryKey[0]) })
}
