/** A theme that somebody chose at this browser. A cookie, so that the next page comes in it; storage stays empty. */
import { keepCookie } from '../keep_cookie.ts'

export const themes = ['auto', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

export function readTheme(): Theme {
  const { theme } = document.documentElement.dataset
  return theme === 'light' || theme === 'dark' ? theme : 'auto'
}

export function chooseTheme(theme: Theme): void {
  keepCookie('cs-theme', theme === 'auto' ? undefined : theme)
  if (theme === 'auto') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}
