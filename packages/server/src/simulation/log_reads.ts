/** The log of a state of the modelled database, and what is removed from it. */
import type { Place } from '@countersign/core'
import type { InstallationEntry } from '@countersign/store'
import { type Draft, placeOf, type State } from './database.ts'

export function headOf({ epoch, position, feed }: State) {
  const last = feed.at(-1)
  return { epoch, position, chain: last?.position === position ? last.chain : undefined }
}

export function placesOf(state: State): ReadonlyMap<string, Place> {
  return new Map([...state.counters.keys()].map((tenant) => [tenant, placeOf(state, tenant)]))
}

export function entriesOf({ statusEntries }: State, end: number, tenant?: string) {
  return [...statusEntries.values()].filter(
    (entry) => entry.dropAt > end && (tenant === undefined || entry.tenant === tenant),
  )
}

export function chainAt(state: State, tenant: string, sequence: number): string | undefined {
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
export function removeEnded(draft: Draft, end: number, logSeconds: number): number {
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
