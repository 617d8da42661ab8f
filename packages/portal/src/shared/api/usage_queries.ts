/** The reads of what was called and what was refused. */
import type { Answer } from '@countersign/client'
import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import { pageSize } from './queries.ts'

export type Refusal = Answer<'listRefusals'>['data'][number]
export type UsageCount = Answer<'getUsage'>['data'][number]
export type Check = Refusal['checks'][number]

export interface RefusalsFilter {
  readonly keyId?: string | undefined
  readonly requestId?: string | undefined
  readonly after?: string | undefined
}

export function refusalsQuery({ keyId, requestId, after }: RefusalsFilter) {
  const query = {
    limit: pageSize,
    ...(keyId === undefined ? {} : { keyId }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(after === undefined ? {} : { after }),
  }
  return queryOptions({
    queryKey: ['refusals', query],
    queryFn: ({ signal }) => call('listRefusals', { query }, signal),
    refetchInterval: 15_000,
  })
}

/** The names of the first hundred keys; others are known by their ids. */
export const keyNamesQuery = queryOptions({
  queryKey: ['key names'],
  queryFn: async ({ signal }) => {
    const { data } = await call('listKeys', { query: { limit: 100 } }, signal)
    return data.map(({ id, name, environment }) => ({ id, name, environment }))
  },
  staleTime: 60_000,
})

export interface UsageFilter {
  readonly keyId?: string | undefined
  readonly scope?: string | undefined
  readonly by: 'outcome' | 'keyId' | 'scope'
  readonly from: string
  readonly to: string
  readonly interval: 'hour' | 'day'
}

export function usageQuery({ keyId, scope, by, from, to, interval }: UsageFilter) {
  const query = {
    from,
    to,
    interval,
    groupBy: by === 'outcome' ? by : `${by},outcome`,
    ...(keyId === undefined ? {} : { keyId }),
    ...(scope === undefined ? {} : { scope }),
  }
  return queryOptions({
    queryKey: ['usage', query],
    queryFn: ({ signal }) => call('getUsage', { query }, signal),
    refetchInterval: 15_000,
  })
}
