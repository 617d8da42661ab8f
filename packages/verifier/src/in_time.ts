import type { Schedule } from './feed/feed_source.ts'
import { untilAborted } from './until_aborted.ts'

/**
 * The result of `run`, or an error when it takes longer than `deadlineMs`. Its signal is aborted then, or with
 * `signal`.
 */
export function inTime<T>(
  schedule: Schedule,
  deadlineMs: number,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const deadline = untilAborted(signal)
    const cancel = schedule(deadlineMs, () => {
      deadline.end()
      reject(new Error('the server does not answer in time'))
    })
    run(deadline.signal)
      .finally(() => {
        cancel()
        deadline.release()
      })
      .then(resolve, reject)
  })
}
