/** The scopes that are derived where a document names none. */
import { limits } from './limits.ts'

/**
 * Derives a scope: `<tag>:read` for GET and HEAD, `<tag>:write` for other methods. The tag is the first one or, without
 * tags, the first segment of the path, in lower case, with `_` for every character but a-z and 0-9.
 */
export function derivedScope(method: string, path: string, tags: readonly string[]): string {
  const noun = derivationNoun(path, tags)
  const slug = noun
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/gu, '_')
    .slice(0, limits.scopeLengthMax - 6)
  return `${slug}:${method === 'GET' || method === 'HEAD' ? 'read' : 'write'}`
}

/** The noun of a derived scope. The path `/` has no first segment and is called `root`. */
export function derivationNoun(path: string, tags: readonly string[]): string {
  return tags[0] || path.split('/')[1] || 'root'
}
