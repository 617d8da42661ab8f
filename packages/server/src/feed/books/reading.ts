/** One reading of the installation's log into the books, by position: everything up to the head, page after page. */
import type { Store } from '@countersign/store'
import type { Clock } from '@countersign/verifier/engine'
import { serverLimits } from '../../limits.ts'
import type { BookShelf } from './book_shelf.ts'
import type { BooksProof } from './books_proof.ts'
import type { OwnHistory } from './own_history.ts'

/** The parts that a reading needs. */
export interface Reading {
  readonly store: Store
  readonly clock: Clock
  readonly shelf: BookShelf
  readonly history: OwnHistory
  readonly proof: BooksProof
  readonly onProblem: (problem: string, error: unknown) => void
}

/** Books just read may hold less than the former ones had applied since, so nothing is proven of them. */
export async function readAnew({ store, shelf, proof }: Reading): Promise<void> {
  const snapshot = await store.feed.snapshotAll()
  proof.forget()
  shelf.replace(snapshot)
}

/** True: everything up to the head is applied. It throws where the database cannot be read. */
export async function readToHead(reading: Reading): Promise<boolean> {
  const { store, shelf, history, proof } = reading
  const askedAt = reading.clock.stamp()
  let head = await history.readHead()
  while (head.epoch !== shelf.epoch) {
    await readAnew(reading)
    head = await store.feed.head()
  }
  while (shelf.position < head.position) {
    const before = shelf.position
    if (await applyNext(reading)) continue
    if (shelf.position !== before || (await history.leave([history.ownClaim()]))) return readToHead(reading)
    // Cleaned up, or damaged: a new snapshot, never a guess.
    reading.onProblem('the log does not continue the books: they are read anew', undefined)
    await readAnew(reading)
    // The head may have been read before the database went back: waited for, it might never come.
    return readToHead(reading)
  }
  // Where a standby may take over, an answer of the database proves nothing: a replaced primary may go on answering.
  if (!store.canFailOver) proof.note(askedAt)
  return true
}

/** The next page, with the entry at our own place before it, which is compared. */
async function applyNext({ store, shelf, history }: Reading): Promise<boolean> {
  const from = history.ownClaim()
  return shelf.applyPage(from, await store.feed.afterPosition(from.sequence - 1, serverLimits.feedPageMax + 1))
}
