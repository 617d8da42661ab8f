import {
  type ApiState,
  type CutOffState,
  type CutOffType,
  type DropFloor,
  decodeBase64url,
  encodeBase64url,
  type FeedEntry,
  type FeedObject,
  type HandedBack,
  type HandedBackCutOff,
  limits,
  type ObjectType,
  type Place,
  revocationEnd,
  type Seconds,
  type StateByType,
  type SubjectState,
  type TenantState,
  type TrustedIssuerState,
} from '@countersign/core'
import type { Stamp } from '../clock.ts'
import { CutOffBook, cutOffTypes, isOfCutOffs, type ObjectOfCutOffs } from './cut_off_book.ts'
import { isNamed, Names } from './names.ts'
import { isLookedUp, tags } from './object_types.ts'
import { type RevocationMac, RevokedSet } from './revoked_set.ts'

const typeByTag = new Map(Object.entries(tags).map(([type, tag]) => [tag, type as ObjectType]))

const macBytes = 16

/** The most places remembered. A book that lags further behind does not know every place it was answered from. */
const heardMax = 1_000

const recordLifeSeconds = limits.recordLifeSeconds + limits.clockLeewaySeconds + limits.dropGraceSeconds

interface Said<T extends ObjectType> {
  readonly version: number
  readonly sequence: number
  readonly dropAt: Seconds
  readonly state: StateByType[T]
}

/**
 * All that was said about the credentials of one tenant since they were issued, and all that every verifier must know
 * of the tenant's APIs and signing keys. Revoked objects are kept packed, by identity alone; other objects with their
 * whole state.
 */
export class StatusBook {
  /** The id of the tenant. */
  readonly tenant: string
  /** The issuer of the tenant. */
  readonly issuer: string
  #place: Place
  #version = 0
  #dropTime: Seconds = 0
  #floor: DropFloor | undefined
  readonly #revoked: RevokedSet
  readonly #said = new Map<ObjectType, Map<string, Said<ObjectType>>>()
  readonly #names = new Names()
  readonly #cutOffs = new CutOffBook()
  /** Places ahead of the book that look-ups were answered from, by sequence, and when each answer had come. */
  readonly #heard = new Map<number, { readonly chain: string; readonly atMs: number }>()
  #hasHeardOther = false

  /** An empty book at `place`. `seed` is a random whole number. */
  constructor(options: {
    readonly tenant: string
    readonly issuer: string
    readonly place: Place
    readonly seed: number
  }) {
    this.tenant = options.tenant
    this.issuer = options.issuer
    this.#place = options.place
    this.#revoked = new RevokedSet(options.seed)
  }

  /** Builds a book from one consistent read. */
  static fromSnapshot(
    snapshot: {
      readonly tenant: string
      readonly issuer: string
      readonly place: Place
      readonly entries: Iterable<FeedObject>
      readonly dropTime?: Seconds
    },
    seed: number,
  ): StatusBook {
    const book = new StatusBook({ ...snapshot, seed })
    for (const entry of snapshot.entries) book.#set(entry, snapshot.place.sequence, 0)
    book.#dropTime = snapshot.dropTime ?? 0
    return book
  }

  /** The place of the last entry that was applied. */
  get place(): Place {
    return this.#place
  }

  /** Rises with every change: a result worked out at one version is valid until the next. */
  get version(): number {
    return this.#version
  }

  /** The highest drop time heard of. Entries that ended before it may have been forgotten, here or at the server. */
  get dropTime(): Seconds {
    return this.#dropTime
  }

  /** The floor of the highest drop time that had one; kept across epochs. */
  get floor(): DropFloor | undefined {
    return this.#floor
  }

  /** The number of revoked objects that it holds. */
  get revokedCount(): number {
    return this.#revoked.size
  }

  /** Applies the next entry. The caller has checked that it follows `place` without a gap. */
  apply(entry: FeedEntry): void {
    this.#set(entry, entry.sequence, isLookedUp[entry.type] ? entry.at + recordLifeSeconds : 0)
    this.#place = { epoch: this.#place.epoch, sequence: entry.sequence, chain: entry.chain }
    this.#version++
    const heard = this.#heard.get(entry.sequence)
    if (heard === undefined) return
    this.#heard.delete(entry.sequence)
    if (heard.chain !== entry.chain) this.#hasHeardOther = true
  }

