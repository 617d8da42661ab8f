/** Where focus goes when an operation is opened. Its heading is there a moment after its link was followed. */
import { type RefObject, useEffect, useRef } from 'react'

interface Heading {
  readonly heading: RefObject<HTMLHeadingElement | null>
  /** Focuses the heading of the operation with this name, once it is open. */
  focus(name: string): void
}

export function useHeading(open: string | undefined): Heading {
  const heading = useRef<HTMLHeadingElement>(null)
  const awaited = useRef<string>(undefined)
  useEffect(() => {
    if (open === undefined || open !== awaited.current) return
    awaited.current = undefined
    heading.current?.focus()
  }, [open])
  return {
    heading,
    focus(name) {
      if (name === open) heading.current?.focus()
      else awaited.current = name
    },
  }
}
