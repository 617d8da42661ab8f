/**
 * The one key that is being shown. It is nowhere else: in no address, storage, cache or component, and on the page only as the
 * text of one element. Leaving the page empties it.
 */
export interface Shown {
  readonly id: string
  readonly text: string
  /** When the key that it was rolled from ends. */
  readonly oldUntil?: string
}

let shown: Shown | undefined

export const secretOnce = {
  hold(next: Shown): void {
    shown = next
  },
  of(id: string): Shown | undefined {
    return shown?.id === id ? shown : undefined
  },
  forget(): void {
    shown = undefined
  },
}

// A page that the browser keeps for the way back must not have it.
addEventListener('pagehide', () => {
  shown = undefined
  for (const element of document.querySelectorAll('.secret')) element.textContent = ''
})
