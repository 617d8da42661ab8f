/** One act for several things, by one call each, in their order. */
import { ApiProblem, isAnswerLost } from '../../../shared/api/problem.ts'

export interface Failure<T> {
  readonly item: T
  readonly error: ApiProblem
}

export interface Done<T> {
  readonly done: readonly T[]
  readonly failed: readonly Failure<T>[]
  /** The rest, not tried since a failure before said that no other call would succeed either. */
  readonly left: readonly T[]
}

/** `onDone`: told how many were tried so far. Rejects with anything that is no `ApiProblem`. */
export async function doEach<T>(
  items: readonly T[],
  act: (item: T) => Promise<unknown>,
  onDone: (many: number) => void,
): Promise<Done<T>> {
  const done: T[] = []
  const failed: Failure<T>[] = []
  for (const [index, item] of items.entries()) {
    try {
      await act(item)
      done.push(item)
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      failed.push({ item, error })
      if (endsAll(error)) return { done, failed, left: items.slice(index + 1) }
    }
    onDone(index + 1)
  }
  return { done, failed, left: [] }
}

/** The session is over or another's, a proof is wanted, or the server does not answer. */
function endsAll(error: ApiProblem): boolean {
  return (
    error.status === 401 ||
    ['account_mismatch', 'other', 'step_up_required'].includes(error.code) ||
    isAnswerLost(error)
  )
}