  /** A look-up was answered from this place of the book's epoch. */
  hearOf({ sequence, chain }: Pick<Place, 'sequence' | 'chain'>, at: Stamp): void {
    const known = sequence === this.#place.sequence ? this.#place : this.#heard.get(sequence)
    if (known !== undefined && known.chain !== chain) this.#hasHeardOther = true
    if (known !== undefined || sequence < this.#place.sequence || this.#heard.size >= heardMax) return
    this.#heard.set(sequence, { chain, atMs: at.monotonicMs })
  }

  /**
   * Whether the log lacks a place that a look-up was answered from: it has another entry there, or `head` was its end at
   * `asOfMs`, by the monotonic clock, and the answer had come before. Then the database went back, and the record that was
   * looked up may be lost.
   */
  hasLost(head: number, asOfMs: number): boolean {
    if (this.#hasHeardOther) return true
    for (const [sequence, { atMs }] of this.#heard) if (sequence > head && atMs < asOfMs) return true
    return false
  }

  /** Whether an object was revoked. It is asked about at every verification. */
  isRevoked(type: ObjectType, id: string): boolean {
    return this.#revoked.size > 0 && this.#revoked.has(tags[type], id)
  }

  /** The present state of an object that is not revoked; `undefined` when nothing was said of it. */
  state<T extends ObjectType>(type: T, id: string): StateByType[T] | undefined {
    return this.#said.get(type)?.get(id)?.state as StateByType[T] | undefined
  }

  /** Whether anything was said about an object after `sequence`: records made from it earlier are out of date. */
  isChangedSince(type: ObjectType, id: string, sequence: number): boolean {
    const said = this.#said.get(type)?.get(id)
    return said !== undefined && said.sequence > sequence
  }

  /** The API of an audience, with its state; `undefined` for an audience that no entry names. */
  apiByAudience(audience: string): { readonly apiId: string; readonly state: ApiState } | undefined {
    const apiId = this.apiIdOf(audience)
    const state = apiId === undefined ? undefined : this.state('api', apiId)
    return apiId === undefined || state === undefined ? undefined : { apiId, state }
  }

  /** The id of the API that has this audience now. */
  apiIdOf(audience: string): string | undefined {
    return this.#names.find('api', audience)
  }

  /** The audience of an API that is there. */
  audienceOf(apiId: string): string | undefined {
    return this.state('api', apiId)?.audience
  }

  /** The trusted issuer of this `iss`, with its state; `undefined` for any other. */
  trustedIssuer(iss: string): { readonly issuerId: string; readonly state: TrustedIssuerState } | undefined {
    const issuerId = this.#names.find('trusted_issuer', iss)
    const state = issuerId === undefined ? undefined : this.state('trusted_issuer', issuerId)
    return issuerId === undefined || state === undefined ? undefined : { issuerId, state }
  }

  /** The number of revocations and cut-offs that the server lacks, as far as is known here. */
  get owedCount(): number {
    return this.#revoked.owedCount + this.#cutOffs.owedCount
  }

  /**
   * Up to so many owed revocations, in turns. Only `settle` or their own end ends the debt. `mac` is '' without one.
   */
  owed(countMax: number): readonly HandedBack[] {
    return this.#revoked.owed(countMax).map(({ tag, id, end, mac }) => ({
      type: typeByTag.get(tag) as ObjectType,
      id,
      dropAt: end,
      mac: mac === undefined ? '' : encodeBase64url(mac),
    }))
  }

  /** Whether a client's or subject's revoke is known here that the server has forgotten and not said again. */
  hasLostRevoke(type: CutOffType, id: string): boolean {
    return this.#cutOffs.isLost(type, id)
  }

  /** Up to so many owed cut-offs. */
  owedCutOffs(countMax: number): readonly HandedBackCutOff[] {
    return this.#cutOffs.owed(countMax)
  }

  /** These cut-offs are known to the server: they are owed no longer. */
  settleCutOffs(cutOffs: readonly Pick<HandedBackCutOff, 'type' | 'id' | 'what' | 'sequence'>[]): void {
    for (const cutOff of cutOffs) this.#cutOffs.settle(cutOff)
  }

  /** Ends the debt of revocations that the server has answered about. */
  settle(revocations: readonly Pick<HandedBack, 'type' | 'id'>[]): void {
    for (const { type, id } of revocations) this.#revoked.settle(tags[type], id)
  }

  /**
   * Keeps the revocations of the other book: an older copy of the database cannot bring the credentials back
   * (docs/protocol/feed.md §7.1). A cut-off is a revocation too; sequences only ever rise, so it means the same in the new history. Revocations
   * that this book's server once said and now lacks are owed to it, in the same epoch too, since a database may go back
   * within one. A verifier owes those with a MAC, since servers believe nothing else.
   */
  keepRevoked(other: StatusBook, owing: 'with_mac' | 'all'): void {
    this.#revoked.addAll(other.#revoked, owing)
    this.#cutOffs.keep(other.#cutOffs, owing)
    for (const [type, said] of this.#said) {
      for (const id of said.keys()) if (this.isRevoked(type, id)) this.#forget(type, id)
    }
    for (const type of cutOffTypes) {
      for (const [id, said] of other.#said.get(type) ?? []) {
        if ((said.state as CutOffState).cutOff > 0) this.#keepCutOff(type, id, said)
      }
    }
    this.#dropTime = Math.max(this.#dropTime, other.#dropTime)
    this.#keepFloor(other.#floor)
    this.#version++
  }

