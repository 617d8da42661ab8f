/**
 * The one key that is on its way, or being shown. It is nowhere else: in no address, storage, cache or component, and on the page
 * only as the text of one element. Leaving the page empties it.
 */
export interface Shown {
  readonly id: string
  readonly text: string
  /** When the key that it was rolled from ends. */
  readonly oldUntil?: string
}

let shown: Shown | undefined
/** It was copied, or its reader says that it is stored. */
let isTaken = false
let isAwaited = false
let say: (() => void) | undefined

export const secretOnce = {
  /** While the work lasts, its answer may hold a key: nobody leaves unasked. */
  async during(work: () => Promise<void>): Promise<void> {
    isAwaited = true
    try {
      await work()
    } finally {
      isAwaited = false
    }
  },
  hold(next: Shown): void {
    shown = next
    isTaken = false
  },
  of(id: string): Shown | undefined {
    return shown?.id === id ? shown : undefined
  },
  take(next: boolean): void {
    isTaken = next
  },
  forget(): void {
    shown = undefined
  },
  /** Leaving would lose this. */
  keeps(): 'answer' | 'key' | undefined {
    if (isAwaited) return 'answer'
    return shown !== undefined && !isTaken ? 'key' : undefined
  },
  /** `listener`: told when somebody was kept from leaving the card. Gives its end. */
  onKept(listener: () => void): () => void {
    say = listener
    return () => {
      say = undefined
    }
  },
  sayKept(): void {
    say?.()
  },
}

// A page that the browser keeps for the way back must not have it.
addEventListener('pagehide', () => {
  shown = undefined
  for (const element of document.querySelectorAll('.secret')) element.textContent = ''
})
// Come back to, it says what is so now: that the key was shown, and who is signed in.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload()
})
