import type { Schedule } from './feed_source.ts'

/** What `run` gives, or an error when that takes longer than `deadlineMs`; its signal is aborted then, or with `signal`. */
export function inTime<T>(
  schedule: Schedule,
  deadlineMs: number,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  return new Promise((resolve, reject) => {
    const cancel = schedule(deadlineMs, () => {
      late.abort()
      reject(new Error('the server did not answer in time'))
    })
    run(AbortSignal.any([signal, late.signal]))
      .finally(cancel)
      .then(resolve, reject)
  })
}
