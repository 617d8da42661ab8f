/**
 * Hands revocations and cut-offs back to a server that has forgotten them (feed.md §7): after every reload, what the former
 * book knew and the new snapshot lacks. A database may have gone back within its epoch. Beside everything else and for as long as the verifier lives: no verification waits for
 * it, and the book is no fresher or staler for it. What is owed is noted in the book itself, so a further change of epoch
 * works it out anew.
 */

import type { StatusBook } from '../book/status_book.ts'
import { inTime } from '../in_time.ts'
import type { FeedSource, Schedule } from './feed_source.ts'

export interface HandBack {
  /** The book was replaced: what it owes is handed back. */
  wake(): void
  close(): void
}

/** In one request: each is a transaction of the server's, and all must be done before it is waited for no longer. */
const batchMax = 100
const deadlineMs = 5_000
/** The first batch goes within this: those of many verifiers that come later find most of it settled by the feed. */
const spreadMs = 1_000
const retryMsMin = 500
/** An older server does not know the request at all; it may be replaced by one that does. */
const retryMsMax = 60_000

/**
 * Hands back what the present book owes whenever it is woken, until nothing is owed or it is closed. A
 * server uses it as well, to give its own database back what its books kept.
 */
export function createHandBack(options: {
  readonly source: Pick<FeedSource, 'handBack'>
  readonly schedule: Schedule
  /** In [0, 1). */
  readonly random: () => number
  readonly book: () => StatusBook | undefined
  readonly onProblem: ((problem: string) => void) | undefined
}): HandBack {
  const { source, schedule, random, onProblem } = options
  const abort = new AbortController()
  /** The epoch of the book that it was last woken for. */
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
      await handBackNext()
      failures = 0
    } catch (error) {
      // Said once for all attempts: what is owed is kept, and is refused here whatever the server thinks.
      if (failures === 0) onProblem?.(`revocations could not be handed back: ${textOf(error)}`)
      failures++
    }
    isAsking = false
    if (abort.signal.aborted || (options.book()?.owedCount ?? 0) === 0) return
    const retryMs = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(failures, 10)) * (0.5 + random())
    runIn(failures === 0 ? 0 : retryMs)
  }

  async function handBackNext(): Promise<void> {
    const asked = options.book()
    if (asked === undefined || asked.owedCount === 0) return
    const revocations = asked.owed(batchMax)
    const cutOffs = asked.owedCutOffs(batchMax)
    const { epoch } = asked.place
    const question = { epoch, revocations, ...(cutOffs.length === 0 ? {} : { cutOffs }) }
    const answer = await inTime(schedule, deadlineMs, abort.signal, (signal) => source.handBack(question, signal))
    if (answer.applied + answer.known + answer.refused !== revocations.length + cutOffs.length) {
      throw new Error('the answer cannot be read')
    }
    if (answer.refused > 0) onProblem?.(`the server never said ${answer.refused} revocations that it was handed back`)
    // What a server of another epoch said of them means nothing to this one. A newer book of the same one
    // owes what this one owed.
    const book = options.book()
    if (book?.place.epoch !== epoch) return
    book.settle(revocations)
    book.settleCutOffs(cutOffs)
  }

  return {
    wake() {
      const book = options.book()
      if (book === undefined || abort.signal.aborted) return
      // A server that does not take it is asked no sooner for a further snapshot of the same epoch.
      if (isWaiting && book.place.epoch === wokenIn) return
      wokenIn = book.place.epoch
      failures = 0
      // A request under way is of the book before: it goes on by itself, and finds the book that is there then.
      if (isAsking || book.owedCount === 0) return
      runIn(spreadMs * random())
    },
    close() {
      abort.abort()
      cancelTimer()
    },
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : 'no more is known'
}
