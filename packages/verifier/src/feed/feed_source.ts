import type {
  FeedEntry,
  HandBackAnswer,
  HandBackQuestion,
  Place,
  PositionAnswer,
  PositionQuestion,
  Seconds,
  Subject,
} from '@countersign/core'

/** One consistent read of a tenant's book, its entries as they come. An iteration that ends early throws. */
export interface SnapshotStream {
  readonly tenant: string
  readonly issuer: string
  readonly place: Place
  readonly now: Seconds
  /** The seal of `place`. */
  readonly seal?: string
  /** Read with the entries. Absent from older servers: then nothing is ever forgotten. */
  readonly dropTime?: Seconds
  readonly entries: AsyncIterable<Subject> | Iterable<Subject>
}

/** `reload`: the place is not in the server's log; only a snapshot helps. */
export type EntriesAnswer = { readonly entries: readonly FeedEntry[] } | 'reload'

/** Where the feed comes from. A port: HTTP, or a simulator. Every call throws when nobody answered. */
export interface FeedSource {
  snapshot(signal: AbortSignal): Promise<SnapshotStream>
  position(question: PositionQuestion, signal: AbortSignal): Promise<PositionAnswer>
  /** Entries after `place`, in order, as many as fit into one answer. */
  entries(place: Place, signal: AbortSignal): Promise<EntriesAnswer>
  /** Entries as they happen, for speed only. Resolves when the stream ends. */
  stream(place: Place, onEntry: (entry: FeedEntry) => void, signal: AbortSignal): Promise<void>
  /** Revocations and cut-offs that a server of this epoch lacks. Throws also when it is of another epoch by now. */
  handBack(question: HandBackQuestion, signal: AbortSignal): Promise<HandBackAnswer>
}

/** Timers, passed in: a simulator has its own. Gives a function that cancels. */
export type Schedule = (delayMs: number, run: () => void) => () => void
