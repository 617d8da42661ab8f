/** Which endpoint: exact segments and `{parameters}`. No spelling but the one written matches. */
export interface Router<E> {
  match(method: string, path: string): RouteMatch<E>
}

export type RouteMatch<E> =
  | { readonly kind: 'found'; readonly endpoint: E; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'method_not_allowed'; readonly allow: readonly string[] }

export interface MountedRoute<E> {
  /** `ANY` for every method. */
  readonly method: string
  /** `{name}` is one segment; a last `*` is the rest. */
  readonly path: string
  readonly endpoint: E
}

export function createRouter<E>(routes: readonly MountedRoute<E>[]): Router<E> {
  const literal = new Map<string, Map<string, E>>()
  const patterned: { readonly segments: readonly string[]; readonly methods: Map<string, E> }[] = []
  for (const { method, path, endpoint } of routes) methodsOf(path).set(method, endpoint)

  function methodsOf(path: string): Map<string, E> {
    const isLiteral = !path.includes('{') && !path.endsWith('*')
    const known = isLiteral ? literal.get(path) : patterned.find(({ segments }) => segments.join('/') === path)?.methods
    if (known !== undefined) return known
    const methods = new Map<string, E>()
    if (isLiteral) literal.set(path, methods)
    else patterned.push({ segments: path.split('/'), methods })
    return methods
  }

  function choose(methods: Map<string, E>, method: string, params: Readonly<Record<string, string>>): RouteMatch<E> {
    const endpoint = methods.get(method) ?? methods.get('ANY') ?? (method === 'HEAD' ? methods.get('GET') : undefined)
    if (endpoint !== undefined) return { kind: 'found', endpoint, params }
    return { kind: 'method_not_allowed', allow: [...methods.keys()] }
  }

  return {
    match(method, path) {
      const methods = literal.get(path)
      if (methods !== undefined) return choose(methods, method, {})
      const parts = path.split('/')
      for (const pattern of patterned) {
        const params = matchSegments(pattern.segments, parts)
        if (params !== undefined) return choose(pattern.methods, method, params)
      }
      return { kind: 'not_found' }
    },
  }
}

function matchSegments(segments: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  const hasRest = segments.at(-1) === '*'
  if (hasRest ? parts.length < segments.length : parts.length !== segments.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, segment] of segments.entries()) {
    if (segment === '*') return params
    const part = parts[index] as string
    if (!segment.startsWith('{')) {
      if (segment !== part) return undefined
      continue
    }
    const value = decodeSegment(part)
    if (value === undefined || value === '') return undefined
    params[segment.slice(1, -1)] = value
  }
  return params
}

/** Only as `encodeURIComponent` writes it: one thing has one path, for limits, logs and idempotency alike. */
function decodeSegment(part: string): string | undefined {
  try {
    const value = decodeURIComponent(part)
    return encodeURIComponent(value) === part ? value : undefined
  } catch {
    return undefined
  }
}
