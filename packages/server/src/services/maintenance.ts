/** What must be done now and then: clean-up, receipts, signing keys whose time has come. */
import { serverLimits } from '../limits.ts'
import type { Services } from './services.ts'

/** Begins; gives a function that ends it. A failure is logged and tried again the next time. */
export function startMaintenance(services: Services): () => void {
  const every = (ms: number, what: string, work: () => Promise<unknown>): NodeJS.Timeout => {
    const timer = setInterval(
      () => void work().catch((error: unknown) => services.log.warn({ error }, `${what} failed`)),
      ms,
    )
    timer.unref()
    return timer
  }
  const timers = [
    every(serverLimits.cleanUpEveryMs, 'clean-up', () =>
      services.store.cleanUp(services.now(), serverLimits.feedLogSeconds),
    ),
    every(serverLimits.flushPositionsMs, 'receipts', () => services.positions.flush()),
  ]
  return () => timers.forEach(clearInterval)
}
