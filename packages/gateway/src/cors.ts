/** Answers for scripts of other origins (Fetch, CORS protocol), by a gateway with `--cors-origin`. */
import { type RawHeaders, valuesOf } from './headers/raw.ts'
import { gatewayLimits } from './limits.ts'

/** Header fields by name. */
type Fields = Readonly<Record<string, string>>

export interface Cors {
  /** The fields of every answer to this request. */
  fieldsFor(rawHeaders: RawHeaders): Fields
  /** The fields of the answer to a preflight of a path that has these methods. */
  preflightFields(rawHeaders: RawHeaders, allow: readonly string[]): Fields
}

/** The fields that a script may read besides those that the protocol lets it read always. */
const exposed = 'RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id'

/** Throws a `TypeError` for what is no origin; `*` is none, since it would let every page read what it may not. */
export function createCors(origins: readonly string[]): Cors {
  for (const origin of origins) {
    const url = URL.parse(origin)
    const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:'
    if (!isHttp || url.origin !== origin)
      throw new TypeError(`not an origin such as https://app.example.com: ${origin}`)
  }
  const allowed = new Set(origins)
  const originOf = (rawHeaders: RawHeaders): string | undefined => {
    const [origin, ...others] = valuesOf(rawHeaders, 'origin')
    return origin !== undefined && others.length === 0 && allowed.has(origin) ? origin : undefined
  }
  return {
    fieldsFor(rawHeaders) {
      const origin = originOf(rawHeaders)
      // A cache must not give the answer for one origin to another, nor that for none to one.
      if (origin === undefined) return { Vary: 'Origin' }
      return { Vary: 'Origin', 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': exposed }
    },
    preflightFields(rawHeaders, allow) {
      const Vary = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'
      const origin = originOf(rawHeaders)
      if (origin === undefined) return { Vary }
      const names = valuesOf(rawHeaders, 'access-control-request-headers').join(', ')
      const isNames = /^[!#$%&'*+\-.^_`|~\w, ]{1,4096}$/.test(names)
      return {
        Vary,
        'Access-Control-Allow-Origin': origin,
        'Access-Control-Allow-Methods': allow.join(', '),
        ...(isNames ? { 'Access-Control-Allow-Headers': names } : {}),
        'Access-Control-Max-Age': String(gatewayLimits.preflightSeconds),
      }
    },
  }
}
