/**
 * One process's connection to the modelled database: the part of `Store` that the feed uses, with delays from the seed.
 */
import type { CredentialRecord, MaybePromise, Place, PublicKeyRecord } from '@countersign/core'
import {
  type Append,
  type Client,
  type InstallationEntry,
  type Key,
  type Store,
  StoreUnavailableError,
  type Token,
  type WriteTransaction,
} from '@countersign/store'
import { type Database, type Draft, dropSecondsOf, placeOf, put, type State } from './database.ts'
import type { Rules } from './rules.ts'

/** The simulated code does not use the other members of `Store`. */
type ModelledPart = Pick<
  Store,
  | 'dialect'
  | 'canFailOver'
  | 'write'
  | 'onCommit'
  | 'onHint'
  | 'beforeAppend'
  | 'beat'
  | 'takeLease'
  | 'dropTime'
  | 'feed'
  | 'startEpoch'
  | 'leaveHistory'
  | 'cleanUp'
> & {
  readonly lookup: Pick<Store['lookup'], 'credential' | 'publicKey'>
  readonly read: Pick<Store['read'], 'statusEntries' | 'tenants'>
}

export interface StoreOptions {
  readonly database: Database
  readonly rules: Rules
  /** SQLite answers single reads in the same turn. */
  readonly dialect: 'sqlite' | 'postgres'
  readonly canFailOver: boolean
  /** The clock of this process, in seconds. */
  readonly now: () => number
  /** The clock of the database, in milliseconds. */
  readonly databaseMs: () => number
  /** Some time passes; never again once the process is gone. Throws while the database cannot be reached. */
  readonly pause: () => Promise<void>
  /** Rejects when the process is gone. */
  readonly gone: Promise<never>
  /** The time that passes until nobody has confirmed a commit. */
  readonly giveUp: () => Promise<void>
}

export interface ModelledStore {
  readonly store: Store
  /** Finds the primary; another one than the log was written by begins another epoch. */
  open(): Promise<void>
  /** Ends what it listens to. */
  close(): void
}

