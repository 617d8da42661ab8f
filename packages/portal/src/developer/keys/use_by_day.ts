import { usageDays } from '../../shared/usage_days.ts'

const dayMs = 86_400_000

/** The place of a day among the last thirty; the last is today, in UTC. */
export function dayIndex(at: string, now = Date.now()): number {
  return usageDays - 1 - (Math.floor(now / dayMs) - Math.floor(Date.parse(at) / dayMs))
}

/** Verifications of each key by day. `undefined` while nobody knows. */
export function daysByKey(
  counts: readonly { readonly at: string; readonly keyId?: string | undefined; readonly count: number }[] | undefined,
): ReadonlyMap<string, readonly number[]> | undefined {
  if (counts === undefined) return undefined
  const byKey = new Map<string, number[]>()
  for (const { at, keyId = '', count } of counts) {
    const days = byKey.get(keyId) ?? Array.from({ length: usageDays }, () => 0)
    const index = dayIndex(at)
    if (index >= 0 && index < usageDays) days[index] = (days[index] ?? 0) + count
    byKey.set(keyId, days)
  }
  return byKey
}
