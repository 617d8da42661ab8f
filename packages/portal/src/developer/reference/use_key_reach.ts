import { useQuery } from '@tanstack/react-query'
import { type Failed, failedOf } from '../../shared/api/failed.ts'
import { type Api, activeKeysQuery, clientsQuery, type ListedKey } from '../../shared/api/queries.ts'
import { reachOf } from './key_reach.ts'

export interface KeyReach {
  /** The keys for the API, of the hundred newest that are active. */
  readonly keys: readonly ListedKey[]
  readonly chosen: ListedKey | undefined
  /** The scopes that the chosen one has; `undefined` without one, and until they are known. */
  readonly has: ReadonlySet<string> | undefined
  readonly failed: Failed | undefined
}

/** No secret is needed: a key is chosen by its id. */
export function useKeyReach(api: Api, keyId: string | undefined): KeyReach {
  const listed = useQuery(activeKeysQuery)
  const clients = useQuery(clientsQuery)
  const failed = failedOf(listed, clients)
  const keys = listed.data?.data.filter(({ audience }) => audience === api.audience) ?? []
  const chosen = keys.find(({ id }) => id === keyId)
  if (chosen === undefined || clients.data === undefined) return { keys, chosen, has: undefined, failed }
  const client = clients.data.data.find(({ clientId }) => clientId === chosen.clientId)
  return { keys, chosen, has: reachOf(chosen, client), failed }
}
