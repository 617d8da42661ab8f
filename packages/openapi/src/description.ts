/** Reads the operations of a document, each with its requirement: docs/protocol/gateway.md §2. */

import type { OpenApiDocument } from './document.ts'
import { elements, isJsonObject, member, pointerTo, textMember } from './json_object.ts'
import { limits } from './limits.ts'
import { OpenApiError } from './openapi_error.ts'
import { reportOverlaps } from './overlap.ts'
import { type FoundOperation, findOperations } from './path_item.ts'
import { lastParameter, type PathTemplate, parsePathTemplate, routeKey, routeOf } from './path_template.ts'
import { boundProblems, type Problem } from './problem.ts'
import {
  bothRequired,
  type ReadRequirement,
  type Requirement,
  readRequirement,
  requirementKey,
  unstated,
} from './requirement.ts'
import { proposeCredentialHeaders } from './review/credential_headers.ts'
import { reviewOperations } from './review/operations.ts'
import { reportBrokenReferences } from './review/references.ts'
import { derivationNoun, derivedScope } from './scope.ts'
import { readScopes, type ScopeDescription } from './scope_registry.ts'
import { readServers } from './server_url.ts'

/**
 * An operation. Decide by `public` first: `requires` is empty for public operations and for those that nobody may use.
 */
export type Operation = Requirement & {
  /** Upper case. */
  readonly method: string
  /** `''` or `/v1`: the operation lives at `basePath` + `path`. */
  readonly basePath: string
  /** The path template as the document has it, cut at `#` or `?`. */
  readonly path: string
  /** The name that the document gives it. Absent when it gives none. */
  readonly operationId?: string
  /** One line about it. Absent when the document has none. */
  readonly summary?: string
  /** Its tags, in the order of the document; empty for none. */
  readonly tags: readonly string[]
  /** The last parameter of its path may hold slashes: docs/protocol/gateway.md §1. Absent: it may not. */
  readonly slashes?: true
  /** `x-countersign-cost`: what one call spends from every rate limit, 0 to 1,000,000. Absent: 1. */
  readonly cost?: number
}

/** A document as read. */
export type ApiDescription = {
  /** `info.title`. */
  readonly title: string
  /** `info.version`. */
  readonly version: string
  /** The path under which all operations live: `''` or such as `/v1`. */
  readonly basePath: string
  /** The URLs of the document's own `servers`, variables replaced by their defaults. */
  readonly servers: readonly string[]
  /** The operations in the order of the document. Several may be one route, and then have the same requirement. */
  readonly operations: readonly Operation[]
  /** Every scope that is declared or required, sorted by name. */
  readonly scopes: readonly ScopeDescription[]
  /** Headers in which callers send keys, besides `Authorization` and `X-API-Key`: to be set as `credentialHeaders`. */
  readonly credentialHeaders: readonly string[]
  /** The flaws that the owner should know of; at most `problemsMax` and one more. */
  readonly problems: readonly Problem[]
}

/** An operation being read. `template` says which requests are meant. */
export type Route = { readonly operation: Operation; readonly template: PathTemplate; readonly pointer: string }

/**
 * Reads the operations of a document and the requirement of each. `basePath` replaces the path of the first server;
 * default: that path. `slashes` are templates of the document whose last parameter may hold slashes. Throws
 * `OpenApiError` where a part that decides about access cannot be read, or where a template of `slashes` is not in the
 * document; lesser flaws are in `problems`.
 */
export function readOperations(
  document: OpenApiDocument,
  options: { readonly basePath?: string; readonly slashes?: readonly string[] } = {},
): ApiDescription {
  const problems: Problem[] = []
  const { basePath, servers } = readServers(document, options.basePath, problems)
  const found = findOperations(document, problems)
  const required = readRequirements(document, found, problems)
  const derives = required.every((requirement) => !requirement.namesScope)
  const asked = new Set(options.slashes)
  const routes = found.map((item, i) => toRoute(item, basePath, required[i] ?? unstated, derives, asked))
  refuseUnknownTemplates(asked, routes)
  if (derives) reportSharedScopes(routes, problems)
  const merged = mergeRoutes(routes, problems)
  reportOverlaps(merged, problems)
  reviewOperations(document, found, merged, problems)
  reportBrokenReferences(document, problems)
  const operations = merged.map((route) => route.operation)
  refuseTooMuch(operations)

  const info = member(document.root, 'info')
  return {
    title: textMember(info, 'title') ?? '',
    version: textMember(info, 'version') ?? '',
    basePath,
    servers,
    operations,
    scopes: readScopes(document, operations, derives, problems),
    credentialHeaders: proposeCredentialHeaders(document, problems),
    problems: boundProblems(problems),
  }
}

/** An operation's own `security` replaces the document's. A list that is shared by alias or inherited is read once. */
function readRequirements(
  document: OpenApiDocument,
  found: readonly FoundOperation[],
  problems: Problem[],
): readonly ReadRequirement[] {
  const known = new Map<unknown, ReadRequirement>()
  const read = (security: unknown, pointer: string): ReadRequirement => {
    const requirement = known.get(security) ?? readRequirement(security, pointer, problems)
    known.set(security, requirement)
    return requirement
  }
  const shared = member(document.root, 'security')
  return found.map(({ value, pointer }) => {
    if (!isJsonObject(value)) {
      problems.push({
        code: 'invalid_operation',
        pointer,
        message: 'This is not an operation object, so every request to it is refused.',
      })
      return { requires: [], public: false, namesScope: false }
    }
    const own = member(value, 'security')
    if (own !== undefined) return read(own, pointerTo(pointer, 'security'))
    return shared === undefined ? unstated : read(shared, '/security')
  })
}

