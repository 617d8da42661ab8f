/** Checks of options that several public functions share. */

/**
 * Refuses unknown options: a misspelt one that protects would be missing unseen.
 *
 * @param name The function that takes the options, as the message names it.
 * @param known Every option that there is.
 * @throws TypeError that names the first unknown option.
 */
export function requireOptions(name: string, options: object, known: Readonly<Record<string, true>>): void {
  for (const option of Object.keys(options)) {
    if (!Object.hasOwn(known, option)) throw new TypeError(`${name} has no option "${option}"`)
  }
}

/**
 * Refuses an issuer that is no URL as RFC 8414 §2 has it, or that anybody on the way could read: plain http is taken on
 * this machine, and elsewhere with `allowInsecureHttp`.
 *
 * @throws TypeError that says what an issuer must be.
 */
export function requireIssuer(issuer: string, allowInsecureHttp: boolean | undefined): string {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined
  const hasMore = url !== undefined && `${url.search}${url.hash}${url.username}${url.password}` !== ''
  if (url === undefined || issuer.endsWith('/') || hasMore) {
    throw new TypeError('issuer must be the URL of the authorization server, without a slash at its end')
  }
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && (isLoopback || allowInsecureHttp === true)))
    return issuer
  throw new TypeError('issuer must be https, or on this machine, or dangerouslyAllowInsecureHttp be true')
}
