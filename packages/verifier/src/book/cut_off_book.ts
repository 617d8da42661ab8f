import type {
  CutOff,
  CutOffKind,
  CutOffType,
  FeedObject,
  HandedBackCutOff,
  ObjectType,
  Seconds,
} from '@countersign/core'

interface Kept extends CutOff {
  readonly type: CutOffType
  readonly id: string
  readonly what: CutOffKind
  readonly dropAt: Seconds
  readonly mac: string | undefined
  /** As far as is known, the server lacks it. */
  isOwed: boolean
  /**
   * The present server has not said it yet. An answer to a hand-back is not enough: the entry may still be on its way.
   */
  readonly isLost: boolean
}

/**
 * The cut-offs of clients and subjects as they were first said, beside their effect. A client's revoke is the operator's
 * strongest act, and its keys and secrets have no entries of their own: a database that went back learns of it from here
 * (docs/protocol/feed.md §7.3).
 */
export class CutOffBook {
  readonly #kept = new Map<string, Kept>()
  #owedCount = 0
  #lostCount = 0

  get owedCount(): number {
    return this.#owedCount
  }

  /** A server said it, so it is owed no more. The later cut-off of each kind is kept. */
  add(said: Omit<Kept, 'isOwed' | 'isLost'>): void {
    const name = nameOf(said)
    const known = this.#kept.get(name)
    if (known !== undefined && known.sequence > said.sequence) return
    this.#set(name, { ...said, isOwed: false, isLost: false })
  }

  /**
   * Whether a revoke of everything is known that the present server has forgotten. The server's records do not show it,
   * and no number tells when a key was made.
   */
  isLost(type: CutOffType, id: string): boolean {
    return this.#lostCount > 0 && this.#kept.get(nameOf({ type, id, what: 'everything' }))?.isLost === true
  }

  /** Keeps, and owes, cut-offs that the other knew and this one does not; a verifier owes those with a MAC. */
  keep(other: CutOffBook, owing: 'with_mac' | 'all'): void {
    for (const [name, theirs] of other.#kept) {
      const own = this.#kept.get(name)
      if (own !== undefined && own.sequence >= theirs.sequence) continue
      const hasMac = theirs.mac !== undefined
      this.#set(name, { ...theirs, isOwed: owing === 'all' || hasMac, isLost: true })
    }
  }

  owed(countMax: number): readonly HandedBackCutOff[] {
    const owed: HandedBackCutOff[] = []
    for (const { type, id, what, sequence, at, mac, isOwed } of this.#kept.values()) {
      if (owed.length >= countMax) break
      if (isOwed) owed.push({ type, id, what, sequence, at, mac: mac ?? '' })
    }
    return owed
  }

  /** Ends a debt: the server has answered about it. */
  settle({ sequence, ...of }: Pick<HandedBackCutOff, 'type' | 'id' | 'what' | 'sequence'>): void {
    const name = nameOf(of)
    const kept = this.#kept.get(name)
    if (kept?.sequence === sequence) this.#set(name, { ...kept, isOwed: false })
  }

  sweep(dropTime: Seconds): void {
    for (const [name, { dropAt }] of this.#kept) if (dropAt < dropTime) this.#delete(name)
  }

  #set(name: string, kept: Kept): void {
    this.#delete(name)
    this.#kept.set(name, kept)
    if (kept.isOwed) this.#owedCount++
    if (kept.isLost) this.#lostCount++
  }

  #delete(name: string): void {
    const kept = this.#kept.get(name)
    if (kept?.isOwed === true) this.#owedCount--
    if (kept?.isLost === true) this.#lostCount--
    this.#kept.delete(name)
  }
}

/** A subject may hold spaces, so it stands last. */
function nameOf({ type, what, id }: Pick<Kept, 'type' | 'what' | 'id'>): string {
  return `${type} ${what} ${id}`
}

/** The types of object whose credentials can be ended together. */
export const cutOffTypes: readonly CutOffType[] = ['client', 'subject', 'account']

/** An object whose credentials can be ended together. */
export type ObjectOfCutOffs = Extract<FeedObject, { readonly type: CutOffType }>

export function isOfCutOffs(entry: FeedObject): entry is ObjectOfCutOffs {
  return (cutOffTypes as readonly ObjectType[]).includes(entry.type)
}
