/** A part that scrolls by itself, and is therefore reached by keyboard. */
import type { ReactNode, Ref } from 'react'

interface ScrollingTextProps {
  readonly className?: string
  readonly ref?: Ref<HTMLPreElement>
  readonly children: ReactNode
}

/** Text with its lines as they are. */
export function ScrollingText({ className, ref, children }: ScrollingTextProps): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard.
    <pre className={className} ref={ref} tabIndex={0}>
      {children}
    </pre>
  )
}

/** Anything that may be wider than the page. */
export function ScrollingPart({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard.
    <div className="wide" tabIndex={0}>
      {children}
    </div>
  )
}
