import type {
  FeedEntry,
  FeedObject,
  HandBackAnswer,
  HandBackQuestion,
  Place,
  PositionAnswer,
  PositionQuestion,
  Seconds,
} from '@countersign/core'

/** One consistent read of a tenant's book, its entries as they arrive. An iteration that ends early throws. */
export interface SnapshotStream {
  /** The id of the tenant. */
  readonly tenant: string
  /** The issuer of the tenant. */
  readonly issuer: string
  /** The place in the log that the read includes. */
  readonly place: Place
  /** The server's clock. */
  readonly now: Seconds
  /** The seal of `place`. */
  readonly seal?: string
  /** The drop time, read with the entries. Absent from older servers: then nothing is ever forgotten. */
  readonly dropTime?: Seconds
  /** The last state of every object that has one. */
  readonly entries: AsyncIterable<FeedObject> | Iterable<FeedObject>
}

/** Entries after a place, or `reload` when the place is not in the server's log: only a snapshot helps then. */
export type EntriesAnswer = { readonly entries: readonly FeedEntry[] } | 'reload'

/** The port to a server's feed: HTTP, or a simulator. Every call throws when nobody answered. */
export interface FeedSource {
  /** Reads the whole book. */
  snapshot(signal: AbortSignal): Promise<SnapshotStream>
  /** Asks how far the log has come, and reports the place that was applied. */
  position(question: PositionQuestion, signal: AbortSignal): Promise<PositionAnswer>
  /** Entries after `place`, in order, as many as fit into one answer. */
  entries(place: Place, signal: AbortSignal): Promise<EntriesAnswer>
  /** Streams entries as they happen, for speed only. Resolves when the stream ends. */
  stream(place: Place, onEntry: (entry: FeedEntry) => void, signal: AbortSignal): Promise<void>
  /** Hands back revocations and cut-offs that a server of this epoch lacks. Throws also when its epoch has changed. */
  handBack(question: HandBackQuestion, signal: AbortSignal): Promise<HandBackAnswer>
}

/**
 * Runs a function after a delay, and gives a function that cancels it. Passed in, since a simulator has its own timers.
 */
export type Schedule = (delayMs: number, run: () => void) => () => void
