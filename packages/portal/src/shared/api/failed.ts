/** The state of a query, as far as it matters here. */
export interface ReadState {
  readonly data: unknown
  readonly error: Error | null
  refetch(): Promise<unknown>
}

/** Why something is not known, and what asks again. */
export interface Failed {
  readonly error: Error
  retry(): void
}

/** The failures among reads that belong together and have nothing of before. `undefined`: none. */
export function failedOf(...reads: readonly ReadState[]): Failed | undefined {
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
