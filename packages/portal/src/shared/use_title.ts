import { useEffect } from 'react'
import { pageData } from './page_data.ts'

/** The title of the window: the screen, then the tenant. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · ${pageData.name}`
  }, [title])
}
