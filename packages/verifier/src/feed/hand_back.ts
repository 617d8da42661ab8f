/**
 * Hands revocations and cut-offs back to a server that has forgotten them (docs/protocol/feed.md §7.3): after every
 * reload, those that the former book knew and the new snapshot lacks, since a database may go back within its epoch
 * too. It goes on for as long as the verifier lives. No verification waits for it, and it changes nothing about the
 * book's freshness. The debt is noted in the book itself, so a further change of epoch works it out anew.
 */

import type { StatusBook } from '../book/status_book.ts'
import { inTime } from '../in_time.ts'
import type { FeedSource, Schedule } from './feed_source.ts'

/** Hands back what the present book owes. */
export interface HandBack {
  /** The book was replaced: begins to hand back what the new one owes. */
  wake(): void
  /** Ends it. What is still owed stays noted in the book. */
  close(): void
}

interface HandBackOptions {
  readonly source: Pick<FeedSource, 'handBack'>
  readonly schedule: Schedule
  /** Gives a number in [0, 1). */
  readonly random: () => number
  readonly book: () => StatusBook | undefined
  readonly onProblem: ((problem: string) => void) | undefined
}

/** The number in one request. Each is a transaction of the server, and all must be done within the deadline. */
const batchMax = 100
const deadlineMs = 5_000
/**
 * The first batch goes within this time, at random: the feed has settled most of the debt before later verifiers ask.
 */
const spreadMs = 1_000
const retryMsMin = 500
/** An older server does not know the request; it may be replaced by one that does. */
const retryMsMax = 60_000

/**
 * Hands back what the present book owes whenever it is woken, until nothing is owed or it is closed. A
 * server uses it as well, to give its own database back what its books kept.
 */
export function createHandBack(options: HandBackOptions): HandBack {
  const { schedule, random, onProblem } = options
  const abort = new AbortController()
  /** The epoch of the book at the last `wake`. */
  let wokenIn: string | undefined
  let isAsking = false
  let isWaiting = false
  let failures = 0
  let cancelTimer: () => void = () => {}

  function runIn(delayMs: number): void {
    cancelTimer()
    isWaiting = true
    cancelTimer = schedule(delayMs, () => void run())
  }

  async function run(): Promise<void> {
    isWaiting = false
    isAsking = true
    try {
      await handBackBatch(options, abort.signal)
      failures = 0
    } catch (error) {
      // Said once for all attempts: the debt is kept, and these credentials are refused here whatever the server says.
      if (failures === 0) onProblem?.(`revocations could not be handed back: ${textOf(error)}`)
      failures++
    }
    isAsking = false
    if (abort.signal.aborted || (options.book()?.owedCount ?? 0) === 0) return
    const retryMs = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(failures, 10)) * (0.5 + random())
    runIn(failures === 0 ? 0 : retryMs)
  }

  return {
    wake() {
      const book = options.book()
      if (book === undefined || abort.signal.aborted) return
      // A further snapshot of the same epoch does not shorten the wait for a server that refuses.
      if (isWaiting && book.place.epoch === wokenIn) return
      wokenIn = book.place.epoch
      failures = 0
      // A request under way belongs to the book before; it goes on by itself and then looks at the present book.
      if (isAsking || book.owedCount === 0) return
      runIn(spreadMs * random())
    },
    close() {
      abort.abort()
      cancelTimer()
    },
  }
}

/** One request with as much of the debt as fits, and what its answer settles. */
async function handBackBatch(options: HandBackOptions, signal: AbortSignal): Promise<void> {
  const { source, schedule, onProblem } = options
  const asked = options.book()
  if (asked === undefined || asked.owedCount === 0) return
  const revocations = asked.owed(batchMax)
  const cutOffs = asked.owedCutOffs(batchMax)
  const { epoch } = asked.place
  const question = { epoch, revocations, ...(cutOffs.length === 0 ? {} : { cutOffs }) }
  const answer = await inTime(schedule, deadlineMs, signal, (untilLate) => source.handBack(question, untilLate))
  if (answer.applied + answer.known + answer.refused !== revocations.length + cutOffs.length) {
    throw new Error('the answer cannot be read')
  }
  if (answer.refused > 0) onProblem?.(`the server never said ${answer.refused} revocations that it was handed back`)
  // An answer from another epoch means nothing for this one. A newer book of the same epoch owes the same.
  const book = options.book()
  if (book?.place.epoch !== epoch) return
  book.settle(revocations)
  book.settleCutOffs(cutOffs)
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : 'the cause is unknown'
}
