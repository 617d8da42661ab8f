/**
 * Templates whose last parameter may hold slashes: docs/protocol/gateway.md §1. They are asked only about a path that
 * no other template has, with any method, so a described route always wins over them.
 */
import { comparePrecedence, foldSegment, matchSegment, type Segment } from './segment.ts'

/** A template, and the index of the segment that may stand for several. `leaves` has an entry for each method. */
export type Span<Leaf> = {
  readonly segments: readonly Segment[]
  readonly spansAt: number
  readonly leaves: Map<string, Leaf>
}

/** Negative when `left` is asked first: the more literal one, then the longer one. */
export function compareSpans(left: Span<unknown>, right: Span<unknown>): number {
  return comparePrecedence(left.segments, right.segments) || right.segments.length - left.segments.length
}

/**
 * The values of the names, the last of which holds slashes; `undefined` without a match. `isLax` compares literals as a
 * lax server does, see `foldSegment`.
 */
export function matchSpan(
  { segments, spansAt }: Span<unknown>,
  path: readonly string[],
  isLax: boolean,
): readonly string[] | undefined {
  const after = segments.length - spansAt - 1
  const end = path.length - after
  // A path of the template's own length was judged with the routes that hold no slashes.
  if (path.length <= segments.length) return undefined
  const values: string[] = []
  for (const [i, segment] of segments.entries()) {
    if (i === spansAt) continue
    const found = matchOne(segment, path[i < spansAt ? i : path.length - segments.length + i] ?? '', isLax)
    if (found === undefined) return undefined
    values.push(...found)
  }
  const segment = segments[spansAt]
  const spanned = path.slice(spansAt, end)
  // `/files/a/` has an empty segment, which is no value of any parameter.
  if (segment?.kind !== 'template' || spanned.includes('')) return undefined
  const own = matchSegment(segment, spanned.join('/'))
  if (own?.slice(0, -1).some((value) => value.includes('/'))) return undefined
  return own && [...values, ...own]
}

function matchOne(segment: Segment, text: string, isLax: boolean): readonly string[] | undefined {
  if (segment.kind === 'template') return text === '' ? undefined : matchSegment(segment, text)
  const isSame = isLax ? foldSegment(segment.text) === foldSegment(text) : segment.text === text
  return isSame ? [] : undefined
}
