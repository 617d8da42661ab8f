const yearSeconds = 31_536_000

/** Keeps a choice of this browser for a year, for the pages of the server too. `undefined`: forgets it. */
export function keepCookie(name: string, value: string | undefined): void {
  const life = value === undefined ? 0 : yearSeconds
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser.
  document.cookie = `${name}=${value ?? ''}; Path=/; Max-Age=${life}; SameSite=Lax`
}
