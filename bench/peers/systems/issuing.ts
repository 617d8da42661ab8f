import type { Target } from '../target.ts'

/** The targets of an authorization server under test. */
export interface IssuingTargets {
  readonly token: Target
  /** Introspection of an opaque token, so that each has to look it up. */
  readonly introspect: Target
  readonly issuer: string
  readonly jwksUrl: string
}
