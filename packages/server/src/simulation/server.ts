import type { FeedEntry, Place, PositionAnswer, PositionQuestion } from '@countersign/core'
import type { SnapshotStream } from '@countersign/verifier'
import { issuer, startAt, tenant } from './credentials.ts'
import {
  credentialOf,
  entriesAfter,
  type History,
  isInLog,
  placeOf,
  publicKeyOf,
  subjectsOf,
  type View,
} from './history.ts'
import type { Rules } from './rules.ts'
import type { Random, Timeline } from './timeline.ts'

/** `primary`: reads the database for each question. `memory`: from its own last read. `replaced`: was the primary once. */
export type ServerKind = 'primary' | 'memory' | 'replaced'

const pageSize = 5

/** One server of the model. It answers late, from an older read, or from a database that was replaced; it never lies. */
export class Server {
  kind: ServerKind
  readMsMax = 20
  pollMs = 200
  isDown = false
  readonly #skewMs: number
  readonly #database: () => History
  readonly #timeline: Timeline
  readonly #random: Random
  readonly #rules: Rules
  #kept: { readonly view: View; readonly beganAt: number }
  readonly #grown = new Set<() => void>()

  constructor(options: {
    readonly kind: ServerKind
    readonly skewMs: number
    readonly database: () => History
    readonly timeline: Timeline
    readonly random: Random
    readonly rules: Rules
  }) {
    this.kind = options.kind
    this.#skewMs = options.skewMs
    this.#database = options.database
    this.#timeline = options.timeline
    this.#random = options.random
    this.#rules = options.rules
    this.#kept = { view: this.#read(), beganAt: 0 }
    this.#poll()
  }

  /** From now on it sees nothing new, and does not know. */
  replace(): void {
    this.#kept = { view: this.#read(), beganAt: this.#timeline.now }
    this.kind = 'replaced'
  }

  get now(): number {
    return startAt + (this.#timeline.now + this.#skewMs) / 1000
  }

  /** Called when it may have seen something new. */
  onGrowth(listener: () => void): () => void {
    this.#grown.add(listener)
    return () => this.#grown.delete(listener)
  }

  committed(): void {
    if (this.kind === 'primary') for (const listener of this.#grown) listener()
  }

  get view(): View {
    return this.kind === 'primary' ? this.#read() : this.#kept.view
  }

  position(question: PositionQuestion, reply: (answer: PositionAnswer) => void): void {
    this.#answer((view, beganAt) => {
      const { nonce, epoch, sequence, chain } = question
      const head = placeOf(view)
      const isKnown = this.#isInLog(view, { epoch, sequence, chain })
      reply({
        nonce,
        epoch: head.epoch,
        head: head.sequence,
        ageMs: this.#rules.ageIsSaid ? this.#timeline.now - beganAt : 0,
        now: this.now,
        ...(isKnown ? {} : { reload: true as const }),
      })
    })
  }

  entries(place: Place, reply: (answer: { readonly entries: readonly FeedEntry[] } | 'reload') => void): void {
    this.#answer((view) => {
      const isKnown = this.#isInLog(view, place)
      reply(isKnown ? { entries: entriesAfter(view, place.sequence).slice(0, pageSize) } : 'reload')
    })
  }

  snapshot(reply: (answer: SnapshotStream) => void): void {
    this.#answer((view) => {
      const entries = subjectsOf(view)
      const send = (): void => {
        const place = placeOf(this.#rules.snapshotIsWhole ? view : this.view)
        reply({ tenant, issuer, place, now: this.now, entries })
      }
      if (this.#rules.snapshotIsWhole) send()
      else this.#timeline.after(this.#random.between(0, 500), send)
    })
  }

  lookUp(
    asked: { readonly digest: string } | { readonly clientId: string; readonly kid: string },
    place: Place,
    reply: (answer: { readonly record: unknown; readonly place: Place; readonly ageMs: number } | undefined) => void,
  ): void {
    this.#answer((view, beganAt) => {
      const at = placeOf(view)
      const isBehind = at.epoch !== place.epoch || at.sequence < place.sequence
      if (isBehind && this.#rules.lookupsAreNotBehind) {
        reply(undefined)
        return
      }
      const record = 'digest' in asked ? credentialOf(view, asked.digest) : publicKeyOf(view, asked.clientId, asked.kid)
      reply({ record, place: at, ageMs: this.#timeline.now - beganAt })
    })
  }

  #isInLog(view: View, place: Place): boolean {
    return !this.#rules.placeIsChecked || isInLog(view, place)
  }

  #read(): View {
    const history = this.#database()
    return { history, count: history.entries.length }
  }

  /** Age counts from before the read began: what commits while it runs may be missed. */
  #answer(use: (view: View, beganAt: number) => void): void {
    if (this.isDown) return
    const beganAt = this.#timeline.now
    if (this.kind !== 'primary') {
      const isHonest = this.kind === 'memory' || this.#rules.replacedIsHonest
      use(this.#kept.view, isHonest ? this.#kept.beganAt : beganAt)
      return
    }
    const readMs = this.#random.between(0, this.readMsMax)
    this.#timeline.after(readMs, () => {
      const view = this.kind === 'primary' ? this.#read() : this.#kept.view
      this.#timeline.after(this.#random.between(0, this.readMsMax), () => use(view, beganAt))
    })
  }

  #poll(): void {
    const beganAt = this.#timeline.now
    if (this.kind === 'memory' && !this.isDown) {
      const view = this.#read()
      // What it read is there for others only a moment later.
      this.#timeline.after(this.#random.between(0, 10), () => {
        if (this.kind !== 'memory') return
        this.#kept = { view, beganAt }
        for (const listener of this.#grown) listener()
      })
    }
    this.#timeline.after(this.pollMs, () => this.#poll())
  }
}
