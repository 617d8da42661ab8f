import { StoreUnavailableError } from '../errors.ts'

/**
 * The answer, or `StoreUnavailableError` of reason `timeout` after `ms`. A process that was busy for longer finds its
 * timers due before it reads what has come meanwhile: the answer gets one more turn.
 */
export async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    const refuse = (): void => reject(new StoreUnavailableError('timeout', new Error('no answer in time')))
    timer = setTimeout(() => setImmediate(refuse), ms)
  })
  // Whichever comes second is nobody's any more.
  answer.catch(() => {})
  tooLate.catch(() => {})
  try {
    return await Promise.race([answer, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
