/** The rule that a key or a set of keys breaks. Codes are stable; messages may be reworded. */
export type JwkErrorCode =
  | 'not_a_jwk'
  | 'invalid_member'
  | 'unsupported_key_type'
  | 'unsupported_algorithm'
  | 'algorithm_missing'
  | 'algorithm_mismatch'
  | 'wrong_use'
  | 'private_member'
  | 'private_member_missing'
  | 'kid_missing'
  | 'symmetric_not_allowed'
  | 'weak_key'
  | 'invalid_point'
  | 'not_a_jwk_set'
  | 'too_many_keys'
  | 'mixed_key_set'
  | 'duplicate_kid'

/** A key was refused. The message states the rule and never a value, since the value may be a private key. */
export class JwkError extends Error {
  override readonly name = 'JwkError'
  /** The rule that was broken. */
  readonly code: JwkErrorCode

  constructor(code: JwkErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
