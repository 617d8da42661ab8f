import type { JsonObject } from '../json.ts'
import { isIdentifier } from '../jwk/jwk.ts'
import { clientIdPrefix } from '../self_issued_jwt.ts'
import { numericDateMax } from './limits.ts'

/** The claims that we read, with the types that parsing has checked (RFC 7519 §4.1, RFC 9068 §2.2). */
export interface JwtClaims extends JsonObject {
  readonly iss?: string
  readonly sub?: string
  readonly aud?: string | readonly string[]
  readonly client_id?: string
  readonly jti?: string
  readonly scope?: string | object
  readonly exp?: number
  readonly iat?: number
  readonly nbf?: number
}

/**
 * The first rule that the types of these claims break; `undefined` when none is broken. A claim may be absent, but a
 * present one must have its type: libraries that read a claim of another type as absent let it pass (CVE-2026-25537,
 * CVE-2025-30144).
 */
export function claimsProblem(claims: JsonObject): string | undefined {
  const { iss, sub, client_id: clientId, jti, exp, iat, nbf, aud, scope } = claims
  // Name by name: the shapes of claims are many, and a member whose name is a variable is then the slowest to read.
  const problem =
    identifierProblem('iss', iss) ??
    identifierProblem('sub', sub) ??
    identifierProblem('client_id', clientId) ??
    identifierProblem('jti', jti) ??
    timeProblem('exp', exp) ??
    timeProblem('iat', iat) ??
    timeProblem('nbf', nbf)
  if (problem !== undefined) return problem
  if (scope !== undefined && typeof scope !== 'string' && !isOtherForm(scope, iss)) return '"scope" must be a string'
  if (aud !== undefined && typeof aud !== 'string' && !isListOfStrings(aud)) {
    return '"aud" must be a string or an array of strings'
  }
  return undefined
}

/** A client that signs its own JWTs may write a scope as an array or an object too; `readSelfIssuedClaims` reads it. */
function isOtherForm(scope: unknown, iss: unknown): boolean {
  return typeof scope === 'object' && scope !== null && typeof iss === 'string' && iss.startsWith(clientIdPrefix)
}

function identifierProblem(name: string, value: unknown): string | undefined {
  return value === undefined || isIdentifier(value) ? undefined : `"${name}" must be a well-formed string`
}

function timeProblem(name: string, value: unknown): string | undefined {
  if (value === undefined || isNumericDate(value)) return undefined
  return `"${name}" must be a number of seconds, up to the year 9999`
}

/** RFC 7519 §2 allows fractions, and libraries that read their clock as a fraction write them. */
function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= numericDateMax
}

function isListOfStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((member) => typeof member === 'string')
}
