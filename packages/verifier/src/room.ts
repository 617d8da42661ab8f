import { type Holder, Shares } from '@countersign/core'

/** Room for a number of requests at once, shared fairly; requests that find none wait in order. */
export interface Room {
  /** Takes a place now, or promises to. After `true`, the caller gives the place back once. */
  enter(holder: Holder): boolean | Promise<boolean>
  /** Takes a place only if there is one now. */
  enterNow(holder: Holder): boolean
  /** Gives a place back, and lets the first request in that waits for one. */
  leave(holder: Holder): void
}

interface Waiting {
  readonly holder: Holder
  settle(isLetIn: boolean): void
}

/**
 * Makes room for `size` requests at once, by fair shares; a request beyond that waits for up to `waitMs`. The callers
 * bound the number that waits: at most one request of each connection does.
 */
export function createRoom(size: number, waitMs: number): Room {
  const shares = new Shares(size)
  /** One line for each holder, since a holder over its share must not hold up the others. */
  const lines = new Map<string, Set<Waiting>>()

  function wait(name: string, holder: Holder): Promise<boolean> {
    const line = lines.get(name) ?? new Set<Waiting>()
    lines.set(name, line)
    return new Promise((resolve) => {
      const settle = (isLetIn: boolean): void => {
        clearTimeout(timer)
        line.delete(waiting)
        if (line.size === 0 && lines.get(name) === line) lines.delete(name)
        resolve(isLetIn)
      }
      const timer = setTimeout(settle, waitMs, false)
      const waiting = { holder, settle }
      line.add(waiting)
    })
  }

  /** Lets the first request in that may. Its line goes to the end, so that the next place is another's. */
  function letIn(): void {
    for (const [name, line] of lines) {
      const [first] = line
      if (first === undefined || !shares.take(first.holder)) continue
      lines.delete(name)
      if (line.size > 1) lines.set(name, line)
      first.settle(true)
      return
    }
  }

  return {
    enter(holder) {
      const name = lines.size === 0 ? '' : nameOf(holder)
      if (lines.size > 0 && lines.has(name)) return wait(name, holder)
      return shares.take(holder) || wait(nameOf(holder), holder)
    },
    enterNow: (holder) => shares.take(holder),
    leave(holder) {
      shares.give(holder)
      if (lines.size > 0) letIn()
    },
  }
}

function nameOf({ tenant, credential, address }: Holder): string {
  return JSON.stringify([tenant, credential, String(address)])
}
