/**
 * Which verifiers are told apart: instances of one credential, within a limit for each and fair shares for all. The rest of a
 * credential's instances count as one verifier, the slowest of them.
 */
import { type Holder, type Seconds, Shares } from '@countersign/core'
import { Cache } from '@countersign/verifier/engine'
import { serverLimits } from '../limits.ts'

/** A verifier's place, as it reports it with a question. */
export interface Report {
  /** The credential that asks, and the name it gives itself. */
  readonly credentialId: string
  readonly instance: string
  readonly epoch: string
  readonly sequence: number
  /** The bound of the verifier. It asks again within this time. */
  readonly maxStalenessSeconds: number
}

export interface VerifierInstances {
  /** The report of an instance that is told apart as it is, of any other as the rest of its credential's. */
  tellApart(tenant: string, report: Report, at: Seconds): Report
}

/** Verifiers that are kept in memory, of all tenants. */
export const verifiersMax = 50_000

/** Shared by all instances that are not told apart. No instance can be named so. */
const others = ''

/** Instances that have stopped asking make room this often. */
const sweepSeconds = 10

interface Instances {
  readonly holder: Holder
  /** When each will not have asked for its bound. */
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

export function createVerifierInstances(): VerifierInstances {
  const apart = new Shares(verifiersMax)
  const byCredential = new Map<string, Instances>()
  const rests = new Cache<Rest>(verifiersMax)
  let sweptAt = Number.NEGATIVE_INFINITY

  function isToldApart(name: string, holder: Holder, report: Report, at: Seconds): boolean {
    if (at - sweptAt >= sweepSeconds) sweep(at)
    const { instance, maxStalenessSeconds } = report
    const known = byCredential.get(name) ?? { holder, until: new Map() }
    if (!known.until.has(instance)) {
      if (known.until.size >= serverLimits.verifierInstancesMax || !apart.take(known.holder)) return false
      byCredential.set(name, known)
    }
    known.until.set(instance, at + maxStalenessSeconds)
    return true
  }

  function sweep(at: Seconds): void {
    sweptAt = at
    for (const [name, { holder, until }] of byCredential) {
      for (const [instance, end] of until) {
        if (end >= at) continue
        until.delete(instance)
        apart.give(holder)
      }
      if (until.size === 0) byCredential.delete(name)
    }
  }

  /** Counts as the slowest of those that asked within their bound. */
  function restOf(name: string, { credentialId, epoch, sequence, maxStalenessSeconds }: Report, at: Seconds): Report {
    let rest = rests.get(name)
    if (rest === undefined || rest.epoch !== epoch)
      rest = { epoch, since: at, bound: maxStalenessSeconds, now: sequence, before: sequence }
    rest.bound = Math.max(rest.bound, maxStalenessSeconds)
    // A verifier that still asks has asked within the bound, so one that neither span saw is not there any more.
    if (at - rest.since >= rest.bound) Object.assign(rest, { since: at, before: rest.now, now: sequence })
    rest.now = Math.min(rest.now, sequence)
    rests.set(name, rest)
    const slowest = Math.min(rest.now, rest.before)
    return { credentialId, instance: others, epoch, sequence: slowest, maxStalenessSeconds: rest.bound }
  }

  return {
    tellApart(tenant, report, at) {
      const name = `${tenant} ${report.credentialId}`
      const holder = { tenant, credential: name }
      return isToldApart(name, holder, report, at) ? report : restOf(name, report, at)
    },
  }
}
