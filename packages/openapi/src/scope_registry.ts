/** Every scope a description knows of: declared by its OAuth flows, required by an operation, or derived. */
import { isScopeToken } from '@countersign/core'
import type { Operation } from './description.ts'
import type { OpenApiDocument } from './document.ts'
import { entries, isJsonObject, member, members, pointerTo, textMember } from './json_object.ts'
import { OpenApiError } from './openapi_error.ts'
import type { Problem } from './problem.ts'
import { followReferences, type Located } from './reference.ts'
import { derivationNoun } from './scope.ts'

/** A scope token, and its description for people; empty where the document has none. */
export type ScopeDescription = { readonly name: string; readonly description: string }

/** All scopes, sorted by name. A scope described twice keeps its first description; one without has an empty one. */
export function readScopes(
  document: OpenApiDocument,
  operations: readonly Operation[],
  areDerived: boolean,
  problems: Problem[],
): readonly ScopeDescription[] {
  const descriptions = declaredScopes(document, problems)
  if (!areDerived) reportUndeclared(operations, descriptions, problems)
  for (const operation of operations) {
    for (const name of operation.requires.flat()) {
      if (!descriptions.has(name)) descriptions.set(name, areDerived ? derivedDescription(name, operation) : '')
    }
  }
  const names = [...descriptions.keys()].sort()
  return names.map((name) => ({ name, description: descriptions.get(name) ?? '' }))
}

/** Most often a slip of the pen. A document that declares no scope at all has its scopes elsewhere. */
function reportUndeclared(
  operations: readonly Operation[],
  declared: ReadonlyMap<string, string>,
  problems: Problem[],
): void {
  if (declared.size === 0) return
  const undeclared = new Map<string, Operation>()
  for (const operation of operations) {
    for (const name of operation.requires.flat()) {
      if (!declared.has(name) && !undeclared.has(name)) undeclared.set(name, operation)
    }
  }
  for (const [name, { method, path }] of undeclared) {
    const message = `The scope ${name} is declared by no security scheme; ${method} ${path} needs it.`
    problems.push({ code: 'undeclared_scope', pointer: pointerTo('/paths', path), message })
  }
}

function declaredScopes(document: OpenApiDocument, problems: Problem[]): Map<string, string> {
  const descriptions = new Map<string, string>()
  for (const { value, pointer } of scopeMaps(document, problems)) {
    for (const [name] of entries(value)) {
      const description = textMember(value, name)?.trim() ?? ''
      if (isScopeToken(name)) descriptions.set(name, descriptions.get(name) || description)
      else problems.push({ code: 'invalid_scope', pointer: pointerTo(pointer, name), message: notAToken })
    }
  }
  return descriptions
}

const notAToken = 'This is not a scope token (RFC 6749 §3.3), so no credential can have it.'

/** Reads `components.securitySchemes.*.flows.*.scopes`, or `securityDefinitions.*.scopes` in Swagger 2.0. */
function scopeMaps(document: OpenApiDocument, problems: Problem[]): readonly Located[] {
  const isSwagger = document.version === '2.0'
  return securitySchemes(document, problems).flatMap((scheme) => {
    if (!isJsonObject(scheme.value) || isSwagger) return [childOf(scheme, 'scopes')]
    const flows = childOf(scheme, 'flows')
    return members(flows.value).map(([flow]) => childOf(childOf(flows, flow), 'scopes'))
  })
}

/** Every scheme of the document, where its reference leads. */
export function securitySchemes(document: OpenApiDocument, problems: Problem[]): readonly Located[] {
  const isSwagger = document.version === '2.0'
  const parent = isSwagger ? document.root : member(document.root, 'components')
  const name = isSwagger ? 'securityDefinitions' : 'securitySchemes'
  const base = isSwagger ? '/securityDefinitions' : '/components/securitySchemes'
  return entries(member(parent, name)).map(([key, value]) =>
    resolveScheme(document, { value, pointer: pointerTo(base, key) }, problems),
  )
}

/** A scheme that cannot be found loses the descriptions of its scopes and nothing else: scheme names do not matter. */
function resolveScheme(document: OpenApiDocument, scheme: Located, problems: Problem[]): Located {
  try {
    return followReferences(document, scheme).at(-1) ?? scheme
  } catch (error) {
    if (!(error instanceof OpenApiError)) throw error
    problems.push({ code: 'reference_ignored', pointer: scheme.pointer, message: error.message })
    return { value: undefined, pointer: scheme.pointer }
  }
}

function childOf({ value, pointer }: Located, key: string): Located {
  return { value: member(value, key), pointer: pointerTo(pointer, key) }
}

function derivedDescription(name: string, { path, tags }: Operation): string {
  return `${name.endsWith(':read') ? 'Read' : 'Change'} ${derivationNoun(path, tags)}`
}
