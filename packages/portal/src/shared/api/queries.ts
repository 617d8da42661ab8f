/** Every read of the portal, by name. */
import type { Answer } from '@countersign/client'
import { queryOptions } from '@tanstack/react-query'
import { intervalsOf } from '../usage_intervals.ts'
import { call } from './call.ts'

export type Me = Answer<'getMe'>
export type ListedKey = Answer<'listKeys'>['data'][number]
export type Key = Answer<'getKey'>
export type Token = Answer<'listTokens'>['data'][number]
export type Client = Answer<'listClients'>['data'][number]
export type Team = Answer<'getTeam'>
export type Api = Answer<'listApis'>['data'][number]

export type Member = Answer<'listTeamMembers'>['data'][number]
export type AccessRequest = Answer<'listAccessRequests'>['data'][number]
export type Connection = Answer<'listConsents'>['data'][number]

export const pageSize = 25

export const meQuery = queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => call('getMe', {}, signal) })

export interface KeysFilter {
  readonly status?: 'active' | 'disabled' | 'revoked' | 'expired' | undefined
  readonly clientId?: string | undefined
  /** Only keys that have this text in name, id or subject. */
  readonly q?: string | undefined
  /** Default: the oldest first. */
  readonly sort?: KeySort | undefined
  /** Leaves out what is revoked or has expired. */
  readonly isLive?: boolean
  readonly after?: string | undefined
}

/** The orders of the list, `-` for descending. */
export const keySorts = ['-createdAt', 'name', '-name', '-lastUsedAt', 'lastUsedAt', 'expiresAt', '-expiresAt'] as const
export type KeySort = (typeof keySorts)[number]

export function keysQuery({ status, clientId, q = '', sort, isLive = false, after }: KeysFilter) {
  const sought = q.trim()
  const query = {
    limit: pageSize,
    ...(status === undefined ? {} : { status }),
    ...(sought === '' ? {} : { q: sought }),
    ...(sort === undefined ? {} : { sort }),
    ...(isLive ? ({ ended: 'false' } as const) : {}),
    ...(clientId === undefined ? {} : { clientId }),
    ...(after === undefined ? {} : { after }),
  }
  return queryOptions({
    queryKey: ['keys', query],
    queryFn: async ({ signal }) => {
      if (sought !== '') await pause(typingMs, signal)
      return call('listKeys', { query }, signal)
    },
    refetchInterval: 15_000,
  })
}

