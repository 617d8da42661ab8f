/** The log of the model, and what a server that has seen so much of it would answer: pure functions of a view. */
import {
  type ClientState,
  type CredentialRecord,
  chainInput,
  digest,
  emptyChain,
  type FeedEntry,
  type KeyState,
  neverDropAt,
  type Place,
  type PublicKeyRecord,
  type StateByType,
  type Subject,
} from '@countersign/core'
import { apiId, audience, modelKeys, ownPairs, publicKeyRecord, startAt, tenant } from './credentials.ts'

/** One database. A restored copy has a new epoch, and its sequences begin far above the old ones (feed.md §1). */
export interface History {
  readonly epoch: string
  readonly entries: FeedEntry[]
  /** Entries that came with the copy; the place right after them. */
  readonly copied: number
  readonly beganAt: Place
}

/** So much of a history as a read at some moment saw. */
export interface View {
  readonly history: History
  readonly count: number
}

export function createHistory(): History {
  const beganAt: Place = { epoch: 'e0', sequence: 0, chain: emptyChain }
  const history: History = { epoch: 'e0', entries: [], copied: 0, beganAt }
  append(history, subjectOf('tenant', tenant, 1, { status: 'active', slug: '' }, neverDropAt), startAt)
  const api = { status: 'active', audience, maxStalenessSeconds: 300, createdSequence: 0 } as const
  append(history, subjectOf('api', apiId, 1, api, neverDropAt), startAt)
  for (const { kid, publicJwk } of ownPairs) {
    const state = { status: 'active', alg: 'RS256', purpose: 'access_token', publicJwk } as const
    append(history, subjectOf('signing_key', kid, 1, state, neverDropAt), startAt)
  }
  append(
    history,
    subjectOf('client', 'client_other', 1, { status: 'active', access: {}, cutOff: 0 }, neverDropAt),
    startAt,
  )
  return history
}

export function subjectOf<T extends Subject['type']>(
  type: T,
  id: string,
  version: number,
  state: StateByType[T],
  dropAt: number,
): Subject {
  return { type, id, version, state, dropAt } as unknown as Subject
}

/** The backup of `view`, put into service: `jump` above all numbers that were ever given. */
export function restore(view: View, epoch: string, jump: number): History {
  const entries = view.history.entries.slice(0, view.count)
  const beganAt = { epoch, sequence: jump, chain: entries.at(-1)?.chain ?? emptyChain }
  return { epoch, entries, copied: entries.length, beganAt }
}

/** `number`: instead of the next one. */
export function append(history: History, subject: Subject, at: number, number?: number): FeedEntry {
  const before = placeOf({ history, count: history.entries.length })
  const { type, id, version, state, dropAt } = subject
  const open = { type, id, version, state, dropAt, sequence: number ?? before.sequence + 1, at, audit: '' } as Omit<
    FeedEntry,
    'chain'
  >
  const entry = { ...open, chain: digest(chainInput(before.chain, open)) as string } as FeedEntry
  history.entries.push(entry)
  return entry
}

export function placeOf({ history, count }: View): Place {
  if (count <= history.copied) return history.beganAt
  let last = history.entries[count - 1] as FeedEntry
  // The highest number, which is the last one unless numbers are given before the commit.
  for (let index = history.copied; index < count; index++) {
    const entry = history.entries[index] as FeedEntry
    if (entry.sequence > last.sequence) last = entry
  }
  return { epoch: history.epoch, sequence: last.sequence, chain: last.chain }
}

/** Whether a follower's place is one in this very log. */
export function isInLog(view: View, place: Place): boolean {
  const { history, count } = view
  if (place.epoch !== history.epoch) return false
  if (place.sequence === history.beganAt.sequence) return place.chain === history.beganAt.chain
  const entry = history.entries[history.copied + place.sequence - history.beganAt.sequence - 1]
  return entry !== undefined && place.sequence <= placeOf({ history, count }).sequence && entry.chain === place.chain
}

export function entriesAfter(view: View, sequence: number): readonly FeedEntry[] {
  const later = view.history.entries.slice(view.history.copied, view.count).filter((entry) => entry.sequence > sequence)
  return later.sort((a, b) => a.sequence - b.sequence)
}

/** The latest state of everything, as a snapshot has it. */
export function subjectsOf({ history, count }: View): readonly Subject[] {
  const latest = new Map<string, Subject>()
  for (const entry of history.entries.slice(0, count)) latest.set(`${entry.type} ${entry.id}`, entry)
  return [...latest.values()]
}

function latestOf<T extends Subject['type']>(
  { history, count }: View,
  type: T,
  id: string,
): StateByType[T] | undefined {
  for (let index = count - 1; index >= 0; index--) {
    const entry = history.entries[index] as FeedEntry
    if (entry.type === type && entry.id === id) return entry.state as StateByType[T]
  }
  return undefined
}

/** What a look-up by digest reads. */
export function credentialOf(view: View, digestText: string): CredentialRecord | undefined {
  const found = modelKeys.find((key) => key.digest === digestText)?.record
  if (found === undefined) return undefined
  const own: KeyState = latestOf(view, 'key', found.id) ?? { status: 'active', scope: found.scope }
  const client = latestOf(view, 'client', found.clientId)
  return {
    ...found,
    status: own.status,
    scope: own.scope,
    ...(own.expiresAt === undefined ? {} : { expiresAt: own.expiresAt }),
    clientStatus: client?.status ?? 'active',
    access: accessOf(client),
  }
}

export function publicKeyOf(view: View, clientId: string, kid: string): PublicKeyRecord | undefined {
  if (clientId !== publicKeyRecord.clientId || kid !== publicKeyRecord.kid) return undefined
  const { thumbprint } = publicKeyRecord
  if (latestOf(view, 'public_key', `${clientId} ${thumbprint}`) !== undefined) return undefined
  const client = latestOf(view, 'client', clientId)
  return { ...publicKeyRecord, clientStatus: client?.status ?? 'active', access: client?.access ?? { [apiId]: 'a b' } }
}

function accessOf(client: ClientState | undefined): string | null {
  return client === undefined ? 'a b' : (client.access[apiId] ?? null)
}