function toRoute(
  found: FoundOperation,
  basePath: string,
  requirement: ReadRequirement,
  derives: boolean,
  slashes: ReadonlySet<string>,
): Route {
  const { method, path, value, pointer } = found
  const tags = elements(member(value, 'tags')).filter((tag) => typeof tag === 'string')
  const operationId = textMember(value, 'operationId')
  const summary = textMember(value, 'summary')?.trim()
  // `requires` is empty only for public operations and those closed to all, and a derived scope must open neither.
  const isDerived = derives && requirement.requires.length > 0
  const cost = readCost(found)
  const operation: Operation = {
    method,
    basePath,
    path,
    ...(operationId === undefined ? {} : { operationId }),
    ...(summary === undefined ? {} : { summary }),
    tags,
    requires: isDerived ? [[derivedScope(method, path, tags)]] : requirement.requires,
    public: requirement.public,
    ...(takesSlashes(found, basePath, slashes) ? { slashes: true } : {}),
    ...(cost === undefined ? {} : { cost }),
  }
  return { operation, template: parsePathTemplate(basePath, path), pointer }
}

/** By its name (`{name+}`), by `x-multi-segment`, or because the operator says so. */
function takesSlashes({ path, parameters }: FoundOperation, basePath: string, asked: ReadonlySet<string>): boolean {
  const last = lastParameter(path)
  if (last === undefined) return false
  if (last.endsWith('+') || asked.has(path) || asked.has(routeOf({ basePath, path }))) return true
  return parameters.find((list) => list.has(last))?.get(last) === true
}

/** A template that is misspelt would leave its paths refused, unseen. */
function refuseUnknownTemplates(asked: ReadonlySet<string>, routes: readonly Route[]): void {
  const known = new Set(
    routes
      .filter(({ template }) => template.lastParameterAt !== -1)
      .flatMap(({ operation }) => [operation.path, routeOf(operation)]),
  )
  for (const template of asked) {
    if (known.has(template)) continue
    const message = `${JSON.stringify(template)} is no path of the document that has a parameter, so none can hold slashes.`
    throw new OpenApiError('unknown_template', message)
  }
}

/** Only we read this member, so an unreadable one is a slip, which would go unseen if it counted as 1. */
function readCost({ value, pointer }: FoundOperation): number | undefined {
  const cost = member(value, 'x-countersign-cost')
  if (cost === undefined) return undefined
  if (Number.isInteger(cost) && (cost as number) >= 0 && (cost as number) <= limits.costMax) return cost as number
  const message = `x-countersign-cost must be a whole number from 0 to ${limits.costMax}.`
  throw new OpenApiError('invalid_cost', message, pointerTo(pointer, 'x-countersign-cost'))
}

/**
 * Operations that share method and path are one route, with the strictest requirement and the highest cost
 * (docs/protocol/gateway.md §2).
 */
function mergeRoutes(routes: readonly Route[], problems: Problem[]): readonly Route[] {
  const groups = Map.groupBy(routes, ({ operation, template }) => {
    const isReachable = template.unreachable === undefined
    return `${operation.method} ${isReachable ? routeKey(template) : `unreachable ${operation.path}`}`
  })
  const merged = new Map<Route, Requirement & { readonly cost?: number }>()
  for (const group of groups.values()) {
    const [first, ...others] = group
    if (first === undefined || others.length === 0) continue
    const all = others.reduce<Requirement>(
      (sum, { operation, pointer }) => bothRequired(sum, operation, pointer),
      first.operation,
    )
    const costs = group.flatMap(({ operation }) => operation.cost ?? [])
    // An operation without a cost costs 1.
    const cost = costs.length === 0 ? {} : { cost: Math.max(...costs, ...(costs.length < group.length ? [1] : [])) }
    for (const route of group) merged.set(route, { requires: all.requires, public: all.public, ...cost })
    reportMerged(first, others, problems)
  }
  return routes.map((route) => ({ ...route, operation: { ...route.operation, ...merged.get(route) } }))
}

function reportMerged({ operation, pointer }: Route, others: readonly Route[], problems: Problem[]): void {
  const isSame = others.every((other) => requirementKey(other.operation) === requirementKey(operation))
  const consequence = isSame ? 'with the same requirement' : 'which needs what all of them need'
  const message = `${operation.method} ${operation.path} is described ${others.length + 1} times: one route, ${consequence}.`
  problems.push({ code: 'routes_merged', pointer, message })
}

/** Two tags that differ only in characters outside a scope's alphabet would open each other's operations. */
function reportSharedScopes(routes: readonly Route[], problems: Problem[]): void {
  const nouns = new Map<string, string>()
  for (const { operation, pointer } of routes) {
    const scope = operation.requires[0]?.[0]
    if (scope === undefined) continue
    const noun = derivationNoun(operation.path, operation.tags).toLowerCase()
    const known = nouns.get(scope) ?? noun
    nouns.set(scope, known)
    if (known === noun) continue
    const message = `${JSON.stringify(known)} and ${JSON.stringify(noun)} both give the scope ${scope}.`
    problems.push({ code: 'derived_scope_shared', pointer, message })
  }
}

function refuseTooMuch(operations: readonly Operation[]): void {
  if (operations.filter((operation) => operation.slashes === true).length > limits.spansMax) {
    const message = `More than ${limits.spansMax} operations have a parameter that may hold slashes.`
    throw new OpenApiError('document_too_complex', message)
  }
  let count = 0
  for (const { requires } of operations) for (const all of requires) count += all.length
  if (count <= limits.requiredScopesMax) return
  const message = `The operations together require more than ${limits.requiredScopesMax} scopes.`
  throw new OpenApiError('document_too_complex', message)
}
