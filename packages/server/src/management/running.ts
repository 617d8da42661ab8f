/** The requests with an `Idempotency-Key` that run in this process. */
export interface Running {
  /** Undefined when one of that name runs already; else a function that ends it. */
  begin(name: string): (() => void) | undefined
}

export function createRunning(): Running {
  const names = new Set<string>()
  return {
    begin(name) {
      if (names.has(name)) return undefined
      names.add(name)
      return () => names.delete(name)
    },
  }
}
