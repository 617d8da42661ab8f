import {
  chainInput,
  decodeBase64url,
  digest,
  emptyChain,
  encodeBase64url,
  type FeedEntry,
  type FeedObject,
  type HandBackQuestion,
  type Place,
  type Seconds,
  type StateByType,
} from '@countersign/core'
import type { FeedSource } from '../feed/feed_source.ts'

/** The feed of one tenant in memory, as a server keeps it: docs/protocol/feed.md §1. */
export class Log {
  readonly entries: FeedEntry[] = []
  /** The revocations that were handed back. */
  readonly handedBack: HandBackQuestion[] = []
  readonly #versions = new Map<string, number>()
  readonly #now: () => Seconds

  constructor(now: () => Seconds) {
    this.#now = now
  }

  get chain(): string {
    return this.entries.at(-1)?.chain ?? emptyChain
  }

  place(): Place {
    return { epoch, sequence: this.entries.length, chain: this.chain }
  }

  /** Appends the new state of an object, and gives the sequence. */
  say<T extends FeedObject['type']>(type: T, id: string, state: StateByType[T], dropAt: Seconds): number {
    const name = `${type} ${id}`
    const version = (this.#versions.get(name) ?? 0) + 1
    this.#versions.set(name, version)
    const mac = state.status === 'revoked' ? { mac: macOf(type, id, dropAt) } : {}
    const subject = { type, id, version, state, dropAt, ...mac } as unknown as FeedObject
    const sequence = this.entries.length + 1
    const entry = { ...subject, sequence, at: this.#now(), audit: 'a' } as Omit<FeedEntry, 'chain'>
    this.entries.push({ ...entry, chain: digest(chainInput(this.chain, entry)) as string } as FeedEntry)
    return sequence
  }
}

const epoch = 'epoch-1'

/** The port through which a follower hears a log. */
export function sourceOf(
  log: Log,
  names: { readonly tenant: string; readonly issuer: string },
  now: () => Seconds,
): FeedSource {
  return {
    async snapshot() {
      // The latest state of each object, as the store keeps it.
      const latest = new Map(log.entries.map((entry) => [`${entry.type} ${entry.id}`, entry]))
      const at = now()
      return { ...names, place: log.place(), now: at, dropTime: at, entries: [...latest.values()] }
    },
    async position({ nonce, sequence, ...question }) {
      const chain = log.entries[sequence - 1]?.chain ?? emptyChain
      const isKnown = question.epoch === epoch && chain === question.chain
      const at = now()
      const head = { epoch, head: log.entries.length, ageMs: 0, now: at, dropTime: at }
      return { nonce, ...head, ...(isKnown ? {} : { reload: true as const }) }
    },
    entries: async (place) => ({ entries: log.entries.slice(place.sequence, place.sequence + 100) }),
    stream: () => new Promise(() => {}),
    async handBack(question) {
      log.handedBack.push(question)
      return { applied: question.revocations.length, known: 0, refused: 0 }
    },
  }
}

/** As long as a MAC, and another for each revocation: a verifier cannot tell what it is. */
export function macOf(type: string, id: string, dropAt: Seconds): string {
  const bytes = decodeBase64url(digest(JSON.stringify([type, id, dropAt])) as string) as Uint8Array
  return encodeBase64url(bytes.subarray(0, 16))
}
