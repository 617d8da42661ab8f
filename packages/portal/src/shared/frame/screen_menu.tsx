/** On small screens: the links that larger ones have beside them. */
import { type ReactNode, useRef } from 'react'
import { Icon } from '../kit/icon.tsx'
import { text } from '../text.ts'
import { ScreenLinks } from './screen_links.tsx'

export function ScreenMenu(): ReactNode {
  const details = useRef<HTMLDetailsElement>(null)
  const close = (): void => details.current?.removeAttribute('open')
  return (
    <details
      className="screens"
      ref={details}
      onKeyDown={({ key }) => {
        if (key !== 'Escape') return
        close()
        details.current?.querySelector('summary')?.focus()
      }}
      onBlur={({ currentTarget, relatedTarget }) => {
        if (relatedTarget !== null && !currentTarget.contains(relatedTarget)) close()
      }}
    >
      <summary aria-label={text.frame.screens}>
        <Icon name="menu" />
      </summary>
      <nav aria-label={text.frame.screens}>
        <ScreenLinks onGo={close} />
      </nav>
    </details>
  )
}
