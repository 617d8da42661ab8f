/** Names of an API: its audience, and its resources (RFC 8707 §2). */

/**
 * A URI with an authority and no path is the same as with the path `/` (RFC 3986 §6.2.3). All else is compared by bytes.
 *
 * ```ts
 * canonicalResource('https://api.example') === canonicalResource('https://api.example/') // true
 * ```
 */
export function canonicalResource(uri: string): string {
  return uri.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*)(?=$|[?#])/, '$1/')
}

/** Whether a request that names this audience or resource means the API. */
export function isNamed(
  { audience, resources = [] }: { readonly audience: string; readonly resources?: readonly string[] },
  name: string,
): boolean {
  const asked = canonicalResource(name)
  return [audience, ...resources].some((each) => canonicalResource(each) === asked)
}
