/**
 * How far every verifier has come, from the questions it asks (docs/protocol/feed.md §8): receipts are made from this.
 * Positions that this process heard are exact and in memory. Positions that others heard come from the database, to which
 * each process writes its changes.
 */
import type { Seconds } from '@countersign/core'
import type { Store, VerifierPosition } from '@countersign/store'
import { Cache } from '@countersign/verifier/engine'
import { serverLimits } from '../limits.ts'
import { createStoredPositions } from './stored_positions.ts'
import { createVerifierInstances, type Report, verifiersMax } from './verifier_instances.ts'

export interface Positions {
  report(tenant: string, position: Report): void
  /**
   * Where every verifier of the tenant stands that may still accept anything from before `since`; as it was up to `ageMsMax`
   * ago, by default now.
   */
  standing(tenant: string, since: Seconds, ageMsMax?: number): Promise<readonly Standing[]>
  /** The positions of verifiers that this process heard from within their bound. */
  recent(): readonly VerifierPosition[]
  /** Write what came since the last time. */
  flush(): Promise<void>
}

/** One verifier: a credential and an instance of those who use it. */
export interface Standing {
  readonly id: string
  readonly epoch: string
  readonly sequence: number
  readonly maxStalenessSeconds: number
  readonly askedAt: Seconds
  /** When it was first known to have applied `sequence`: never earlier than it did. `undefined`: it has not. */
  appliedAt(epoch: string, sequence: number): Seconds | undefined
}

interface Heard extends VerifierPosition {
  /** Each place reported and when, oldest first. */
  readonly places: readonly { readonly sequence: number; readonly at: Seconds }[]
}

/**
 * Places remembered of each verifier. A receipt older than all of them says when the oldest was reached, which is later.
 */
const placesMax = 64

export function createPositions(store: Pick<Store, 'read' | 'savePositions'>, now: () => Seconds): Positions {
  const heard = new Cache<Heard>(verifiersMax)
  const shared = new Cache<{ readonly readAt: number; readonly standing: readonly Standing[] }>(1_000)
  const instances = createVerifierInstances()
  const stored = createStoredPositions(store)

  async function readStanding(tenant: string): Promise<readonly Standing[]> {
    const all = await stored.read(tenant)
    return [...all].map(([verifierId, position]) => {
      const own = heard.get(`${tenant} ${verifierId}`)
      return standingOf(own !== undefined && own.askedAt >= position.askedAt ? own : position)
    })
  }

  return {
    report(tenant, reported) {
      const at = now()
      const { credentialId, instance, ...position } = instances.tellApart(tenant, reported, at)
      const verifierId = `${credentialId}:${instance}`
      const name = `${tenant} ${verifierId}`
      const before = heard.get(name)
      const isSame = before !== undefined && before.sequence === position.sequence && before.epoch === position.epoch
      // Where it stood before it fell back proves nothing of when it was there again.
      const isAhead = before?.epoch === position.epoch && before.sequence <= position.sequence
      const past = isAhead ? before.places : []
      const places = isSame ? past : [...past.slice(1 - placesMax), { sequence: position.sequence, at }]
      const reachedAt = isSame ? before.reachedAt : Math.ceil(at)
      const current = { tenant, verifierId, ...position, askedAt: Math.floor(at), reachedAt }
      heard.set(name, { ...current, places })
      stored.note(current)
    },
    async standing(tenant, since, ageMsMax = 0) {
      const known = shared.get(tenant)
      const readAt = performance.now()
      const isKnown = known !== undefined && readAt - known.readAt < ageMsMax
      const all = isKnown ? known.standing : await readStanding(tenant)
      if (!isKnown) shared.set(tenant, { readAt, standing: all })
      // One that had stopped asking longer ago than its bound was refusing everything already.
      return all.filter(({ askedAt, maxStalenessSeconds }) => askedAt + maxStalenessSeconds >= since)
    },
    recent: () =>
      [...heard.values()].filter(({ askedAt, maxStalenessSeconds }) => now() <= askedAt + maxStalenessSeconds),
    flush: stored.flush,
  }
}

/** The verifiers in the answer to a change: how many have applied it, of all that may not have. */
export async function countApplied(
  positions: Positions,
  tenant: string,
  change: { readonly epoch: string; readonly sequence: number; readonly at: Seconds },
): Promise<{ readonly applied: number; readonly total: number }> {
  const standing = await positions.standing(tenant, change.at, serverLimits.standingSharedMs)
  const applied = standing.filter((verifier) => verifier.appliedAt(change.epoch, change.sequence) !== undefined)
  return { applied: applied.length, total: standing.length }
}

function standingOf(position: VerifierPosition | Heard): Standing {
  const { verifierId: id, epoch, sequence, maxStalenessSeconds, askedAt, reachedAt } = position
  const places = 'places' in position ? position.places : []
  return {
    id,
    epoch,
    sequence,
    maxStalenessSeconds,
    askedAt,
    appliedAt(ofEpoch, wanted) {
      if (ofEpoch !== epoch || sequence < wanted) return undefined
      return places.find((place) => place.sequence >= wanted)?.at ?? reachedAt
    },
  }
}
