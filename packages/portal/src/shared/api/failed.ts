import type { UseQueryResult } from '@tanstack/react-query'

/** Why something is not known, and what asks again. */
export interface Failed {
  readonly error: Error
  retry(): void
}

/** Of reads that belong together: those that failed and have nothing of before. `undefined`: none. */
export function failedOf(
  ...reads: readonly Pick<UseQueryResult<unknown>, 'data' | 'error' | 'refetch'>[]
): Failed | undefined {
  const failed = reads.filter(({ data }) => data === undefined)
  const error = failed.find((each) => each.error !== null)?.error
  if (error == null) return undefined
  return {
    error,
    retry() {
      for (const each of failed) void each.refetch()
    },
  }
}
