import type { Store } from '@countersign/store'
import type { Clock } from '@countersign/verifier/engine'
import { serverLimits } from '../../limits.ts'
import type { Timers } from '../timers.ts'
import type { BooksProof } from './books_proof.ts'
import type { LogReader } from './log_reader.ts'

/** Proves that the books are what the primary holds. */
export interface Proving {
  /** One shared proof for all who ask for it. False when the database confirmed nothing. */
  prove(): Promise<boolean>
  /** The same, in at most 1 s. False when the books are not fresh after it. */
  refresh(): Promise<boolean>
}

export function createProving(options: {
  readonly store: Store
  readonly clock: Clock
  readonly timers: Timers
  readonly processId: string
  readonly reader: LogReader
  readonly proof: BooksProof
  readonly onProblem: (problem: string, error: unknown) => void
}): Proving {
  const { store, clock, timers, reader, proof } = options
  let proving: Promise<boolean> | undefined

  /**
   * docs/protocol/feed.md §3: the books are as fresh as the beginning of a beat that was confirmed, once all before it
   * is applied.
   */
  async function proveOnce(): Promise<boolean> {
    if (!store.canFailOver) return reader.poll()
    const askedAt = clock.stamp()
    await store.beat(options.processId)
    // A poll that runs may have read the head before the beat.
    await reader.underWay
    if (!(await reader.poll())) return false
    proof.note(askedAt)
    return true
  }

  function prove(): Promise<boolean> {
    proving ??= proveOnce()
      .catch((error: unknown) => {
        options.onProblem('the database confirmed nothing', error)
        return false
      })
      .finally(() => {
        proving = undefined
      })
    return proving
  }

  async function refresh(): Promise<boolean> {
    const late = Promise.withResolvers<void>()
    const cancel = timers.after(serverLimits.refreshMs, late.resolve)
    await Promise.race([prove(), late.promise])
    cancel()
    return proof.isFresh()
  }

  return { prove, refresh }
}
