/** Polls the installation's log: one reading at a time, which all who ask share. */
import type { InstallationEntry } from '@countersign/store'
import { type Reading, readAnew, readToHead } from './reading.ts'

export interface LogReader {
  /** The poll that runs. */
  readonly underWay: Promise<boolean> | undefined
  /** Reads all books anew. */
  load(): Promise<void>
  /** Reads the head now and applies what is new. False when it could not be read. */
  poll(): Promise<boolean>
  /** Another process may have committed: polls, and once more where a poll runs that may not have seen it. */
  hint(): void
  /** Resolves when entries just committed are in the books: at once, unless another process committed in between. */
  settle(entries: readonly InstallationEntry[]): Promise<void>
}

const settleRoundsMax = 3

export function createLogReader(reading: Reading): LogReader {
  const { shelf, onProblem } = reading
  let polling: Promise<boolean> | undefined
  let isHinted = false

  /** One poll at a time; a hint that comes while one runs may be of a commit that it did not see. */
  function poll(): Promise<boolean> {
    polling ??= readToHead(reading)
      .catch((error: unknown) => {
        onProblem('the feed could not be read', error)
        return false
      })
      .finally(() => {
        polling = undefined
        if (!isHinted) return
        isHinted = false
        void poll()
      })
    return polling
  }

  return {
    get underWay() {
      return polling
    },
    load: () => readAnew(reading),
    poll,
    hint() {
      if (polling !== undefined) isHinted = true
      else void poll()
    },
    /** Polls that run may have read the head before the commit, so one is not always enough. */
    async settle(entries) {
      const last = entries.at(-1)
      for (let round = 0; last !== undefined && shelf.position < last.position && round < settleRoundsMax; round++)
        await poll()
    },
  }
}
