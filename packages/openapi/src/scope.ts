/** Scope names in a description: which ones can exist, and the ones derived where a document names none. */
import { limits } from './limits.ts'

/** RFC 6749 §3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`, and not longer than this package reads. */
export function isScopeToken(text: string): boolean {
  return text.length <= limits.scopeLengthMax && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)
}

/**
 * `<tag>:read` for GET and HEAD, `<tag>:write` for everything else. The tag is the first one, or without one the first
 * segment of the path, in lower case, every character but a-z and 0-9 as `_`.
 */
export function derivedScope(method: string, path: string, tags: readonly string[]): string {
  const noun = derivationNoun(path, tags)
  const slug = noun
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/gu, '_')
    .slice(0, limits.scopeLengthMax - 6)
  return `${slug}:${method === 'GET' || method === 'HEAD' ? 'read' : 'write'}`
}

/** What a derived scope is named after. The path `/` has no first segment and is called `root`. */
export function derivationNoun(path: string, tags: readonly string[]): string {
  return tags[0] || path.split('/')[1] || 'root'
}
