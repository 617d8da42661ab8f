/**
 * Whether the session of the page's account goes on. When it has ended, or another account has signed in at this browser, what is on
 * the page stays, and it says so. It goes on once the server answers that account again.
 */
import { useSyncExternalStore } from 'react'

export type SessionState = 'live' | 'ended' | 'other'

const listeners = new Set<() => void>()
let state: SessionState = 'live'

export const sessionState = {
  now: (): SessionState => state,
  set(next: SessionState): void {
    if (next === state) return
    state = next
    for (const listener of listeners) listener()
  },
  /** Gives the end of it. */
  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

export function useSessionState(): SessionState {
  return useSyncExternalStore(sessionState.subscribe, sessionState.now)
}
