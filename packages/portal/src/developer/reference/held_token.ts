/**
 * The token that was minted last, while it lasts. It is here and in the text of one element, and in no address, storage, cache or
 * component. Leaving the reference or the page empties it, and so does its end.
 */
import { useSyncExternalStore } from 'react'

/** These may be shown anywhere. */
export interface TokenFacts {
  readonly audience: string
  readonly scope: string
  /** In milliseconds of this machine's clock. */
  readonly endsAt: number
}

let held: string | undefined
let facts: TokenFacts | undefined
let timer: ReturnType<typeof setTimeout> | undefined
const listeners = new Set<() => void>()

export const heldToken = {
  hold(text: string, next: TokenFacts): void {
    set(text, next)
    timer = setTimeout(heldToken.forget, next.endsAt - Date.now())
  },
  text: (): string => held ?? '',
  forget(): void {
    set(undefined, undefined)
  },
}

function set(text: string | undefined, next: TokenFacts | undefined): void {
  clearTimeout(timer)
  held = text
  facts = next
  for (const listener of listeners) listener()
}

addEventListener('pagehide', heldToken.forget)

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useTokenFacts(): TokenFacts | undefined {
  return useSyncExternalStore(subscribe, () => facts)
}
