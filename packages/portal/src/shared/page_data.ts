/** The part of the page that the server wrote. */
const { account = '', base = '', kit, logo, name = '', version = '' } = document.getElementById('root')?.dataset ?? {}

export const pageData = {
  /** The account for which the page was written. */
  account,
  /** The path of the issuer, without a slash at its end. */
  base,
  /** The tenant, as its people know it. */
  name,
  version,
  /** The URL of the tenant's picture. */
  logo,
  /** `/portal/kit` is there: in `dev` alone. */
  hasKit: kit !== undefined,
}

/** The issuer of this page: the URL below which everything of its tenant is. */
export function issuerUrl(): string {
  return `${location.origin}${pageData.base}`
}

/** The way back to this address, through a page of the server. */
export function through(path: string): string {
  return `${path}?returnTo=${encodeURIComponent(location.pathname + location.search)}`
}
