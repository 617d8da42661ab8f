/** Whether the session has ended while the page is open: what is on it stays, and it says so. */
import { useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()
let hasEnded = false

export const sessionState = {
  end(): void {
    hasEnded = true
    for (const listener of listeners) listener()
  },
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useSessionEnded(): boolean {
  return useSyncExternalStore(subscribe, () => hasEnded)
}
