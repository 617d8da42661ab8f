import type { Schedule } from './feed/feed_source.ts'
import { untilAborted } from './until_aborted.ts'

/** What `run` gives, or an error when that takes longer than `deadlineMs`; its signal is aborted then, or with `signal`. */
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
      reject(new Error('the server did not answer in time'))
    })
    run(deadline.signal)
      .finally(() => {
        cancel()
        deadline.release()
      })
      .then(resolve, reject)
  })
}
