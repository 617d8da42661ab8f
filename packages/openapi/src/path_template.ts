/** Path templates of OpenAPI (§ "Path Templating"), as segments that compare with those of a request. */
import { type Segment, segmentFlaw, segmentKey } from './segment.ts'

export type PathTemplate = {
  readonly segments: readonly Segment[]
  /** The index of the segment with the last parameter; -1 without parameters. */
  readonly lastParameterAt: number
  /** The reason why no request can reach it, since all that would are refused as ambiguous. Absent when one can. */
  readonly unreachable: string | undefined
}

/** Parses a template. `basePath` is `''` or plain text that begins with `/`; `path` begins with `/`. */
export function parsePathTemplate(basePath: string, path: string): PathTemplate {
  const base = basePath.split('/').slice(1)
  const own = splitTemplate(path)
  const segments: Segment[] = [...base.map(literal), ...own.map(parseSegment)]
  const flaws = segments.map((segment, i) => flawOf(segment, i === segments.length - 1))
  const lastParameterAt = segments.findLastIndex(({ kind }) => kind === 'template')
  return { segments, lastParameterAt, unreachable: flaws.find((flaw) => flaw !== undefined) }
}

/** The last parameter of a template as it is written, `rest+` for `{rest+}`. */
export function lastParameter(path: string): string | undefined {
  return path
    .match(/\{[^{}]*\}/g)
    ?.at(-1)
    ?.slice(1, -1)
}

/** Equal for templates that match the same paths. Reachable segments contain neither a slash nor NUL. */
export function routeKey({ segments }: PathTemplate): string {
  return segments.map(segmentKey).join('/')
}

/** Splits at the slashes outside braces, the first of which begins the path. */
function splitTemplate(path: string): readonly string[] {
  const segments = ['']
  for (const part of path.slice(1).split(/(\{[^{}]*\}|\/)/)) {
    if (part === '/') segments.push('')
    else segments[segments.length - 1] += part
  }
  return segments
}

function parseSegment(text: string): Segment {
  const parts = text.split(/\{([^{}]*)\}/)
  const literals = parts.filter((_, i) => i % 2 === 0).map(decodeLiteral)
  const names = parts.filter((_, i) => i % 2 === 1).map((name) => name.replace(/\+$/, ''))
  return names.length === 0 ? { kind: 'literal', text: literals.join('') } : { kind: 'template', literals, names }
}

function literal(text: string): Segment {
  return { kind: 'literal', text: decodeLiteral(text) }
}

/**
 * Decodes a key, which may be encoded or plain (`/caf%C3%A9`, `/café`). A `%` that encodes nothing stands for itself.
 */
function decodeLiteral(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function flawOf(segment: Segment, isLast: boolean): string | undefined {
  if (!segmentKey(segment).isWellFormed()) return 'text that no UTF-8 can spell'
  if (segment.kind === 'template') return segmentFlaw(segment.literals.join('x'))
  if (segment.text === '') return isLast ? undefined : 'an empty segment'
  return segmentFlaw(segment.text)
}

/** The path at which an operation lives, as a template: `/v1/orders/{id}`. */
export function routeOf({ basePath, path }: { readonly basePath: string; readonly path: string }): string {
  return `${basePath}${path}`
}
