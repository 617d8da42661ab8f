/** The heading of a screen, and the title of the window. After a change of screen focus comes here, and the change is announced. */
import { type ReactNode, useEffect, useRef } from 'react'
import { pageData } from '../page_data.ts'
import { screenChange } from '../screen_change.ts'

export function ScreenTitle({ children: title }: { readonly children: string }): ReactNode {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · ${pageData.name}`
    if (screenChange.arrive(title)) heading.current?.focus()
  }, [title])
  return (
    <h1 ref={heading} tabIndex={-1}>
      {title}
    </h1>
  )
}
