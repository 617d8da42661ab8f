/** Whether another screen is on its way, whose heading is yet to come: its data may be awaited. */
import { useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()
let isPending = false
let announced = ''

export const screenChange = {
  begin(): void {
    isPending = true
  },
  /** Whether the heading is the first of another screen. */
  arrive(title: string): boolean {
    const isFirst = isPending
    isPending = false
    if (isFirst) {
      announced = title
      for (const listener of listeners) listener()
    }
    return isFirst
  },
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The screen that somebody came to last, to be read out; empty at the first, which the browser reads out itself. */
export function useAnnouncement(): string {
  return useSyncExternalStore(subscribe, () => announced)
}
