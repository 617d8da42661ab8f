import { type Clock, elapsedMs, type Stamp } from './clock.ts'

/**
 * One answer for all who ask while it is made, and until `lifeMs` after it was first asked for. A failure is reported
 * to all who waited, and is not kept.
 *
 * ```ts
 * const text = shareAnswer(1_000, systemClock(), () => registry.metrics())
 * ```
 */
export function shareAnswer<T>(lifeMs: number, clock: Clock, ask: () => Promise<T>): () => Promise<T> {
  let shared: { readonly answer: Promise<T>; readonly askedAt: Stamp; isSettled: boolean } | undefined
  return () => {
    if (shared !== undefined && (!shared.isSettled || elapsedMs(shared.askedAt, clock.stamp()) < lifeMs))
      return shared.answer
    const asked = { answer: ask(), askedAt: clock.stamp(), isSettled: false }
    shared = asked
    asked.answer.then(
      () => {
        asked.isSettled = true
      },
      () => {
        if (shared === asked) shared = undefined
      },
    )
    return asked.answer
  }
}
