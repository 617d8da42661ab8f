import { setImmediate as immediate } from 'node:timers/promises'
import type { Store } from '@countersign/store'
import type { Engine } from '@countersign/verifier/engine'
import { serverLimits } from '../limits.ts'
import type { Log } from '../observe/log.ts'

/** Reads a tenant's keys into its engine in the background, so that after a start they need no look-up one by one. */
export interface Warming {
  /** Once for each engine; one tenant after the other. */
  add(tenant: string, engine: Engine): void
  /** When everything that was added has been read. */
  settled(): Promise<void>
  stop(): void
}

/** At most `keysMax` of all tenants together: more would push out what was read before. */
export function createWarming(store: Store, log: Log, keysMax: number): Warming {
  let isStopped = false
  let room = keysMax
  let queue: Promise<void> = Promise.resolve()

  async function warm(tenant: string, engine: Engine): Promise<void> {
    let before: { readonly createdAt: number; readonly id: string } | undefined
    do {
      await engine.preload(async () => {
        const page = await store.lookup.newestKeys(tenant, before, serverLimits.warmingPage)
        before = page.last
        room -= page.keys.length
        return page.keys
      })
      // Every request that waits goes first.
      await immediate()
    } while (before !== undefined && room > 0 && !isStopped)
  }

  return {
    add(tenant, engine) {
      queue = queue.then(async () => {
        if (isStopped || room <= 0) return
        await warm(tenant, engine).catch((error: unknown) => {
          if (!isStopped) log.warn({ error }, 'keys could not be read ahead')
        })
      })
    },
    settled: () => queue,
    stop() {
      isStopped = true
    },
  }
}
