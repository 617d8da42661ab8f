/** Back, a link and closing the window wait while a key is on its way, or shown and not taken. */
import { useBlocker } from '@tanstack/react-router'
import { attempts } from '../api/attempts.ts'
import { toasts } from '../kit/toasts.tsx'
import { secretOnce } from '../secret_once.ts'
import { text } from '../text.ts'

export function useSecretGate(): void {
  useBlocker({
    shouldBlockFn: ({ current, next }) => {
      const kept = secretOnce.keeps()
      // The draft of a form is its address, and may change meanwhile.
      if (kept === undefined || (kept === 'answer' && current.pathname === next.pathname)) return false
      if (kept === 'answer') toasts.add({ title: text.reveal.awaited })
      else secretOnce.sayKept()
      return true
    },
    // Closing the page also loses what finds a key whose answer was lost.
    enableBeforeUnload: () => secretOnce.keeps() !== undefined || attempts.areOwed(),
  })
}
