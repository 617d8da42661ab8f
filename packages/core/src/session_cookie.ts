/**
 * The names of the cookies of our own pages. All ports of a host share cookies, so a browser sends them to an API beside the
 * server as well: whatever stands before an API takes them away.
 */
const ours = /^(?:__Host-)?csb?-[0-9a-f]{8}$/

/** Whether a cookie of this name is a session, or the mark of a browser, of a server of ours. */
export function isSessionCookieName(name: string): boolean {
  return ours.test(name)
}

/** A `Cookie` field (RFC 6265 §4.2.1) without those; `undefined` where nothing is left. The same text where it had none. */
export function withoutSessionCookies(field: string): string | undefined {
  const pairs = field.split(';')
  const kept = pairs.filter((pair) => !isSessionCookieName((pair.split('=')[0] ?? '').trim()))
  if (kept.length === pairs.length) return field
  const left = kept.join(';').trim()
  return left === '' ? undefined : left
}
