/**
 * Writes on a full disk. Writes that end credentials may use the room that was kept for them; all others are refused.
 */
import type { Database } from './database.ts'
import { StoreUnavailableError } from './errors.ts'

type Kept = Database['reserve']

/** Refuses `work` while the reserve is given up. Gives the reserve up when `work` finds the disk full. */
export async function beforeReserve<T>(reserve: Kept, work: () => Promise<T>): Promise<T> {
  if (reserve.state === 'given_up') throw new StoreUnavailableError('full', new Error('the reserve was given up'))
  try {
    return await work()
  } catch (error) {
    if (isFull(error)) reserve.giveUp()
    throw error
  }
}

/** When `work` finds the disk full, gives the reserve up and runs `work` once more from its beginning. */
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
