/** The fields of an answer that lead to a place of the same API (RFC 9110 §10.2.2, §8.7). */
const leading: ReadonlySet<string> = new Set(['location', 'content-location'])

export function isLocation(foldedName: string): boolean {
  return leading.has(foldedName)
}

/**
 * A place at the upstream's own origin, as the caller finds it: relative, without the path that the upstream's URL has
 * and the gateway's has not. Others pass unchanged, and so does a place outside that path, which nobody reaches here.
 */
export function callersLocation(value: string, upstream: URL): string {
  const base = upstream.pathname.replace(/\/$/, '')
  const isRelative = !/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(value)
  if (isRelative && (base === '' || !value.startsWith('/'))) return value
  const url = URL.parse(value, upstream)
  if (url === null || url.origin !== upstream.origin || url.username + url.password !== '') return value
  const path = withoutBase(url.pathname, base)
  if (path === undefined) return value
  // `//other.test` would lead to another host.
  return `${path.startsWith('//') ? '/.' : ''}${path}${url.search}${url.hash}`
}

function withoutBase(path: string, base: string): string | undefined {
  if (path === base) return '/'
  return path.startsWith(`${base}/`) ? path.slice(base.length) : undefined
}
