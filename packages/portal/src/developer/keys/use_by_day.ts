import { intervalsOf } from '../../shared/usage_intervals.ts'

interface Count {
  readonly at: string
  readonly keyId?: string | undefined
  readonly count: number
}

/** Verifications of each key by day, of the last thirty. `undefined` while nobody knows. */
export function daysByKey(
  counts: readonly Count[] | undefined,
  now = Date.now(),
): ReadonlyMap<string, readonly number[]> | undefined {
  if (counts === undefined) return undefined
  const { beginnings, lengthMs } = intervalsOf('30d', now)
  const byKey = new Map<string, number[]>()
  for (const { at, keyId = '', count } of counts) {
    const days = byKey.get(keyId) ?? beginnings.map(() => 0)
    const index = beginnings.indexOf(Math.floor(Date.parse(at) / lengthMs) * lengthMs)
    if (index >= 0) days[index] = (days[index] ?? 0) + count
    byKey.set(keyId, days)
  }
  return byKey
}
