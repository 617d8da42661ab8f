/** RFC 7636, with S256 alone: `plain` proves nothing to whoever reads the request. */
import { createHash } from 'node:crypto'
import { timingSafeEqual } from '@countersign/core'

/** The base64url of a SHA-256: 43 characters. */
export function isChallenge(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text)
}

/** RFC 7636 §4.6. A verifier has 43 to 128 unreserved characters. */
export function holdsChallenge(verifier: string, challenge: string): boolean {
  if (!/^[A-Za-z0-9\-._~]{43,128}$/.test(verifier)) return false
  return timingSafeEqual(createHash('sha256').update(verifier).digest('base64url'), challenge)
}
