/** The scopes that are derived where a document names none. */
import { hash } from 'node:crypto'
import { limits } from './limits.ts'

/**
 * Derives a scope: `<tag>:read` for GET and HEAD, `<tag>:write` for other methods. The tag is the first one or, without
 * tags, the first segment of the path, after NFKC, in lower case, with `_` for every character but a-z and 0-9. Where it
 * holds a character that is not ASCII, `_` and a digest of it follow: else 用户 and 订单 would open each other's operations.
 */
export function derivedScope(method: string, path: string, tags: readonly string[]): string {
  const noun = derivationNoun(path, tags)
  const normal = noun.normalize('NFKC')
  const mark = /[^\0-\x7f]/.test(noun) ? `_${hash('sha256', normal, 'hex').slice(0, 8)}` : ''
  const slug = normal
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/gu, '_')
    .slice(0, limits.scopeLengthMax - ':write'.length - mark.length)
  return `${slug}${mark}:${method === 'GET' || method === 'HEAD' ? 'read' : 'write'}`
}

/** The noun of a derived scope. The path `/` has no first segment and is called `root`. */
export function derivationNoun(path: string, tags: readonly string[]): string {
  return tags[0] || path.split('/')[1] || 'root'
}
