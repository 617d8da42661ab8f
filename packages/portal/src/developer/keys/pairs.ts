import type { ListedKey } from '../../shared/api/queries.ts'

export interface Pair {
  readonly key: ListedKey
  /** The key that it was rolled from, while that works. */
  readonly old: ListedKey | undefined
}

/** A key that works beside its successor stands below it. The newest stands first. */
export function pairsOf(keys: readonly ListedKey[]): readonly Pair[] {
  const byId = new Map(keys.map((key) => [key.id, key]))
  const olds = new Map<string, ListedKey>()
  for (const { id, rolledFrom } of keys) {
    const old = rolledFrom === null ? undefined : byId.get(rolledFrom)
    if (old?.status === 'active') olds.set(id, old)
  }
  const below = new Set([...olds.values()].map(({ id }) => id))
  return keys.filter(({ id }) => !below.has(id)).map((key) => ({ key, old: olds.get(key.id) }))
}
