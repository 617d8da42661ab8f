/** Who may write when the disk is full: what ends credentials, into the room that was kept for it. */
import type { Database } from './database.ts'
import { StoreUnavailableError } from './errors.ts'

type Kept = Database['reserve']

/** Refused as long as the reserve is given up. A disk that is found full here gives it up for others. */
export async function beforeReserve<T>(reserve: Kept, work: () => Promise<T>): Promise<T> {
  if (reserve.state === 'given_up') throw new StoreUnavailableError('full', new Error('the reserve was given up'))
  try {
    return await work()
  } catch (error) {
    if (isFull(error)) reserve.giveUp()
    throw error
  }
}

/** Tried again once with the room that was kept: `work` begins anew. */
export async function withReserve<T>(reserve: Kept, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isFull(error) || reserve.state === 'none') throw error
    reserve.giveUp()
    return work()
  }
}

function isFull(error: unknown): boolean {
  return error instanceof StoreUnavailableError && error.reason === 'full'
}
