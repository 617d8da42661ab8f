/** The changes between two versions of a description, above all the operations that became public. */
import type { ApiDescription, Operation } from './description.ts'
import { parsePathTemplate, routeKey, routeOf } from './path_template.ts'
import { type Requirement, requirementKey } from './requirement.ts'
import { compileRoutes, type RouteTable } from './route_table.ts'

/** A route by its method and its path, with the base path. */
export type RouteName = { readonly method: string; readonly path: string }

/** The changes between two versions of a description. */
export type DescriptionDiff = {
  /** Routes that only the later version has. */
  readonly added: readonly RouteName[]
  /** Routes that only the earlier version has. */
  readonly removed: readonly RouteName[]
  /** Requests that needed a credential before and need none now, under the most specific template that says so. */
  readonly becamePublic: readonly RouteName[]
  /** Routes in both versions whose requirement differs, with those that became public. */
  readonly changed: readonly (RouteName & { readonly before: Requirement; readonly after: Requirement })[]
}

/**
 * Compares by method and path; the names of path parameters do not matter. `before` undefined is an API without a
 * document, to which everything is new and nothing became public.
 *
 * Both route tables decide whether a route became public, not the two lists, since other changes open routes as well:
 * removing `/users/me` where `/users/{id}` is public, adding a public `/users/me` to a guarded `/users/{id}`, or no
 * longer describing a HEAD whose GET is public.
 */
export function diffDescriptions(before: ApiDescription | undefined, after: ApiDescription): DescriptionDiff {
  const old = routesOf(before)
  const current = routesOf(after)
  const all = new Map([...old, ...current])
  const tables = before === undefined ? undefined : { before: compileRoutes(before), after: compileRoutes(after) }
  return {
    added: [...current].filter(([key]) => !old.has(key)).map(([, operation]) => nameOf(operation)),
    removed: [...old].filter(([key]) => !current.has(key)).map(([, operation]) => nameOf(operation)),
    becamePublic: [...all.values()].filter((operation) => tables && opened(operation, tables)).map(nameOf),
    changed: [...current].flatMap(([key, operation]) => changeOf(old.get(key), operation)),
  }
}

function routesOf(description: ApiDescription | undefined): Map<string, Operation> {
  const routes = new Map<string, Operation>()
  for (const operation of description?.operations ?? []) {
    const key = `${operation.method} ${routeKey(parsePathTemplate(operation.basePath, operation.path))}`
    if (!routes.has(key)) routes.set(key, operation)
  }
  return routes
}

function opened(operation: Operation, tables: { readonly before: RouteTable; readonly after: RouteTable }): boolean {
  return sampleTargets(operation).some((target) => {
    const after = tables.after.match(operation.method, target)
    if (after.kind !== 'operation' || !after.operation.public) return false
    const before = tables.before.match(operation.method, target)
    return before.kind === 'operation' && !before.operation.public
  })
}

/**
 * Requests for this very operation: their parameter values are unlike any literal that anybody writes. Where the last
 * parameter may hold slashes, there is one with a slash too.
 */
function sampleTargets({ basePath, path, slashes }: Operation): readonly string[] {
  const { segments, lastParameterAt } = parsePathTemplate(basePath, path)
  const texts = segments.map((segment) => {
    return encodeURIComponent(
      (segment.kind === 'literal' ? segment.text : segment.literals.join(sample)).toWellFormed(),
    )
  })
  const target = `/${texts.join('/')}`
  const last = texts[lastParameterAt]
  if (slashes !== true || last === undefined) return [target]
  const at = last.lastIndexOf(sample)
  const spanning = `${last.slice(0, at)}${sample}/${last.slice(at)}`
  return [target, `/${texts.with(lastParameterAt, spanning).join('/')}`]
}

const sample = '~countersign~'

function changeOf(before: Operation | undefined, after: Operation): DescriptionDiff['changed'] {
  if (before === undefined || requirementKey(before) === requirementKey(after)) return []
  return [{ ...nameOf(after), before: requirementOf(before), after: requirementOf(after) }]
}

function requirementOf(operation: Operation): Requirement {
  return { requires: operation.requires, public: operation.public }
}

function nameOf(operation: Operation): RouteName {
  return { method: operation.method, path: routeOf(operation) }
}
