/** Reads the path of a request, or refuses it where this gateway and a server behind it might read two paths. */
import { segmentFlaw } from './segment.ts'

export type RequestPath =
  | { readonly kind: 'path'; readonly segments: readonly string[] }
  | { readonly kind: 'ambiguous'; readonly detail: string }

/**
 * Reads a request target in origin-form (RFC 9112 §3.2.1) into its decoded segments; the query is cut off and never
 * judged. `/` is one empty segment, and a slash at the end adds one. Takes time linear in the length of the target.
 *
 * `|`, `[`, `]` and `^` pass although RFC 3986 has them encoded: URL parsers send them as they are, and read them in one
 * way. Ambiguous, and to be answered with 400: other characters that it does not allow in a path; `#`; absolute-form; an
 * empty segment inside (`//`); a segment of dots (`.`, `..`, `...`) in any encoding; an encoded slash, and a backslash
 * in any encoding; `;` in any encoding; control characters; bytes that are not UTF-8; and text that a second decoding
 * would turn into one of these.
 */
export function readRequestPath(rawTarget: string): RequestPath {
  // URL parsers strip or encode characters outside visible ASCII, each in its own way; none belongs in a target.
  if (/[^\x21-\x7e]|#/.test(rawTarget)) return ambiguous('a character that no request target has, or a fragment')
  const question = rawTarget.indexOf('?')
  const path = question === -1 ? rawTarget : rawTarget.slice(0, question)
  if (!path.startsWith('/')) return ambiguous('the target does not begin with a slash')
  if (!/^[\w\-.~!$&'()*+,=:@/%|[\]^]*$/.test(path)) return ambiguous(rawFlaw(path))
  return readSegments(path.slice(1).split('/'))
}

function readSegments(segments: string[]): RequestPath {
  const last = segments.length - 1
  for (let i = 0; i <= last; i++) {
    const raw = segments[i] ?? ''
    const text = decode(raw)
    if (text === undefined) return ambiguous('invalid percent-encoding, or bytes that are not UTF-8')
    if (text === '' && i < last) return ambiguous('an empty segment (//)')
    // Among raw characters only dots can still mislead: the others were refused with the whole path.
    const flaw = text !== raw || raw.startsWith('.') ? segmentFlaw(text) : undefined
    if (flaw !== undefined) return ambiguous(flaw)
    segments[i] = text
  }
  return { kind: 'path', segments }
}

function decode(segment: string): string | undefined {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

function rawFlaw(path: string): string {
  return segmentFlaw(path.replaceAll('/', '')) ?? 'a character that RFC 3986 does not allow in a path'
}

function ambiguous(detail: string): RequestPath {
  return { kind: 'ambiguous', detail }
}
