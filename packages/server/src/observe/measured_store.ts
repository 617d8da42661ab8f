import { FatalStoreError, type Store, StoreUnavailableError } from '@countersign/store'
import type { Metrics } from './metrics.ts'

/**
 * The store, which says how long polls, beats, writes and chores took and which the database failed. A write that was refused for
 * what it asks is no failure of the database.
 */
export function measureStore(store: Store, metrics: Metrics): Store {
  let isUp = true
  metrics.gauge({
    name: 'countersign_database_up',
    help: '1 when the last poll, beat, write or chore was answered',
    aggregator: 'min',
    read: () => (isUp ? 1 : 0),
  })

  function answered(operation: string, beganAt: number): void {
    isUp = true
    metrics.database(operation)((performance.now() - beganAt) / 1000)
  }

  function failed(operation: string, error: unknown): never {
    const isDown = error instanceof StoreUnavailableError
    if (isDown || error instanceof FatalStoreError) {
      // A call that waited behind others has still been answered.
      isUp = isDown && error.reason === 'busy'
      metrics.databaseFailed(operation, isDown ? error.reason : 'fatal')
    }
    throw error
  }

  async function measure<T>(operation: string, work: () => Promise<T>): Promise<T> {
    const beganAt = performance.now()
    try {
      const result = await work()
      answered(operation, beganAt)
      return result
    } catch (error) {
      return failed(operation, error)
    }
  }

  return {
    ...store,
    write: (work, options) => measure('write', () => store.write(work, options)),
    countUsage: (batch) => measure('chore', () => store.countUsage(batch)),
    savePositions: (positions) => measure('chore', () => store.savePositions(positions)),
    beat: (process) => measure('beat', () => store.beat(process)),
    feed: {
      ...store.feed,
      head() {
        const beganAt = performance.now()
        try {
          const head = store.feed.head()
          if (head instanceof Promise) return measure('poll', () => head)
          answered('poll', beganAt)
          return head
        } catch (error) {
          return failed('poll', error)
        }
      },
    },
  }
}
