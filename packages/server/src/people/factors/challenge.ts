/**
 * The challenge of a passkey (WebAuthn §13.4.3). Showing a page writes nothing: the page's form token vouches that the
 * challenge is ours, for this browser and this form, and it is marked as used where it is used.
 */
import { decodeBase64url, encodeBase64url, randomBase62, type Seconds } from '@countersign/core'
import type { WriteTransaction } from '@countersign/store'
import { serverLimits } from '../../limits.ts'

export interface Challenge {
  /** As the browser is given it, base64url. */
  readonly text: string
  readonly madeAt: Seconds
  /** The feed sequence at which the page was made: what ends the account by a higher one ends this too. */
  readonly position: number
}

export function newChallenge(
  { now, position }: { readonly now: Seconds; readonly position: number },
  randomBytes: (count: number) => Uint8Array,
): string {
  const content = [randomBase62(22, randomBytes), Math.floor(now), position].join('.')
  return encodeBase64url(new TextEncoder().encode(content))
}

/** `undefined` when it is none of ours, or too old. */
export function readChallenge(text: string, now: Seconds): Challenge | undefined {
  const bytes = text.length > 200 ? undefined : decodeBase64url(text)
  const match = bytes && /^[0-9A-Za-z]{22}\.(\d{1,12})\.(\d{1,16})$/.exec(new TextDecoder().decode(bytes))
  if (match === undefined || match === null) return undefined
  const [madeAt, position] = [Number(match[1]), Number(match[2])]
  return now - madeAt < serverLimits.passkeySeconds ? { text, madeAt, position } : undefined
}

/** True for the first answer alone. */
export function takeChallenge(
  { singleUse }: WriteTransaction,
  tenant: string,
  { text, madeAt }: Challenge,
): Promise<boolean> {
  return singleUse.take('passkey_challenge', tenant, text, madeAt + serverLimits.passkeySeconds)
}
