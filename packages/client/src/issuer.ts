/**
 * Checks an issuer: its exact URL, without a slash at its end. Credentials are sent to it, so plain http is for this
 * machine only, unless `allowInsecureHttp` is true. Throws `TypeError`.
 */
export function requireIssuer(issuer: string, allowInsecureHttp: boolean | undefined): string {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined
  if (url === undefined || issuer.endsWith('/') || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new TypeError('issuer must be the URL of the authorization server, without a slash at its end')
  }
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && (isLoopback || allowInsecureHttp === true)))
    return issuer
  throw new TypeError('issuer must be https, or on this machine, or dangerouslyAllowInsecureHttp be true')
}

/** Throws a `TypeError` for an unknown option: a misspelt one that protects would be missing unseen. */
export function requireOptions(name: string, options: object, known: Readonly<Record<string, true>>): void {
  for (const option of Object.keys(options)) {
    if (!Object.hasOwn(known, option)) throw new TypeError(`${name} has no option "${option}"`)
  }
}
