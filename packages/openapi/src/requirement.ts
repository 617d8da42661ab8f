/** The requirement of an operation: docs/protocol/gateway.md §2. Scheme names do not matter, scopes do. */
import { isScopeToken } from '@countersign/core'
import { elements, isJsonObject, pointerTo } from './json_object.ts'
import { limits } from './limits.ts'
import { OpenApiError } from './openapi_error.ts'
import type { Problem } from './problem.ts'

/**
 * `public`: no credential is needed, and `requires` is empty. Otherwise `requires` is an OR of ANDs of scope tokens:
 * `[[]]` is any active credential, and `[]` is nobody, which is how a requirement that makes no sense is read.
 */
export type Requirement = { readonly requires: readonly (readonly string[])[]; readonly public: boolean }

/** `namesScope`: a scope is named, valid or not, which ends the derivation of scopes for the whole document. */
export type ReadRequirement = Requirement & { readonly namesScope: boolean }

/** The requirement without any `security`: any active credential, since silence does not mean "public". */
export const unstated: ReadRequirement = { requires: [[]], public: false, namesScope: false }

const nobody: Requirement = { requires: [], public: false }
const everybody: Requirement = { requires: [], public: true }

/**
 * Whether a caller with these scopes may use the operation. Without a credential only public operations are open; a
 * caller of this function has none exactly when `scopes` is undefined.
 */
export function permits(requirement: Requirement, scopes: ReadonlySet<string> | undefined): boolean {
  if (requirement.public) return true
  return scopes !== undefined && requirement.requires.some((all) => all.every((scope) => scopes.has(scope)))
}

/** Reads the value of a `security` member. A value that cannot be understood is a requirement that nobody meets. */
export function readRequirement(security: unknown, pointer: string, problems: Problem[]): ReadRequirement {
  if (!Array.isArray(security)) {
    problems.push({
      code: 'invalid_security',
      pointer,
      message: 'security must be a list. It is not, so every request is refused.',
    })
    return { ...nobody, namesScope: false }
  }
  if (security.length > limits.alternativesMax) throw tooComplex(pointer)
  const alternatives = security.map((item, i) => readAlternative(item, pointerTo(pointer, i), problems))
  const namesScope = alternatives.some((alternative) => alternative.namesScope)
  const isPublic = security.length === 0 || alternatives.some((alternative) => alternative.isPublic)
  if (isPublic) return { ...everybody, namesScope }

  const kept = namesScope ? alternatives.filter((alternative) => alternative.namesScope) : alternatives
  if (kept.length < alternatives.length) {
    const message = 'An alternative that names no scope is not counted beside one that does: name its scopes.'
    problems.push({ code: 'alternative_dropped', pointer, message })
  }
  return { requires: withoutRepeats(kept.flatMap(({ scopes }) => (scopes ? [scopes] : []))), public: false, namesScope }
}

/** `scopes` is undefined for an alternative that cannot be met. */
type Alternative = {
  readonly scopes: readonly string[] | undefined
  readonly namesScope: boolean
  readonly isPublic: boolean
}

function readAlternative(value: unknown, pointer: string, problems: Problem[]): Alternative {
  if (!isJsonObject(value)) {
    problems.push({
      code: 'invalid_security',
      pointer,
      message: 'This alternative is not an object, so no credential can meet it.',
    })
    return { scopes: undefined, namesScope: false, isPublic: false }
  }
  const entries = Object.entries(value)
  const lists = entries.map(([scheme, names]) => readNames(names, pointerTo(pointer, scheme), problems))
  const names = lists.flatMap((list) => list ?? [])
  const isValid = lists.every((list) => list !== undefined)
  if (names.length > limits.scopesPerAlternativeMax) throw tooComplex(pointer)
  return {
    scopes: isValid ? [...new Set(names)] : undefined,
    namesScope: !isValid || names.length > 0,
    isPublic: entries.length === 0,
  }
}

function readNames(value: unknown, pointer: string, problems: Problem[]): readonly string[] | undefined {
  // Many people write `- apiKey:` with nothing behind it for an empty list in YAML.
  if (value === null) return []
  const names = elements(value)
  const valid = names.filter((name) => typeof name === 'string').filter(isScopeToken)
  if (Array.isArray(value) && valid.length === names.length) return valid
  const message = 'This is not a list of scope tokens (RFC 6749 §3.3), so no credential can meet this alternative.'
  problems.push({ code: 'invalid_scope', pointer, message })
  return undefined
}

/** Joins two requirements of one route: both must be met, so one that is not public decides. */
export function bothRequired(left: Requirement, right: Requirement, pointer: string): Requirement {
  if (left.public) return right
  if (right.public) return left
  const products = left.requires.flatMap((some) => right.requires.map((more) => [...new Set([...some, ...more])]))
  const requires = withoutWider(withoutRepeats(products))
  if (requires.length > limits.alternativesMax) throw tooComplex(pointer)
  if (requires.some((all) => all.length > limits.scopesPerAlternativeMax)) throw tooComplex(pointer)
  return { requires, public: false }
}

/** Whether two requirements are the same, in whatever order they are written. */
export function requirementKey(requirement: Requirement): string {
  if (requirement.public) return 'public'
  return JSON.stringify(requirement.requires.map(alternativeKey).sort())
}

function withoutRepeats(requires: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return [...new Map(requires.map((all) => [alternativeKey(all), all])).values()]
}

/** `[a]` or `[a, b]` is `[a]`. Without this a route written ten times would have a thousand alternatives. */
function withoutWider(requires: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return requires.filter(
    (all) => !requires.some((other) => other !== all && other.every((scope) => all.includes(scope))),
  )
}

function alternativeKey(scopes: readonly string[]): string {
  return [...scopes].sort().join(' ')
}

function tooComplex(pointer: string): OpenApiError {
  const { alternativesMax, scopesPerAlternativeMax } = limits
  const message = `security has more than ${alternativesMax} alternatives, or ${scopesPerAlternativeMax} scopes in one of them.`
  return new OpenApiError('document_too_complex', message, pointer)
}
