/** The results of step two, and the refusals that its parts share. */
import type { Rejection } from '@countersign/core'
import type { Known } from './known.ts'

/** The result of step two: the credential that a text proved to be, or the reason why it is none. */
export type Establishment =
  /** `isFrequent: false`: known without a look-up, and used so seldom that keeping it ready would push others out. */
  | { readonly known: Known; readonly isFrequent?: boolean }
  /** `unknownAt`, `decoy`: as `Unknown` has them, where a directory knew no such credential. */
  | { readonly rejection: Rejection; readonly unknownAt?: number; readonly decoy?: Known }
  | 'unavailable'

export function malformed(detail: string): { readonly rejection: Rejection } {
  return { rejection: { code: 'malformed', detail } }
}

export function badSignature(detail: string): Establishment {
  return { rejection: { code: 'bad_signature', detail } }
}

export const noSuchAudience: Establishment = {
  rejection: { code: 'wrong_audience', detail: 'its audience is not an API of this issuer' },
}
