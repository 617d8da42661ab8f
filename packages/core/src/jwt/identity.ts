import { digest } from '#crypto'
import type { MaybePromise } from '../seconds.ts'

/**
 * The name of a foreign JWT that has no `jti` (docs/protocol/feed.md §2): base64url of the SHA-256 of its first two
 * parts. Never of the whole, since the holder of an ECDSA-signed token can give it a second valid signature. Ask only
 * about text that `parseJwt` took, whose first two parts have one spelling.
 */
export function jwtIdentity(text: string): MaybePromise<string> {
  const second = text.indexOf('.', text.indexOf('.') + 1)
  return digest(second === -1 ? text : text.slice(0, second))
}
