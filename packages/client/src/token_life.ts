import type { Seconds } from '@countersign/core'
import type { TokenAnswer } from './request_token.ts'

/** An access token is renewed at this part of its life. */
const renewAtPart = 0.8
/** A token counts as ended so many seconds early, since requests take time and clocks differ. */
const marginSeconds = 5

export interface TokenLife {
  /** When a new access token is asked for, in seconds since the epoch. */
  readonly renewAt: Seconds
  /** When the access token has ended, in seconds since the epoch. */
  readonly expiresAt: Seconds
}

/** `sooner` is a part of the life, by which the token is renewed before the usual time. */
export function tokenLife({ expiresIn }: TokenAnswer, askedAt: Seconds, sooner = 0): TokenLife {
  return {
    renewAt: askedAt + expiresIn * (renewAtPart - sooner),
    expiresAt: askedAt + expiresIn - Math.min(marginSeconds, expiresIn / 10),
  }
}
