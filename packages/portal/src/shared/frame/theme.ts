/** A theme that somebody chose at this browser. A cookie, so that the next page comes in it; storage stays empty. */
export const themes = ['auto', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const yearSeconds = 31_536_000

export function readTheme(): Theme {
  const { theme } = document.documentElement.dataset
  return theme === 'light' || theme === 'dark' ? theme : 'auto'
}

export function chooseTheme(theme: Theme): void {
  const life = theme === 'auto' ? 0 : yearSeconds
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser.
  document.cookie = `cs-theme=${theme}; Path=/; Max-Age=${life}; SameSite=Lax`
  if (theme === 'auto') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}