export function createModelledStore(options: StoreOptions): ModelledStore {
  const { database, rules, dialect, canFailOver, now, pause } = options
  const listeners = new Set<(entries: readonly InstallationEntry[]) => void>()
  const hints = new Set<() => void>()
  let follows: Parameters<Store['beforeAppend']>[0] = () => true
  let primary = database.current
  let telling: Promise<void> = Promise.resolve()
  const unlisten = database.onHint(() => {
    if (!primary.isReplaced) for (const hint of hints) hint()
  })

  async function read<T>(of: (state: State) => T): Promise<T> {
    await pause()
    const found = of(primary.state)
    await pause()
    return found
  }

  function readAtOnce<T>(of: (state: State) => T): MaybePromise<T> {
    return dialect === 'sqlite' ? of(primary.state) : read(of)
  }

  /** The standby of a replaced primary confirms no write. The write fails, and the server looks for another primary. */
  async function transact<T>(work: (draft: Draft) => Promise<T>): Promise<T> {
    await pause()
    if (primary.isReplaced) {
      await options.giveUp()
      await connect()
      throw new StoreUnavailableError('timeout', new Error('nobody confirmed it'))
    }
    return database.transact(primary, work, options.gone)
  }

  async function connect(): Promise<void> {
    const found = database.current
    await database.transact(
      found,
      async (draft) => {
        await pause()
        database.followHistory(draft, found.history, now())
      },
      options.gone,
    )
    primary = found
  }

  async function write<T>(work: (transaction: WriteTransaction) => Promise<T>) {
    const { promise, resolve } = Promise.withResolvers<void>()
    let before = Promise.resolve()
    try {
      const written = await transact(async (draft) => {
        const changes: Append[] = []
        const value = await work(transactionOf(draft, pause, (change) => changes.push(change)))
        await pause()
        const isSettled = draft.history === primary.history
        const entries = await database.append(
          draft,
          changes,
          Math.floor(now()),
          (tenant, head) => isSettled && follows(tenant, head),
        )
        // Told in the order of commits, which is that of the lock that is held here.
        before = telling
        telling = promise
        return { value, entries }
      })
      await pause().catch(() => {})
      await before
      if (written.entries.length > 0) for (const listener of listeners) listener(written.entries)
      return written
    } finally {
      resolve()
    }
  }

  function endOf(state: State): number {
    return rules.removesByDropTime ? dropSecondsOf(state) : Math.floor(now())
  }

  const store: ModelledPart = {
    dialect,
    canFailOver,
    write,
    onCommit(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onHint(listener) {
      hints.add(listener)
      return () => hints.delete(listener)
    },
    beforeAppend(asked) {
      follows = asked
    },
    beat: () => transact(pause),
    takeLease: (name, holder, seconds) =>
      transact(async (draft) => {
        const at = options.databaseMs() / 1000
        const lease = draft.leases.get(name)
        if (lease !== undefined && lease.holder !== holder && lease.expiresAt > at) return false
        put(draft, 'leases', name, { holder, expiresAt: at + seconds })
        return true
      }),
    dropTime: {
      read: () => read(({ dropTime }) => ({ ...dropTime, databaseMs: options.databaseMs() })),
      move: (moves, { timeMs, boot }) =>
        transact(async (draft) => {
          const known = draft.dropTime
          if (rules.dropTimeIsCompared && (known.moves !== moves || timeMs < known.timeMs)) return false
          draft.dropTime = { timeMs: Math.floor(timeMs), moves: known.moves + 1, boot }
          return true
        }),
    },
    lookup: {
      credential: (tenant, digest, kind) => readAtOnce((state) => credentialOf(state, tenant, digest, kind)),
      publicKey: (tenant, clientId, kid) => readAtOnce((state) => publicKeyOf(state, tenant, clientId, kid)),
    },
    read: readsOf(read),
    feed: {
      epoch: () => readAtOnce(({ epoch }) => epoch),
      place: (tenant) => readAtOnce((state) => placeOf(state, tenant)),
      head: () => readAtOnce(headOf),
      after: (tenant, sequence, limit) =>
        readAtOnce((state) =>
          state.feed
            .filter((entry) => entry.tenant === tenant && entry.sequence > Math.max(sequence, state.beginning))
            .slice(0, limit)
            .map(({ tenant: _, position: __, ...entry }) => entry as InstallationEntry),
        ),
      afterPosition: (position, limit) =>
        readAtOnce(({ feed, beginning }) =>
          feed.filter((entry) => entry.position > Math.max(position, beginning)).slice(0, limit),
        ),
      chainAt: (tenant, sequence) => readAtOnce((state) => chainAt(state, tenant, sequence)),
      async snapshot(tenant) {
        const found = await read((state) => ({
          place: placeOf(state, tenant),
          dropTime: dropSecondsOf(state),
          entries: entriesOf(state, endOf(state), tenant),
        }))
        return rules.snapshotIsWhole ? found : { ...found, place: placeOf(primary.state, tenant) }
      },
      places: () => read((state) => ({ ...headOf(state), places: placesOf(state) })),
      snapshotAll: () =>
        read((state) => ({
          ...headOf(state),
          places: placesOf(state),
          dropTime: dropSecondsOf(state),
          entries: entriesOf(state, endOf(state)),
        })),
    },
    startEpoch: (above) => transact(async (draft) => database.begin(draft, above, now()).epoch),
    leaveHistory: (claims) => transact((draft) => database.leaveHistory(draft, claims, now())),
    cleanUp: (_, logSeconds) => transact(async (draft) => ({ removed: removeEnded(draft, endOf(draft), logSeconds) })),
  }

  return {
    // The rest of the seam is not used by what is simulated, and a call to it fails at once.
    store: store as unknown as Store,
    open: connect,
    close: unlisten,
  }
}

function headOf({ epoch, position, feed }: State) {
  const last = feed.at(-1)
  return { epoch, position, chain: last?.position === position ? last.chain : undefined }
}

function placesOf(state: State): ReadonlyMap<string, Place> {
  return new Map([...state.counters.keys()].map((tenant) => [tenant, placeOf(state, tenant)]))
}

function entriesOf({ statusEntries }: State, end: number, tenant?: string) {
  return [...statusEntries.values()].filter(
    (entry) => entry.dropAt > end && (tenant === undefined || entry.tenant === tenant),
  )
}

function chainAt(state: State, tenant: string, sequence: number): string | undefined {
  if (sequence === 0) return state.beginning === 0 ? '' : undefined
  const found =
    sequence > state.beginning
      ? state.feed.find((entry) => entry.tenant === tenant && entry.sequence === sequence)
      : undefined
  const head = placeOf(state, tenant)
  return found?.chain ?? (head.sequence === sequence ? head.chain : undefined)
}

const cleanedMax = 10_000

/** As `cleanUp` of the store: entries by their end, the log from its beginning. */
function removeEnded(draft: Draft, end: number, logSeconds: number): number {
  const before = draft.statusEntries.size + draft.feed.length
  draft.statusEntries = new Map([...draft.statusEntries].filter(([, { dropAt }]) => dropAt > end))
  const logEnd = end - logSeconds
  const bounds = new Map<string, number>()
  for (const [tenant, group] of Map.groupBy(draft.feed, (entry) => entry.tenant)) {
    const firstKept = group.find(({ at }) => at >= logEnd)?.sequence ?? Number.MAX_SAFE_INTEGER
    // So many numbers a round, as the store counts them: where an epoch began the rest waits for the next one.
    bounds.set(tenant, Math.min(firstKept, (group[0] as InstallationEntry).sequence + cleanedMax))
  }
  draft.feed = draft.feed.filter(({ tenant, sequence }) => sequence >= (bounds.get(tenant) ?? 0))
  return before - draft.statusEntries.size - draft.feed.length
}

function credentialOf(
  state: State,
  tenant: string,
  digest: string,
  kind: 'key' | 'token' | undefined,
): CredentialRecord | undefined {
  const isIt = (row: Key | Token): boolean => row.tenant === tenant && row.digest === digest
  const key = kind === 'token' ? undefined : [...state.keys.values()].find(isIt)
  const token = kind === 'key' || key !== undefined ? undefined : [...state.tokens.values()].find(isIt)
  const row = key ?? token
  if (row === undefined) return undefined
  const client = state.clients.get(`${tenant} ${row.clientId}`)
  const api = state.apis.get(`${tenant} ${row.apiId}`)
  if (client === undefined || api === undefined) return undefined
  const common = {
    version: row.version,
    prefix: row.prefix ?? '',
    clientId: row.clientId,
    apiId: row.apiId,
    status: row.status,
    metadata: row.metadata,
    audience: api.audience,
    clientStatus: client.status,
    access: client.access[row.apiId] ?? null,
    ...(row.rateLimit === undefined ? {} : { rateLimit: row.rateLimit }),
  }
  if (token !== undefined) {
    const { jti, subject, issuedScope, issuedExpiresAt, scope, expiresAt, lineage, inherited, limitId, position } =
      token
    return {
      ...common,
      kind: 'access_token',
      id: jti,
      subject,
      scope: scope ?? issuedScope,
      expiresAt: expiresAt ?? issuedExpiresAt,
      limitId,
      lineage,
      inherited,
      position,
    }
  }
  const { id, scope, environment, expiresAt } = row as Key
  return {
    ...common,
    kind: 'api_key',
    id,
    subject: row.clientId,
    scope,
    environment,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    limitId: id,
    lineage: [],
    inherited: [],
  }
}

function publicKeyOf(state: State, tenant: string, clientId: string, kid: string): PublicKeyRecord | undefined {
  const jwk = state.jwks.get(`${tenant} ${clientId} ${kid}`)
  const client = state.clients.get(`${tenant} ${clientId}`)
  if (jwk === undefined || client === undefined) return undefined
  const { thumbprint, alg, publicJwk } = jwk
  const { selfIssuedLifeSecondsMax: lifeSecondsMax, status: clientStatus, access, metadata } = client
  return { clientId, kid, thumbprint, alg, publicJwk, lifeSecondsMax, clientStatus, access, metadata }
}

function readsOf(read: <T>(of: (state: State) => T) => Promise<T>): ModelledPart['read'] {
  return {
    statusEntries: {
      find: (tenant, type, id) => read((state) => state.statusEntries.get(`${tenant} ${type} ${id}`)),
      count: (tenant, type) =>
        read(({ statusEntries }) =>
          [...statusEntries.values()].filter((entry) => entry.tenant === tenant && entry.type === type),
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
function transactionOf(draft: Draft, pause: () => Promise<void>, append: (change: Append) => void): WriteTransaction {
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
