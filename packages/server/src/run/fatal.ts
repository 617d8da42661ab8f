import { FatalStoreError, type Store } from '@countersign/store'

/**
 * The store, which tells `onFatal` once when its database can no longer be trusted by this process: whatever goes on
 * afterwards could acknowledge what is lost. Every write is watched, and the read that the books make all the time.
 */
export function watchFatal(store: Store, onFatal: (error: FatalStoreError) => void): Store {
  let isTold = false
  const tell = (error: unknown): never => {
    if (error instanceof FatalStoreError && !isTold) {
      isTold = true
      onFatal(error)
    }
    throw error
  }
  return {
    ...store,
    write: (work, options) => store.write(work, options).catch(tell),
    ping: () => store.ping().catch(tell),
    countUsage: (batch) => store.countUsage(batch).catch(tell),
    savePositions: (positions) => store.savePositions(positions).catch(tell),
    feed: {
      ...store.feed,
      head() {
        try {
          const head = store.feed.head()
          return head instanceof Promise ? head.catch(tell) : head
        } catch (error) {
          return tell(error)
        }
      },
    },
  }
}
