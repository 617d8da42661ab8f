/**
 * The modelled database: one committed state, replaced as a whole by each commit. It keeps the rules of the store's own
 * code (`packages/store/src/feed`): numbers given under a lock, chains, lifted `dropAt`, epochs, what the drop time removes.
 */
import { hash } from 'node:crypto'
import {
  type ClientState,
  chainInput,
  emptyChain,
  type FeedEntry,
  type FeedObject,
  type Place,
} from '@countersign/core'
import {
  type Api,
  type Append,
  type BootClock,
  type Client,
  type ClientJwk,
  type ClientSecret,
  type EpochBegun,
  type HistoryClaim,
  type InstallationEntry,
  type Key,
  type SigningKey,
  type StatusEntry,
  StoreUnavailableError,
  type Tenant,
  type Token,
} from '@countersign/store'
import type { Rules } from './rules.ts'

type Table<R> = ReadonlyMap<string, R>

/** Rows by their primary key, its parts with a space between them. */
export interface State {
  readonly epoch: string
  readonly beginning: number
  readonly position: number
  /** The database server that wrote it: another one after a failover. */
  readonly history: string
  readonly dropTime: { readonly timeMs: number; readonly moves: number; readonly boot: BootClock | undefined }
  readonly counters: Table<{ readonly sequence: number; readonly chain: string }>
  readonly feed: readonly InstallationEntry[]
  readonly statusEntries: Table<StatusEntry>
  readonly tenants: Table<Tenant>
  readonly apis: Table<Api>
  readonly clients: Table<Client>
  readonly secrets: Table<ClientSecret>
  readonly jwks: Table<ClientJwk>
  readonly keys: Table<Key>
  readonly tokens: Table<Token>
  readonly signingKeys: Table<SigningKey>
  readonly leases: Table<{ readonly holder: string; readonly expiresAt: number }>
}

export type Draft = { -readonly [M in keyof State]: State[M] }

type TableName = {
  [M in keyof State]: State[M] extends Table<unknown> ? M : never
}[keyof State]

type RowOf<T extends TableName> = State[T] extends Table<infer R> ? R : never

export function emptyState(dropMs: number): State {
  const none = new Map()
  return {
    epoch: 'e0',
    beginning: 0,
    position: 0,
    history: 'h0',
    dropTime: { timeMs: dropMs, moves: 0, boot: undefined },
    counters: none,
    feed: [],
    statusEntries: none,
    tenants: none,
    apis: none,
    clients: none,
    secrets: none,
    jwks: none,
    keys: none,
    tokens: none,
    signingKeys: none,
    leases: none,
  }
}

/** A row put in, or taken out with `undefined`: the table is copied, so that states of before stay as they were. */
export function put<T extends TableName>(draft: Draft, table: T, key: string, row: RowOf<T> | undefined): void {
  const copy = new Map(draft[table] as Table<unknown>)
  if (row === undefined) copy.delete(key)
  else copy.set(key, row)
  ;(draft as Record<TableName, unknown>)[table] = copy
}

/** The history of a database server. A standby that takes over has another one, with the commits of the former. */
export interface Primary {
  state: State
  history: string
  /** A standby has taken over: what is written here is confirmed by nobody. */
  isReplaced: boolean
}

/** The next state, and the entries that tell of it. */
export interface Rulebook {
  readonly rules: Rules
  readonly liftDropAt: (dropAt: number, dropTime: number, now: number) => number
}

/** The database over its lifetime: who is its primary, and who is told of commits. */
export class Database {
  current: Primary
  readonly #book: Rulebook
  readonly #listeners = new Set<(before: State, after: State) => void>()
  readonly #hints = new Set<() => void>()
  #locked: Promise<void> = Promise.resolve()
  #audits = 0
  #epochs = 0
  #histories = 0

  constructor(state: State, book: Rulebook) {
    this.current = { state, history: state.history, isReplaced: false }
    this.#book = book
  }

  get state(): State {
    return this.current.state
  }

  /** Called with each change of what is committed at the primary, by whatever it came. */
  onChange(listener: (before: State, after: State) => void): void {
    this.#listeners.add(listener)
  }

  onHint(listener: () => void): () => void {
    this.#hints.add(listener)
    return () => this.#hints.delete(listener)
  }

  /** The file, or the volume, is another one from now on; a server that a standby was promoted from is so again. */
  goBack(state: State): void {
    this.current.history = state.history
    this.#set(this.current, state)
  }

  /** Acknowledged commits are at the standby. */
  failOver(): void {
    const { state } = this.current
    this.current.isReplaced = true
    this.current = { state, history: `h${++this.#histories}`, isReplaced: false }
  }

  /**
   * One writer at a time. Throws what `work` throws, with nothing changed; a database that was exchanged meanwhile too.
   * `gone` rejects when the writer is no more: its locks are free again.
   */
  async transact<T>(primary: Primary, work: (draft: Draft) => Promise<T>, gone?: Promise<never>): Promise<T> {
    const before = this.#locked
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#locked = promise
    await before
    try {
      const began = primary.state
      const draft: Draft = { ...began }
      const value = await (gone === undefined ? work(draft) : Promise.race([work(draft), gone]))
      if (primary.state !== began || primary.isReplaced)
        throw new StoreUnavailableError('timeout', new Error('the connection was lost'))
      if (draft.feed !== began.feed) this.#tell()
      this.#set(primary, draft)
      return value
    } finally {
      resolve()
    }
  }

  #set(primary: Primary, state: State): void {
    const before = primary.state
    primary.state = state
    if (primary === this.current) for (const listener of this.#listeners) listener(before, state)
  }

