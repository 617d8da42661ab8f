/**
 * The credentials that an engine keeps in memory for one book: those ready to be judged, and those that a directory
 * did not know a moment ago. Nothing is kept of a book that was replaced.
 */
import {
  andThen,
  type EffectiveGrant,
  effectiveGrant,
  establishRecord,
  limits,
  type MaybePromise,
} from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import { Cache } from '../cache.ts'
import { elapsedMs, type Stamp } from '../clock.ts'
import type { PreloadedKey } from '../engine.ts'
import { standingOf } from '../standing.ts'
import type { ClientMetadata, KeptClient } from './client_metadata.ts'
import { digestNumber } from './digest_bits.ts'
import { isOld, isOutdated, type Known } from './known.ts'
import type { PackedKeysView } from './packed_keys.ts'

/** A credential that is ready to be judged. */
export interface Entry extends Known {
  readonly digest: string
  /** The version of the book for which `effective` was worked out; -1 before. */
  version: number
  effective: EffectiveGrant | undefined
  /** The client whose metadata `effective` has, where the record did not tell it. */
  client: KeptClient | undefined
}

/** A credential as the book has it in this turn. */
export interface Hit {
  readonly entry: Entry
  readonly effective: EffectiveGrant
  /** The stamp of this turn. */
  readonly at: Stamp
}

/** The answer `unknown` of a directory, with the sequence it was read at and the moment the question began. */
interface Unknown {
  readonly digest: string
  readonly readAt: number
  readonly since: Stamp
}

/**
 * More than the budget lets through in their life of 5 s, and so few that those of a flood are gone before the garbage
 * collector moves them among objects that stay.
 */
const unknownsMax = 2_000

export class KnownCredentials {
  // Both are keyed by the digest's number and hold the digest: of two with one number, the later replaces the earlier.
  readonly #entries: Cache<Entry, number>
  readonly #unknowns = new Cache<Unknown, number>(unknownsMax)
  readonly #packed: PackedKeysView
  readonly #onClear: (book: StatusBook | undefined) => void
  #book: StatusBook | undefined

  /** `onClear` is called when everything is forgotten: what else was looked up is out of date as well. */
  constructor(options: {
    readonly entriesMax: number
    readonly packed: PackedKeysView
    readonly onClear: (book: StatusBook | undefined) => void
  }) {
    this.#entries = new Cache(options.entriesMax)
    this.#packed = options.packed
    this.#onClear = options.onClear
  }

  /** Forgets everything when the book is another than that of the last call. */
  follow(book: StatusBook): void {
    if (book !== this.#book) this.clear(book)
  }

  /** The entry of a digest whose number is `number`, unless it is out of date. */
  find(number: number, digest: string, book: StatusBook, at: Stamp): Entry | undefined {
    const entry = this.#entries.get(number)
    return entry?.digest === digest && !isEntryOutdated(entry, book, at) ? entry : undefined
  }

  /** Whether a directory did not know the digest a moment ago, when asked at `minSequence` or later. */
  isUnknown(number: number, digest: string, at: Stamp, minSequence: number): boolean {
    return !this.#unknowns.isEmpty && isStillUnknown(this.#unknowns.get(number), digest, at, minSequence)
  }

  keep(entry: Entry): void {
    this.#entries.set(digestNumber(entry.digest), entry)
  }

  keepUnknown(unknown: Unknown): void {
    this.#unknowns.set(digestNumber(unknown.digest), unknown)
  }

  forget(number: number): void {
    this.#entries.delete(number)
  }

  /** Packs the keys that `read` gives, and returns their number. `at` is the stamp of this turn. */
  preload(book: StatusBook, at: Stamp, read: () => MaybePromise<readonly PreloadedKey[]>): MaybePromise<number> {
    this.follow(book)
    const readAt = book.place.sequence
    return andThen(read(), (keys) => {
      for (const { digest, record } of keys) {
        const established = establishRecord(record, book.tenant)
        this.#packed.remember(book, digest, { established, readAt, since: at })
      }
      return keys.length
    })
  }

  clear(book: StatusBook | undefined): void {
    this.#book = book
    this.#entries.clear()
    this.#unknowns.clear()
    this.#onClear(book)
  }
}

export function entryOf(digest: string, { established, readAt, since, signedBy }: Known): Entry {
  return { digest, established, readAt, since, signedBy, version: -1, effective: undefined, client: undefined }
}

/** `clients` tell the metadata of a client where it is known already: nothing is looked up here. */
export function hitOf(entry: Entry, book: StatusBook, at: Stamp, clients?: ClientMetadata): Hit {
  const { version } = book
  let { effective } = entry
  if (effective === undefined || entry.version !== version) {
    const client = clients?.known(entry.established, book, at)
    effective = effectiveGrant(entry.established, standingOf(entry, book), client?.metadata)
    entry.effective = effective
    entry.version = version
    entry.client = client
  }
  return { entry, effective, at }
}

/** Whether an entry is out of date. At the book's version of its last judgement, only time can have made it so. */
function isEntryOutdated(entry: Entry, book: StatusBook, at: Stamp): boolean {
  return entry.version === book.version ? isOld(entry, at) : isOutdated(entry, book, at)
}

function isStillUnknown(unknown: Unknown | undefined, digest: string, at: Stamp, minSequence: number): boolean {
  if (unknown?.digest !== digest || unknown.readAt < minSequence) return false
  return elapsedMs(unknown.since, at) < limits.unknownLifeSeconds * 1000
}
