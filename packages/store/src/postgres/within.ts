import { StoreUnavailableError } from '../errors.ts'

/**
 * The answer, or `StoreUnavailableError` with the reason `timeout` after `ms`. In a process that was busy for longer,
 * the timer fires before an answer that is there already is read, so the answer gets one more turn.
 */
export async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    const refuse = (): void => reject(new StoreUnavailableError('timeout', new Error('no answer in time')))
    timer = setTimeout(() => setImmediate(refuse), ms)
  })
  // The promise that settles second has no other handler.
  answer.catch(() => {})
  tooLate.catch(() => {})
  try {
    return await Promise.race([answer, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