  #keepCutOff(type: CutOffType, id: string, before: Said<ObjectType>): void {
    if (this.isRevoked(type, id)) return
    const said = this.#said.get(type) ?? new Map<string, Said<ObjectType>>()
    this.#said.set(type, said)
    const known = said.get(id)
    const cutOff = (before.state as CutOffState).cutOff
    // Version 0: any state of the object in the new history replaces it, but for the cut-off.
    const merged =
      known === undefined ? { ...before, version: 0 } : { ...known, state: withCutOff(known.state, cutOff) }
    said.set(id, { ...merged, dropAt: Math.max(before.dropAt, merged.dropAt), sequence: this.#place.sequence })
  }

  /**
   * Forgets entries that end before `dropTime`, which is the installation's and not a clock's. A drop time not above
   * the highest known changes nothing. The version rises, since ends are judged by the drop time as well.
   */
  sweep(dropTime: Seconds): void {
    if (dropTime <= this.#dropTime) return
    this.#dropTime = dropTime
    this.#revoked.sweep(dropTime)
    this.#cutOffs.sweep(dropTime)
    for (const said of this.#said.values()) {
      for (const [id, { dropAt }] of said) if (dropAt < dropTime) said.delete(id)
    }
    this.#version++
  }

  /**
   * Keeps the floor of the highest drop time and, for one drop time, the later sequence: a database that went back may
   * write it again.
   */
  #keepFloor(floor: DropFloor | undefined): void {
    const known = this.#floor
    if (floor === undefined || (known !== undefined && known.time > floor.time)) return
    if (known?.time === floor.time && known.sequence > floor.sequence) return
    this.#floor = floor
  }

  #set(entry: FeedObject, sequence: number, keptUntil: Seconds): void {
    const { type, id, version } = entry
    const state = type === 'subject' ? subjectState(entry.state as SubjectState) : entry.state
    const dropAt = Math.max(entry.dropAt, keptUntil)
    if (state.status === 'revoked') {
      this.#revoked.add(tags[type], id, dropAt, macOf(entry))
      this.#forget(type, id)
      return
    }
    const said = this.#said.get(type) ?? new Map<string, Said<ObjectType>>()
    this.#said.set(type, said)
    const known = said.get(id)
    if (type === 'tenant') this.#keepFloor((state as TenantState).floor)
    if (this.isRevoked(type, id) || (known !== undefined && known.version >= version)) return
    if (isNamed(type)) {
      this.#forget(type, id)
      this.#names.set(type, id, state)
    }
    if (isOfCutOffs(entry)) this.#noteCutOffs(entry, dropAt)
    const cutOff = isOfCutOffs(entry) ? (known?.state as CutOffState | undefined)?.cutOff : undefined
    said.set(id, {
      version,
      sequence,
      dropAt,
      state: cutOff === undefined ? state : withCutOff(state, cutOff),
    })
  }

  #noteCutOffs({ type, id, state, cutOffMacs }: ObjectOfCutOffs, dropAt: Seconds): void {
    for (const what of ['tokens', 'everything'] as const) {
      const cutOff = state.cutOffs?.[what]
      if (cutOff !== undefined) this.#cutOffs.add({ type, id, what, ...cutOff, dropAt, mac: cutOffMacs?.[what] })
    }
  }

  #forget(type: ObjectType, id: string): void {
    const said = this.#said.get(type)
    const state = said?.get(id)?.state
    if (isNamed(type) && state !== undefined) this.#names.forget(type, id, state)
    said?.delete(id)
  }
}

/** A MAC that cannot be read counts as none; the object is revoked all the same. */
function macOf({ mac, dropAt }: FeedObject): RevocationMac | undefined {
  const bytes = mac === undefined ? undefined : decodeBase64url(mac)
  return bytes?.length === macBytes ? { bytes, end: revocationEnd(dropAt) } : undefined
}

/**
 * A subject is never revoked: a server says so of an entry that it cannot read. The number in it is not known, so everything
 * issued until now counts as ended.
 */
function subjectState(state: SubjectState): SubjectState {
  return state.status === 'revoked' ? { status: 'active', cutOff: Number.MAX_SAFE_INTEGER } : state
}

/** A cut-off never goes back, whatever a later state says. */
function withCutOff(state: StateByType[ObjectType], cutOff: number): StateByType[ObjectType] {
  return (state as CutOffState).cutOff >= cutOff ? state : ({ ...state, cutOff } as StateByType[CutOffType])
}
