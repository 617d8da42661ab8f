import type { Target } from '../target.ts'

/** What an authorization server under test tells. */
export interface IssuingTargets {
  readonly token: Target
  /** Of an opaque token, so that each has to look it up. */
  readonly introspect: Target
  readonly issuer: string
  readonly jwksUrl: string
}
