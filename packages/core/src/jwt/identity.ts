import { digest } from '#crypto'
import type { MaybePromise } from '../seconds.ts'

/**
 * What names a foreign JWT that has no `jti` (feed.md §2): base64url of the SHA-256 of its first two parts. Never of
 * the whole, since whoever holds an ECDSA-signed token can give it a second valid signature. To be asked only about
 * text that `parseJwt` took, whose first two parts have one spelling.
 */
export function jwtIdentity(text: string): MaybePromise<string> {
  const second = text.indexOf('.', text.indexOf('.') + 1)
  return digest(second === -1 ? text : text.slice(0, second))
}
