/** Keys that want a look: those that end, those that nobody uses, those that may do more than they do. A key stands there once. */
import type { ListedKey } from '../../shared/api/queries.ts'

type Judged = Pick<ListedKey, 'id' | 'scope' | 'expiresAt' | 'lastUsedAt' | 'createdAt' | 'rolledFrom'>

const dayMs = 86_400_000
const soonDays = 14
const idleDays = 90
const watchedDays = 30

/** The keys that end within 14 days, the next first. A key whose successor is there ends as it was meant to. */
export function endingOf<K extends Judged>(keys: readonly K[], now: number): readonly K[] {
  const rolled = new Set(keys.map(({ rolledFrom }) => rolledFrom))
  return keys
    .filter(
      ({ id, expiresAt }) => !rolled.has(id) && expiresAt !== null && Date.parse(expiresAt) - now < soonDays * dayMs,
    )
    .sort((one, other) => (one.expiresAt ?? '').localeCompare(other.expiresAt ?? ''))
}

/** The keys that were not used for 90 days, the longest unused first. One that was never used counts from when it was made. */
export function idleOf<K extends Judged>(keys: readonly K[], now: number): readonly K[] {
  const since = ({ lastUsedAt, createdAt }: K): number => Date.parse(lastUsedAt ?? createdAt)
  return keys.filter((key) => now - since(key) >= idleDays * dayMs).sort((one, other) => since(one) - since(other))
}

export interface Wide<K> {
  readonly key: K
  readonly granted: number
  /** The tokens of its scope that calls of the last 30 days required. */
  readonly used: readonly string[]
}

interface ScopeUse {
  readonly keyId?: string | undefined
  /** Tokens with spaces between them, ` | ` between alternatives. */
  readonly scope?: string | undefined
}

/** Keys that are known by their use for 30 days, and may do more than that. What could not be counted apart counts as all. */
export function wideOf<K extends Judged>(
  keys: readonly K[],
  uses: readonly ScopeUse[],
  now: number,
): readonly Wide<K>[] {
  const byKey = Map.groupBy(uses, ({ keyId = '' }) => keyId)
  return keys
    .filter(({ lastUsedAt, createdAt }) => {
      const [usedMs, madeMs] = [lastUsedAt, createdAt].map((at) => (at === null ? 0 : Date.parse(at)))
      const watched = watchedDays * dayMs
      return now - (usedMs ?? 0) < watched && now - (madeMs ?? 0) >= watched
    })
    .flatMap((key) => {
      const granted = key.scope.split(' ').filter((token) => token !== '')
      const required = (byKey.get(key.id) ?? []).map(({ scope = '' }) => scope)
      if (required.length === 0 || required.includes(uncounted)) return []
      const tokens = new Set(required.flatMap((scope) => scope.split(/ (?:\| )?/)))
      const used = granted.filter((token) => tokens.has(token))
      return used.length < granted.length ? [{ key, granted: granted.length, used }] : []
    })
    .sort((one, other) => other.granted - other.used.length - (one.granted - one.used.length))
}

/** The scope under which a key has more requirements than are told apart: docs/usage.md. */
const uncounted = '(overflow)'

export interface Attention<K> {
  readonly ending: readonly K[]
  readonly idle: readonly K[]
  readonly wide: readonly Wide<K>[]
}

/** `uses`: `undefined` while nobody knows them. */
export function attentionOf<K extends Judged>(
  lists: { readonly ending: readonly K[]; readonly idle: readonly K[]; readonly used: readonly K[] },
  uses: readonly ScopeUse[] | undefined,
  now = Date.now(),
): Attention<K> {
  const ending = endingOf(lists.ending, now)
  const named = new Set(ending.map(({ id }) => id))
  return {
    ending,
    idle: idleOf(lists.idle, now).filter(({ id }) => !named.has(id)),
    wide: uses === undefined ? [] : wideOf(lists.used, uses, now).filter(({ key }) => !named.has(key.id)),
  }
}

interface Page<K> {
  readonly data: readonly K[]
  readonly next: string | null
}

/**
 * Whether the first page of each order has every key that can want a look. `idle` begins with the never used, `used` with the last
 * used, `ending` with the next to end.
 */
export function areAllSeen<K extends Pick<Judged, 'expiresAt' | 'lastUsedAt'>>(
  { ending, idle, used }: Readonly<Record<'ending' | 'idle' | 'used', Page<K>>>,
  now = Date.now(),
): boolean {
  const reaches = ({ data, next }: Page<K>, isPast: (last: K | undefined) => boolean): boolean =>
    next === null || isPast(data.at(-1))
  const isBefore = (at: string | null | undefined, days: number) => at == null || now - Date.parse(at) >= days * dayMs
  return (
    reaches(ending, (last) => last?.expiresAt == null || Date.parse(last.expiresAt) - now >= soonDays * dayMs) &&
    reaches(idle, (last) => last?.lastUsedAt != null && !isBefore(last.lastUsedAt, idleDays)) &&
    reaches(used, (last) => isBefore(last?.lastUsedAt, watchedDays))
  )
}