/** A page of the tokens that are listed. Their last use is not known, so nothing is ordered by it. */
export function tokensQuery({ clientId, q = '', sort, after }: Pick<KeysFilter, 'clientId' | 'q' | 'sort' | 'after'>) {
  const sought = q.trim()
  const query = {
    limit: pageSize,
    ...(sought === '' ? {} : { q: sought }),
    ...(sort === undefined || sort === 'lastUsedAt' || sort === '-lastUsedAt' ? {} : { sort }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(after === undefined ? {} : { after }),
  }
  return queryOptions({
    queryKey: ['tokens', query],
    queryFn: async ({ signal }) => {
      if (sought !== '') await pause(typingMs, signal)
      return call('listTokens', { query }, signal)
    },
    refetchInterval: 15_000,
  })
}

/** Between two letters of a text that is searched for: the query for the shorter one is given up meanwhile. */
const typingMs = 200

/** Rejects once the signal says so. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}

/** The first words of the keys of all queries that tell of keys: what a change of one changes. */
export const keyReads = ['keys', 'key', 'key names', 'audit', 'usage'] as const

export function keyQuery(id: string) {
  return queryOptions({
    queryKey: ['key', id],
    queryFn: ({ signal }) => call('getKey', { params: { id } }, signal),
    refetchInterval: 15_000,
  })
}

/** The first hundred: whoever has more finds a client by its id. */
export const clientsQuery = queryOptions({
  queryKey: ['clients'],
  queryFn: ({ signal }) => call('listClients', { query: { limit: 100 } }, signal),
})

export interface ApplicationsFilter {
  readonly q?: string | undefined
  readonly sort: 'name' | '-name' | 'createdAt' | '-createdAt'
  readonly after?: string | undefined
}

export function applicationsQuery({ q, sort, after }: ApplicationsFilter) {
  const query = {
    limit: pageSize,
    sort,
    ...(q === undefined ? {} : { q }),
    ...(after === undefined ? {} : { after }),
  }
  return queryOptions({
    queryKey: ['clients', query],
    queryFn: ({ signal }) => call('listClients', { query }, signal),
    refetchInterval: 15_000,
  })
}

export function clientQuery(clientId: string) {
  return queryOptions({
    queryKey: ['client', clientId],
    queryFn: ({ signal }) => call('getClient', { params: { clientId } }, signal),
    refetchInterval: 15_000,
  })
}

/** The first words of the keys of all queries that tell of clients, and of what ends with them. */
export const clientReads = ['clients', 'client', 'audit', ...keyReads] as const

/** The names of the first hundred teams in reach; others are known by their ids. */
export const teamNamesQuery = queryOptions({
  queryKey: ['team names'],
  queryFn: async ({ signal }) => {
    const { data } = await call('listTeams', { query: { limit: 100 } }, signal)
    return data.map(({ id, name }) => ({ id, name }))
  },
  staleTime: 60_000,
})

export const apisQuery = queryOptions({
  queryKey: ['apis'],
  queryFn: ({ signal }) => call('listApis', { query: { limit: 100 } }, signal),
})

export function teamQuery(id: string) {
  return queryOptions({ queryKey: ['team', id], queryFn: ({ signal }) => call('getTeam', { params: { id } }, signal) })
}

/** Verifications of each key by day. */
export function usageByKeyQuery(clientId: string | undefined) {
  const { from, to, interval } = intervalsOf('30d', Date.now())
  const query = { from, to, interval, groupBy: 'keyId', ...(clientId === undefined ? {} : { clientId }) } as const
  return queryOptions({
    queryKey: ['usage', query],
    queryFn: ({ signal }) => call('getUsage', { query }, signal),
    staleTime: 60_000,
    retry: false,
  })
}

/** The last day, by hour and key. */
export const lastDayByKeyQuery = queryOptions({
  queryKey: ['usage', 'last day by key'],
  queryFn: ({ signal }) => call('getUsage', { query: { interval: 'hour', groupBy: 'keyId' } }, signal),
})

/** Whose calls are counted. */
export type Caller = { readonly keyId: string } | { readonly clientId: string }

/** The last day, by hour and outcome: what an end would break. */
export function lastDayQuery(of: Caller) {
  return queryOptions({
    queryKey: ['usage', 'last day', of],
    queryFn: ({ signal }) => call('getUsage', { query: { ...of, interval: 'hour', groupBy: 'outcome' } }, signal),
  })
}

/** The first hundred. */
export function membersQuery(id: string) {
  return queryOptions({
    queryKey: ['members', id],
    queryFn: ({ signal }) => call('listTeamMembers', { params: { id }, query: { limit: 100 } }, signal),
    refetchInterval: 30_000,
  })
}

/** The first hundred, without their codes. */
export function invitationsQuery(id: string) {
  return queryOptions({
    queryKey: ['invitations', id],
    queryFn: ({ signal }) => call('listInvitations', { params: { id }, query: { limit: 100 } }, signal),
  })
}

/** The first hundred of a team. */
export function accessRequestsQuery(teamId: string) {
  return queryOptions({
    queryKey: ['access requests', teamId],
    queryFn: ({ signal }) => call('listAccessRequests', { query: { teamId, limit: 100 } }, signal),
    refetchInterval: 30_000,
  })
}

/** A page of the applications that the person has let in. */
export function connectionsQuery(after: string | undefined) {
  const query = { limit: pageSize, ...(after === undefined ? {} : { after }) }
  return queryOptions({
    queryKey: ['connections', query],
    queryFn: ({ signal }) => call('listConsents', { query }, signal),
    refetchInterval: 30_000,
  })
}

export function auditQuery(objectId: string) {
  return queryOptions({
    queryKey: ['audit', objectId],
    queryFn: ({ signal }) => call('listAudit', { query: { objectId, limit: 50 } }, signal),
  })
}

/** Asked again until every verifier has the change. */
export function receiptQuery(feedSequence: number) {
  return queryOptions({
    queryKey: ['receipt', feedSequence],
    queryFn: ({ signal }) => call('getRevocation', { params: { feedSequence: String(feedSequence) } }, signal),
    refetchInterval: ({ state }) => (state.data?.complete === true ? false : 500),
  })
}

/** The newest hundred that work. */
export const activeKeysQuery = queryOptions({
  queryKey: ['keys', 'active'],
  queryFn: ({ signal }) => call('listKeys', { query: { status: 'active', limit: 100 } }, signal),
})

/** Every operation of the API's imported document, without their descriptions. */
export function operationsQuery(apiId: string) {
  return queryOptions({
    queryKey: ['operations', apiId],
    queryFn: ({ signal }) => call('listOperations', { params: { id: apiId } }, signal),
    staleTime: 60_000,
  })
}

/** The document itself, of up to 16 MiB: read once for each import. */
export function openapiQuery(apiId: string, importedAt: string | null) {
  return queryOptions({
    queryKey: ['openapi', apiId, importedAt],
    queryFn: ({ signal }) => call('getOpenapi', { params: { id: apiId } }, signal),
    // Also where all else is read again.
    staleTime: 'static',
    structuralSharing: false,
  })
}
