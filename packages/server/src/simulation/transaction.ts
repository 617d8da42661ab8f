import type { Append, Client, Key, Store, Token, WriteTransaction } from '@countersign/store'
import { type Draft, put, type State } from './database.ts'

/** The reads of `Store` that the simulated code uses. */
export type ModelledReads = Pick<Store['read'], 'statusEntries' | 'tenants'>

export function readsOf(read: <T>(of: (state: State) => T) => Promise<T>): ModelledReads {
  return {
    statusEntries: {
      find: (tenant, type, id) => read((state) => state.statusEntries.get(`${tenant} ${type} ${id}`)),
      count: (tenant, type) =>
        read(({ statusEntries }) =>
          [...statusEntries.values()].filter((entry) => entry.tenant === tenant && entry.type === type),
        ).then(({ length }) => length),
      countSubjects: (tenant) =>
        read(({ statusEntries }) =>
          [...statusEntries.values()].filter((entry) => entry.tenant === tenant && entry.type === 'subject'),
        ).then(({ length }) => length),
    },
    tenants: {
      find: (id) => read(({ tenants }) => tenants.get(id)),
      findBySlug: (slug) => read(({ tenants }) => [...tenants.values()].find((tenant) => tenant.slug === slug)),
      list: () => read(({ tenants }) => [...tenants.values()]),
    },
  }
}

type Written = Pick<
  WriteTransaction,
  'append' | 'statusEntries' | 'tenants' | 'apis' | 'clients' | 'keys' | 'tokens' | 'signingKeys'
>

/** The repositories over a draft: the rows that revoking, changing and taking touch. */
export function transactionOf(
  draft: Draft,
  pause: () => Promise<void>,
  append: (change: Append) => void,
): WriteTransaction {
  const read = async <T>(of: (state: State) => T): Promise<T> => {
    await pause()
    return of(draft)
  }
  const name = (...parts: readonly string[]): string => parts.join(' ')
  const clientsOf = (rows: Iterable<Key | Token>, tenant: string, clientId: string): readonly (Key | Token)[] =>
    [...rows].filter((row) => row.tenant === tenant && row.clientId === clientId && row.status !== 'revoked')
  const reads = readsOf(read)
  const transaction: { readonly [M in keyof Written]: Partial<Written[M]> } = {
    append,
    statusEntries: reads.statusEntries,
    tenants: {
      ...reads.tenants,
      update: async (tenant) => put(draft, 'tenants', tenant.id, tenant),
      async setFloor(id, floor) {
        const tenant = draft.tenants.get(id)
        if (tenant !== undefined) put(draft, 'tenants', id, { ...tenant, floor })
      },
    },
    apis: {
      find: (tenant, id) => read(({ apis }) => apis.get(name(tenant, id))),
      update: async (api) => put(draft, 'apis', name(api.tenant, api.id), api),
    },
    clients: {
      find: (tenant, id) => read(({ clients }) => clients.get(name(tenant, id))),
      update: async (client) => put(draft, 'clients', name(client.tenant, client.id), client),
      async setCutOff(tenant, id, cutOff, cutOffs) {
        const client = draft.clients.get(name(tenant, id)) as Client
        put(draft, 'clients', name(tenant, id), { ...client, cutOff, ...(cutOffs === undefined ? {} : { cutOffs }) })
      },
      async delete(tenant, id) {
        put(draft, 'clients', name(tenant, id), undefined)
        for (const [key, row] of draft.jwks)
          if (row.tenant === tenant && row.clientId === id) put(draft, 'jwks', key, undefined)
      },
      secrets: (tenant, clientId) =>
        read(({ secrets }) =>
          [...secrets.values()].filter((row) => row.tenant === tenant && row.clientId === clientId),
        ),
      deleteSecret: async (tenant, clientId, id) => put(draft, 'secrets', name(tenant, clientId, id), undefined),
      async deleteSecrets(tenant, clientId, madeBy = Number.MAX_SAFE_INTEGER) {
        const gone = [...draft.secrets].filter(
          ([, row]) => row.tenant === tenant && row.clientId === clientId && row.createdAt <= madeBy,
        )
        for (const [key] of gone) put(draft, 'secrets', key, undefined)
        return gone.length
      },
      jwks: (tenant, clientId) =>
        read(({ jwks }) => [...jwks.values()].filter((row) => row.tenant === tenant && row.clientId === clientId)),
      deleteJwk: async (tenant, clientId, kid) => put(draft, 'jwks', name(tenant, clientId, kid), undefined),
    },
    keys: {
      find: (tenant, id) => read(({ keys }) => keys.get(name(tenant, id))),
      insert: async (key) => put(draft, 'keys', name(key.tenant, key.id), key),
      update: async (key) => put(draft, 'keys', name(key.tenant, key.id), key),
      async revokeByClient(tenant, clientId, now, madeBy = Number.MAX_SAFE_INTEGER) {
        const rows = clientsOf(draft.keys.values(), tenant, clientId) as readonly Key[]
        const ended = rows.filter(({ createdAt }) => createdAt <= madeBy)
        for (const row of ended) put(draft, 'keys', name(tenant, row.id), revoked(row, now))
        return ended.map(({ id }) => id)
      },
    },
    tokens: {
      find: (tenant, jti) => read(({ tokens }) => tokens.get(name(tenant, jti))),
      insert: async (token) => put(draft, 'tokens', name(token.tenant, token.jti), token),
      update: async (token) => put(draft, 'tokens', name(token.tenant, token.jti), token),
      async revokeByClient(tenant, clientId, now, sequence = Number.MAX_SAFE_INTEGER) {
        const rows = clientsOf(draft.tokens.values(), tenant, clientId) as readonly Token[]
        const ended = rows.filter(({ position }) => position < sequence)
        for (const row of ended) put(draft, 'tokens', name(tenant, row.jti), revoked(row, now))
        return ended.map(({ jti }) => jti)
      },
    },
    signingKeys: {
      list: (tenant) => read(({ signingKeys }) => [...signingKeys.values()].filter((row) => row.tenant === tenant)),
      update: async (key) => put(draft, 'signingKeys', name(key.tenant, key.kid), key),
    },
  }
  // The rest of the repositories is not used by what is simulated, and a call to it fails at once.
  return transaction as unknown as WriteTransaction
}

function revoked<R extends Key | Token>(row: R, now: number): R {
  return { ...row, status: 'revoked', version: row.version + 1, updatedAt: Math.floor(now) }
}