  #tell(): void {
    for (const hint of this.#hints) hint()
  }

  /** As `appendAll` of the store: the last statements of a transaction. */
  async append(
    draft: Draft,
    changes: readonly Append[],
    now: number,
    follows: (tenant: string, head: Place) => boolean,
  ): Promise<readonly InstallationEntry[]> {
    for (const tenant of new Set(changes.map((change) => change.tenant))) {
      if (!follows(tenant, placeOf(draft, tenant)))
        throw new StoreUnavailableError('history', new Error('the database continues another history'))
    }
    const entries: InstallationEntry[] = []
    for (const change of changes) {
      const { sequence: before } = placeOf(draft, change.tenant)
      for (const object of change.objects?.(before + 1) ?? [])
        entries.push(this.#appendOne(draft, change.tenant, object, now))
      await change.rows?.(before + 1)
    }
    return entries
  }

  #appendOne(draft: Draft, tenant: string, object: FeedObject, now: number): InstallationEntry {
    const head = placeOf(draft, tenant)
    const dropAt = this.#book.liftDropAt(object.dropAt, dropSecondsOf(draft), now)
    const { type, id, version, state } = object
    const audit = `a${++this.#audits}`
    const sequence = head.sequence + 1
    const open = { type, id, version, state, dropAt, sequence, at: now, audit } as Omit<FeedEntry, 'chain'>
    const chain = hash('sha256', chainInput(head.chain, open), 'base64url')
    const entry = { ...open, chain, tenant, position: draft.position + 1 } as InstallationEntry
    draft.position = entry.position
    draft.feed = [...draft.feed, entry]
    put(draft, 'counters', tenant, { sequence, chain })
    saveStatusEntry(draft, tenant, object, dropAt, sequence)
    return entry
  }

  /** As `startEpoch`. */
  begin(draft: Draft, above: number, nowSeconds: number): { readonly epoch: string; readonly beginning: number } {
    const epoch = this.#book.rules.epochsDiffer ? `e${++this.#epochs}` : draft.epoch
    const highest = Math.max(above, draft.position, ...[...draft.counters.values()].map(({ sequence }) => sequence))
    const beginning = Math.max(highest + 1_000_000_000, Math.floor(nowSeconds * 1_000_000))
    if (!this.#book.rules.epochsDiffer) return { epoch, beginning: draft.beginning }
    draft.epoch = epoch
    draft.position = beginning
    draft.beginning = beginning
    draft.counters = new Map([...draft.counters].map(([tenant, head]) => [tenant, { ...head, sequence: beginning }]))
    return { epoch, beginning }
  }

  /** As the store's own: proven in the transaction, and cut-offs raised to the new beginning. */
  async leaveHistory(draft: Draft, claims: readonly HistoryClaim[], now: number): Promise<EpochBegun | undefined> {
    const lost = claims.find((claim) => isLost(draft, claim))
    if (lost === undefined) return undefined
    const { epoch, beginning } = this.begin(draft, Math.max(...claims.map(({ sequence }) => sequence)), now)
    const raised: EpochBegun['raised'][number][] = []
    for (const client of this.#book.rules.cutOffsAreRaised ? draft.clients.values() : []) {
      const { tenant, id } = client
      const said = draft.statusEntries.get(`${tenant} client ${id}`)
      if (client.cutOff === 0 || said === undefined || said.state.status === 'revoked') continue
      const version = Math.max(client.version, said.version) + 1
      const state = { ...(said.state as ClientState), cutOff: beginning }
      put(draft, 'clients', `${tenant} ${id}`, { ...client, cutOff: beginning, version })
      this.#appendOne(draft, tenant, { type: 'client', id, version, state, dropAt: said.dropAt }, Math.floor(now))
      raised.push({ tenant, type: 'client', id })
    }
    return { epoch, beginning, lost, raised }
  }

  /** As `followHistory`: whoever finds another server first begins the epoch. */
  followHistory(draft: Draft, history: string, now: number): void {
    if (draft.history === history) return
    this.begin(draft, 0, now)
    draft.history = history
  }
}

export function placeOf(state: State, tenant: string): Place {
  const { sequence, chain } = state.counters.get(tenant) ?? { sequence: state.beginning, chain: emptyChain }
  return { epoch: state.epoch, sequence, chain }
}

export function dropSecondsOf({ dropTime }: State): number {
  return Math.floor(dropTime.timeMs / 1000)
}

function saveStatusEntry(draft: Draft, tenant: string, object: FeedObject, dropAt: number, sequence: number): void {
  const key = `${tenant} ${object.type} ${object.id}`
  const known = draft.statusEntries.get(key)
  const [is, was] = [object.state.status === 'revoked', known?.state.status === 'revoked']
  if (known !== undefined && (is === was ? object.version <= known.version : was)) return
  put(draft, 'statusEntries', key, { ...object, dropAt, tenant, sequence } as StatusEntry)
}

function isLost(draft: Draft, { tenant, of, sequence, epoch, chain }: HistoryClaim): boolean {
  const isOfPosition = of === 'position'
  const head = isOfPosition ? { sequence: draft.position, chain: undefined } : placeOf(draft, tenant)
  if (sequence > head.sequence) return true
  if (epoch !== draft.epoch || chain === undefined) return false
  const found = draft.feed.find(
    (entry) =>
      (isOfPosition ? entry.position : entry.sequence) === sequence && (isOfPosition || entry.tenant === tenant),
  )
  const known = found?.chain ?? (sequence === head.sequence ? head.chain : undefined)
  return known !== undefined && known !== chain
}
