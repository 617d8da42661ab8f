/**
 * How far every verifier has come, from the questions it asks (feed.md §8): receipts are made from this. What this process
 * heard is exact and in memory; what others heard comes from the database, to which each writes what changed.
 */
import { type Holder, type Seconds, Shares } from '@countersign/core'
import type { Store, VerifierPosition } from '@countersign/store'
import { Cache } from '@countersign/verifier'
import { serverLimits } from '../limits.ts'

interface Report extends Pick<VerifierPosition, 'epoch' | 'sequence' | 'maxStalenessSeconds'> {
  /** The credential that asks, and the name it gives itself. */
  readonly credentialId: string
  readonly instance: string
}

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

const verifiersMax = 50_000
/** Shared by all verifiers beyond those that are told apart. No instance can be named so. */
const others = ''
const storedLifeMs = 1_000
/** Places remembered of each: a receipt older than all of them says when the oldest was reached, which is later. */
const placesMax = 64

/** Instances that have stopped asking make room this often. */
const sweepSeconds = 10

interface Instances {
  readonly holder: Holder
  readonly until: Map<string, Seconds>
}

/** The lowest sequence that the instances not told apart reported, in this span of time and in the one before. */
interface Rest {
  readonly epoch: string
  since: Seconds
  bound: number
  now: number
  before: number
}

export function createPositions(store: Store, now: () => Seconds): Positions {
  const heard = new Cache<Heard>(verifiersMax)
  let unwritten = new Map<string, Heard>()
  /** The batch that is being written. It is not in `unwritten` any more, and not yet in the database. */
  let writing: ReadonlyMap<string, Heard> = new Map()
  let writes = 0
  let flushed: Promise<void> = Promise.resolve()
  const rests = new Cache<Rest>(verifiersMax)
  const shared = new Cache<{ readonly readAt: number; readonly standing: readonly Standing[] }>(1_000)
  const stored = new Cache<{ readonly readAt: number; readonly positions: readonly VerifierPosition[] }>(1_000)

  /** Positions that other processes heard, at most a second old: many changes may be answered in one. */
  async function readStored(tenant: string): Promise<readonly VerifierPosition[]> {
    const known = stored.get(tenant)
    const readAt = performance.now()
    if (known !== undefined && readAt - known.readAt < storedLifeMs) return known.positions
    const before = writes
    const positions = await store.read.verifierPositions.list(tenant)
    // Read while something was written, it may lack that.
    if (writes === before) stored.set(tenant, { readAt, positions })
    return positions
  }

  async function readStanding(tenant: string): Promise<readonly Standing[]> {
    const pending = [...writing.values(), ...unwritten.values()]
    const others = await readStored(tenant)
    const all = new Map<string, VerifierPosition | Heard>(others.map((position) => [position.verifierId, position]))
    for (const id of all.keys()) {
      const own = heard.get(`${tenant} ${id}`)
      if (own !== undefined && own.askedAt >= (all.get(id)?.askedAt ?? 0)) all.set(id, own)
    }
    for (const own of pending) {
      if (own.tenant === tenant) all.set(own.verifierId, heard.get(`${tenant} ${own.verifierId}`) ?? own)
    }
    return [...all.values()].map(standingOf)
  }

  async function write(): Promise<void> {
    if (unwritten.size === 0) return
    const batch = unwritten
    writing = batch
    unwritten = new Map()
    try {
      await store.savePositions([...batch.values()].map(withoutPlaces))
      writes++
      // The written positions must be found by the next read.
      for (const { tenant } of batch.values()) stored.delete(tenant)
    } catch (error) {
      // Kept for the next time, except where something newer came meanwhile.
      unwritten = new Map([...batch, ...unwritten])
      throw error
    } finally {
      writing = new Map()
    }
  }

  const apart = new Shares(verifiersMax)
  /** By credential: when each instance that is told apart will not have asked for its bound. */
  const instances = new Map<string, Instances>()
  let sweptAt = Number.NEGATIVE_INFINITY

  /** One credential has no more than `verifierInstancesMax` at once, and all have fair shares. */
  function isToldApart(tenant: string, { credentialId, instance, maxStalenessSeconds }: Report, at: Seconds): boolean {
    if (at - sweptAt >= sweepSeconds) sweep(at)
    const name = `${tenant} ${credentialId}`
    const known = instances.get(name) ?? { holder: { tenant, credential: name }, until: new Map() }
    if (!known.until.has(instance)) {
      if (known.until.size >= serverLimits.verifierInstancesMax || !apart.take(known.holder)) return false
      instances.set(name, known)
    }
    known.until.set(instance, at + maxStalenessSeconds)
    return true
  }

  function sweep(at: Seconds): void {
    sweptAt = at
    for (const [name, { holder, until }] of instances) {
      for (const [instance, end] of until) {
        if (end >= at) continue
        until.delete(instance)
        apart.give(holder)
      }
      if (until.size === 0) instances.delete(name)
    }
  }

  /** The rest of a credential's instances: counts as the slowest of those that asked within their bound. */
  function slowest(
    tenant: string,
    { credentialId, epoch, sequence, maxStalenessSeconds }: Report,
    at: Seconds,
  ): Report {
    const name = `${tenant} ${credentialId}`
    let rest = rests.get(name)
    if (rest === undefined || rest.epoch !== epoch)
      rest = { epoch, since: at, bound: maxStalenessSeconds, now: sequence, before: sequence }
    rest.bound = Math.max(rest.bound, maxStalenessSeconds)
    // A verifier that still asks has asked within the bound, so what neither span saw is not there any more.
    if (at - rest.since >= rest.bound) Object.assign(rest, { since: at, before: rest.now, now: sequence })
    rest.now = Math.min(rest.now, sequence)
    rests.set(name, rest)
    return {
      credentialId,
      instance: others,
      epoch,
      sequence: Math.min(rest.now, rest.before),
      maxStalenessSeconds: rest.bound,
    }
  }

  return {
    report(tenant, reported) {
      const { credentialId, instance } = reported
      const isApart = isToldApart(tenant, reported, now())
      const { epoch, sequence, maxStalenessSeconds } = isApart ? reported : slowest(tenant, reported, now())
      const verifierId = `${credentialId}:${isApart ? instance : others}`
      const position = { verifierId, epoch, sequence, maxStalenessSeconds }
      const name = `${tenant} ${position.verifierId}`
      const before = heard.get(name)
      const at = now()
      const isSame = before !== undefined && before.sequence === position.sequence && before.epoch === position.epoch
      // Where it stood before it fell back proves nothing of when it was there again.
      const isAhead = before?.epoch === position.epoch && before.sequence <= position.sequence
      const past = isAhead ? before.places : []
      const places = isSame ? past : [...past.slice(1 - placesMax), { sequence: position.sequence, at }]
      const askedAt = Math.floor(at)
      const reachedAt = isSame ? before.reachedAt : Math.ceil(at)
      const current = { tenant, ...position, askedAt, reachedAt, places }
      heard.set(name, current)
      if (unwritten.size < verifiersMax) unwritten.set(name, current)
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
    flush() {
      flushed = flushed.catch(() => {}).then(write)
      return flushed
    },
  }
}

function withoutPlaces({ places: _, ...position }: Heard): VerifierPosition {
  return position
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
