/** The one matcher of redirect URIs: RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §2.1. */
import type { Client } from '@countersign/store'

/** Printable ASCII that no parser of URIs reads in two ways (RFC 3986 §2): no space, quote, backslash, brace or pipe. */
const characters = /^[a-z][a-z0-9+.-]*:[A-Za-z0-9\-._~:/?@!$&'()+,;=%[\]]*$/

/** Schemes that a browser runs, reads or hands on by itself. */
const refusedSchemes: ReadonlySet<string> = new Set([
  ...['javascript', 'data', 'vbscript', 'file', 'blob', 'about', 'filesystem', 'view-source'],
  ...['ws', 'wss', 'ftp', 'mailto', 'tel', 'sms', 'intent', 'http', 'https'],
])

/** The three loopback names are three hosts. */
const loopback = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::([1-9]\d{0,4}))?(\/[^#]*)?$/

const https =
  /^https:\/\/((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?|\[[0-9a-f:.]+\])(?::([1-9]\d{0,4}))?(?:[/?][^#]*)?$/

/** Why a client of this type may not register it; `undefined` where it may. */
export function redirectUriFlaw(uri: string, type: Client['type']): string | undefined {
  if (uri.length > 512) return 'is longer than 512 characters'
  if (!characters.test(uri) || /%(?![0-9A-Fa-f]{2})/.test(uri))
    return 'must be an absolute URI (RFC 3986) with a scheme in lower case, without fragment or wildcard'
  if (!URL.canParse(uri)) return 'must be an absolute URI (RFC 3986)'
  const scheme = uri.slice(0, uri.indexOf(':'))
  const { username, password, port } = new URL(uri)
  if (username !== '' || password !== '' || /^[a-z][a-z0-9+.-]*:\/\/[^/?]*@/.test(uri)) return 'must not name a user'
  if (Number(port) > 65_535) return 'names a port that there is not'
  // A parser that resolves dots would come to another path.
  if (/(?:^|\/)(?:\.|%2e){1,2}(?:[/?]|$)/i.test(uri.slice(scheme.length + 1)))
    return 'must not have . or .. in its path'
  if (scheme === 'https') return https.test(uri) ? undefined : 'must name a host in lower case'
  if (scheme === 'http')
    return loopback.test(uri) ? undefined : 'may be http only for 127.0.0.1, [::1] and localhost: use https'
  if (refusedSchemes.has(scheme)) return `has the scheme ${scheme}, which no application can own`
  return type === 'native' ? undefined : 'has a scheme of its own, which only a native client may have'
}

/**
 * The URI to which the answer goes, where the client has registered it. Equal byte for byte; a native client's http loopback
 * URI may differ in its port alone, which it knows when it runs (RFC 8252 §7.3).
 */
export function matchRedirectUri(client: Pick<Client, 'type' | 'signIn'>, asked: string): string | undefined {
  const registered = client.signIn?.redirectUris ?? []
  if (registered.includes(asked)) return asked
  if (client.type !== 'native') return undefined
  const place = withoutPort(asked)
  return place !== undefined && registered.some((uri) => withoutPort(uri) === place) ? asked : undefined
}

function withoutPort(uri: string): string | undefined {
  const match = characters.test(uri) ? loopback.exec(uri) : null
  if (match === null || Number(match[2] ?? 0) > 65_535) return undefined
  return `http://${match[1]}${match[3] ?? ''}`
}

/** Whether a consent for it may be remembered: nobody but the client's own site can take what is sent there. */
export function isOwnSite(uri: string): boolean {
  return uri.startsWith('https:')
}
