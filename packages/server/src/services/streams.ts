/** The open event streams: counted, and told to end when the server drains, so that clients move to another. */
export interface Streams {
  readonly count: number
  open(wake: () => void): { isEnding(): boolean; close(): void }
  endAll(): void
}

export function createStreams(): Streams {
  const open = new Set<() => void>()
  let isEnding = false
  return {
    get count() {
      return open.size
    },
    open(wake) {
      open.add(wake)
      return { isEnding: () => isEnding, close: () => open.delete(wake) }
    },
    endAll() {
      isEnding = true
      for (const wake of open) wake()
    },
  }
}
