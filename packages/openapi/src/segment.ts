/**
 * One segment of a path, percent-decoded. The rules of this file are the same for requests and for templates, so a
 * template that no request could reach is known when it is compiled.
 */

export type LiteralSegment = { readonly kind: 'literal'; readonly text: string }
/** `{id}.json` is `literals: ['', '.json'], names: ['id']`: one literal before, between and after the names. */
export type TemplateSegment = {
  readonly kind: 'template'
  readonly literals: readonly string[]
  readonly names: readonly string[]
}
export type Segment = LiteralSegment | TemplateSegment

/**
 * The reason why a decoded segment would mean another path to some server; `undefined` when there is none. Each line is
 * a policy that was bypassed in a known product (flaw 94); Spring's strict firewall refuses the same segments.
 */
export function segmentFlaw(text: string): string | undefined {
  if (/[/\\]/.test(text)) return 'an encoded slash or a backslash is a separator to some servers'
  if (text.includes(';')) return 'a path parameter (;) is cut off by some servers'
  if (/\p{Cc}/u.test(text)) return 'control characters'
  if (hasLookAlike(text)) return 'a character that some servers fold to a dot, a slash or another sign of a path'
  if (/^[. ]+$/.test(text)) return 'a segment of dots or spaces leads elsewhere or nowhere'
  if (/%(?:2[5ef]|5c|3b|7f|[01][0-9a-f])/i.test(text)) return 'decoded once more this would be another path'
  return undefined
}

/** A full-width dot, a one-dot leader, a full-width slash and the like: NFKC makes each the sign that it resembles. */
function hasLookAlike(text: string): boolean {
  if (!/[^\0-\x7f]/.test(text)) return false
  for (const character of text) {
    if (character > '\x7f' && /[./\\;%?#]/.test(character.normalize('NFKC'))) return true
  }
  return false
}

/**
 * The values of the names; `undefined` without a match. A name takes at least one character and, but for the last, as
 * few as it can.
 */
export function matchSegment(segment: TemplateSegment, text: string): readonly string[] | undefined {
  const { literals } = segment
  const last = literals.length - 1
  const prefix = literals[0] ?? ''
  const suffix = literals[last] ?? ''
  const end = text.length - suffix.length
  if (!text.startsWith(prefix) || !text.endsWith(suffix)) return undefined
  if (last === 1) return end > prefix.length ? [text.slice(prefix.length, end)] : undefined

  const values: string[] = []
  let start = prefix.length
  // The earliest place for each literal finds a match whenever there is one, without backtracking.
  for (const literal of literals.slice(1, last)) {
    const found = text.indexOf(literal, start + 1)
    if (found === -1) return undefined
    values.push(text.slice(start, found))
    start = found + literal.length
  }
  return end > start ? [...values, text.slice(start, end)] : undefined
}

/** Whether some text matches both. Names take any text, so only the literals at the two ends can differ. */
export function segmentsOverlap(left: Segment, right: Segment): boolean {
  if (left.kind === 'literal') {
    return right.kind === 'literal' ? left.text === right.text : matchSegment(right, left.text) !== undefined
  }
  if (right.kind === 'literal') return matchSegment(left, right.text) !== undefined
  const [prefix = '', otherPrefix = ''] = [left.literals[0], right.literals[0]]
  const [suffix = '', otherSuffix = ''] = [left.literals.at(-1), right.literals.at(-1)]
  const isSameStart = prefix.startsWith(otherPrefix) || otherPrefix.startsWith(prefix)
  return isSameStart && (suffix.endsWith(otherSuffix) || otherSuffix.endsWith(suffix))
}

/** Equal for segments that match the same texts: the names of parameters do not matter. */
export function segmentKey(segment: Segment): string {
  return segment.kind === 'literal' ? segment.text : segment.literals.join('\0')
}

/**
 * Among templates the one with more literal text is tried first, then the one with more names. So a template that
 * matches fewer texts comes before one that matches more, and none is always hidden behind another.
 */
export function compareSpecificity(left: TemplateSegment, right: TemplateSegment): number {
  const literalLength = (segment: TemplateSegment) => segment.literals.join('').length
  return literalLength(right) - literalLength(left) || right.names.length - left.names.length
}

/** Negative when `left` is tried before `right` for a path that both match, zero when the document's order decides. */
export function comparePrecedence(left: readonly Segment[], right: readonly Segment[]): number {
  for (const [i, segment] of left.entries()) {
    const other = right[i]
    if (other === undefined) break
    if (segment.kind !== other.kind) return segment.kind === 'literal' ? -1 : 1
    if (segment.kind === 'literal' || other.kind === 'literal') continue
    const order = compareSpecificity(segment, other)
    if (order !== 0) return order
  }
  return 0
}

/** Folds spellings that many servers take for one: Express and ASP.NET ignore case, Windows drops dots and spaces. */
export function foldSegment(text: string): string {
  const folded = text.normalize('NFKC').toLowerCase()
  let end = folded.length
  while (end > 0 && (folded[end - 1] === '.' || folded[end - 1] === ' ')) end--
  return folded.slice(0, end)
}
