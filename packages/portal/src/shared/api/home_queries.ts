/** The reads of the first page: keys in the orders in which they want attention, and what each was used for. */
import { queryOptions } from '@tanstack/react-query'
import { intervalsOf } from '../usage_intervals.ts'
import { call } from './call.ts'

const newTeamMs = 3_000
const usedTeamMs = 30_000

/** Whether it has a key at all, and one that was used: the last used of all, those that have ended too. Asked often until there is a use. */
export const lastUsedKeyQuery = queryOptions({
  queryKey: ['keys', 'last used'],
  queryFn: ({ signal }) => call('listKeys', { query: { sort: '-lastUsedAt', limit: 1 } }, signal),
  refetchInterval: ({ state }) => (state.data?.data[0]?.lastUsedAt == null ? newTeamMs : usedTeamMs),
})

/** `-lastUsedAt`: those that are used. `lastUsedAt`: those that are not. `expiresAt`: those that end. */
export type KeyOrder = '-lastUsedAt' | 'lastUsedAt' | 'expiresAt'

/** The first hundred of the active keys in that order. */
export function orderedKeysQuery(sort: KeyOrder) {
  return queryOptions({
    queryKey: ['keys', 'active', sort],
    queryFn: ({ signal }) => call('listKeys', { query: { status: 'active', sort, limit: 100 } }, signal),
    refetchInterval: 15_000,
  })
}

/** The scopes that calls with each key required, by day, of the last thirty. */
export function scopeUseQuery() {
  const { from, to, interval } = intervalsOf('30d', Date.now())
  const query = { from, to, interval, groupBy: 'keyId,scope' } as const
  return queryOptions({
    queryKey: ['usage', query],
    queryFn: ({ signal }) => call('getUsage', { query }, signal),
    staleTime: 60_000,
  })
}
