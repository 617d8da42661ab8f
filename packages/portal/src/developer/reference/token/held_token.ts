/**
 * The token that was minted last, while it lasts. It is here and in the text of one element, and in no address, storage, cache or
 * component. Leaving the reference or the page empties it, and so does its end.
 */
import { useEffect, useSyncExternalStore } from 'react'

/** These may be shown anywhere. */
export interface TokenFacts {
  readonly audience: string
  readonly scope: string
  /** In milliseconds of this machine's clock. */
  readonly endsAt: number
}

/** The name of one token that is on its way. */
export type Ticket = symbol

/** `undefined`: a token that still comes is not wanted any more. */
let awaited: Ticket | undefined
let held: string | undefined
let facts: TokenFacts | undefined
let timer: ReturnType<typeof setTimeout> | undefined
const listeners = new Set<() => void>()

export const heldToken = {
  /** Before a token is asked for: forgets the one of before. `hold` wants the ticket. */
  begin(): Ticket {
    set(undefined, undefined)
    awaited = Symbol()
    return awaited
  },
  /** Does nothing where another was begun since, or everything forgotten: nobody is there to see the token. */
  hold(ticket: Ticket, text: string, next: TokenFacts): void {
    if (ticket !== awaited) return
    set(text, next)
    timer = setTimeout(heldToken.forget, next.endsAt - Date.now())
  },
  /** Empty unless the token is for that API: no other may see it. */
  textFor: (audience: string): string => (facts?.audience === audience ? (held ?? '') : ''),
  forget(): void {
    awaited = undefined
    set(undefined, undefined)
  },
}

function set(text: string | undefined, next: TokenFacts | undefined): void {
  clearTimeout(timer)
  held = text
  facts = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The facts of the token that is held, if it is for that API. */
export function useTokenFacts(audience: string): TokenFacts | undefined {
  return useSyncExternalStore(subscribe, () => (facts?.audience === audience ? facts : undefined))
}

/** The token is forgotten when the component goes, or the page does: a browser may keep that for the way back. */
export function useForgetting(): void {
  useEffect(() => {
    addEventListener('pagehide', heldToken.forget)
    return () => {
      removeEventListener('pagehide', heldToken.forget)
      heldToken.forget()
    }
  }, [])
}
