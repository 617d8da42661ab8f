const mediaTypePrefix = 'application/'

/**
 * One spelling for each `typ` (RFC 7515 §4.1.9): media types are compared without case, and `application/` may be left
 * out where no other `/` follows. Only ASCII is folded, so that no other letter becomes one of ours.
 */
export function foldTyp(typ: string): string {
  const folded = typ.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  if (!folded.startsWith(mediaTypePrefix)) return folded
  const name = folded.slice(mediaTypePrefix.length)
  return name === '' || name.includes('/') ? folded : name
}

/** Whether `typ` is one of those expected, where `undefined` in the list means that it may be absent. */
export function isExpectedTyp(typ: string | undefined, expected: readonly (string | undefined)[]): boolean {
  // The common spelling first; most tokens never need folding.
  if (expected.includes(typ)) return true
  if (typ === undefined) return false
  const folded = foldTyp(typ)
  return expected.some((name) => name !== undefined && foldTyp(name) === folded)
}
