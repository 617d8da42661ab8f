/** Ends exchanges in which nothing moves. One timer for all: each exchange costs an entry, and no timer of its own. */

export interface IdleWatch {
  /** Calls `end` once, when the bytes of `socket` have not changed for `limitMs`. Gives a function that forgets it. */
  add(socket: Moving, limitMs: number, end: () => void): () => void
  close(): void
}

/** A socket, as far as it tells whether anything moved. */
export interface Moving {
  readonly bytesRead?: number
  readonly bytesWritten?: number
}

interface Entry {
  readonly socket: Moving
  readonly limitMs: number
  readonly end: () => void
  bytes: number
  quietMs: number
}

/** `everyMs`: how often it looks, and by how much an end may be late. */
export function createIdleWatch(everyMs: number): IdleWatch {
  const entries = new Set<Entry>()
  const timer = setInterval(() => {
    for (const entry of entries) {
      const bytes = bytesOf(entry.socket)
      entry.quietMs = bytes === entry.bytes ? entry.quietMs + everyMs : 0
      entry.bytes = bytes
      if (entry.quietMs < entry.limitMs) continue
      entries.delete(entry)
      entry.end()
    }
  }, everyMs)
  timer.unref()
  return {
    add(socket, limitMs, end) {
      const entry: Entry = { socket, limitMs, end, bytes: bytesOf(socket), quietMs: 0 }
      entries.add(entry)
      return () => entries.delete(entry)
    },
    close: () => clearInterval(timer),
  }
}

function bytesOf({ bytesRead = 0, bytesWritten = 0 }: Moving): number {
  return bytesRead + bytesWritten
}
