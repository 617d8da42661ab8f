import { useEffect, useEffectEvent, useLayoutEffect, useState } from 'react'
import { secretOnce } from '../../shared/secret_once.ts'

interface Gate {
  readonly isOpen: boolean
  readonly isStored: boolean
  copied(): void
  stored(isStored: boolean): void
}

/** Open once the secret was copied, and while the tick stands. What is left behind is forgotten. */
export function useGate(onKept: () => void): Gate {
  const [isCopied, setCopied] = useState(false)
  const [isStored, setStored] = useState(false)
  const keep = useEffectEvent(onKept)
  useEffect(() => {
    const end = secretOnce.onKept(() => keep())
    return () => {
      end()
      secretOnce.forget()
    }
  }, [])
  const isOpen = isCopied || isStored
  // Before any navigation that the same press begins.
  useLayoutEffect(() => secretOnce.take(isOpen), [isOpen])
  return { isOpen, isStored, copied: () => setCopied(true), stored: setStored }
}
