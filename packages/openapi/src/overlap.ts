/** Templates that get in each other's way, for the owner to see; the order of `compileRoutes` decides all the same. */
import type { Route } from './description.ts'
import { limits } from './limits.ts'
import { routeKey } from './path_template.ts'
import type { Problem } from './problem.ts'
import { requirementKey } from './requirement.ts'
import { comparePrecedence, segmentsOverlap } from './segment.ts'

/**
 * Reports templates that no request can reach, and pairs of templates with different requirements that match one path.
 * A path without parameters beside a template (`/users/me`, `/users/{id}`) is no problem: OpenAPI says which one wins.
 * Between two templates it does not, and the router of the upstream may take the other one.
 */
export function reportOverlaps(routes: readonly Route[], problems: Problem[]): void {
  for (const { template, operation, pointer } of routes) {
    if (template.unreachable === undefined) continue
    const message = `No request reaches ${operation.basePath}${operation.path}: ${template.unreachable}.`
    problems.push({ code: 'unreachable', pointer, message })
  }
  const budget = { pairs: limits.overlapPairsMax }
  for (const group of comparable(routes)) reportPairs(group, budget, problems)
  if (budget.pairs >= 0) return
  const message = 'There are too many templates: not all of them were compared for overlap.'
  problems.push({ code: 'problems_omitted', pointer: '/paths', message })
}

/** Templates can match one path only when method and number of segments are the same. One of each route is enough. */
function comparable(routes: readonly Route[]): Iterable<readonly Route[]> {
  const distinct = new Map<string, Route>()
  for (const route of routes) {
    const isTemplate = route.template.segments.some((segment) => segment.kind === 'template')
    const key = `${route.operation.method} ${routeKey(route.template)}`
    if (isTemplate && route.template.unreachable === undefined && !distinct.has(key)) distinct.set(key, route)
  }
  const groups = Map.groupBy(distinct.values(), ({ operation, template }) => {
    return `${operation.method} ${template.segments.length}`
  })
  return groups.values()
}

function reportPairs(group: readonly Route[], budget: { pairs: number }, problems: Problem[]): void {
  const keys = group.map((route) => requirementKey(route.operation))
  for (const [i, left] of group.entries()) {
    for (let j = i + 1; j < group.length; j++) {
      if (--budget.pairs < 0 || problems.length > limits.problemsMax) return
      const right = group[j]
      if (right === undefined || keys[i] === keys[j] || !overlap(left, right)) continue
      problems.push(overlapProblem(left, right))
    }
  }
}

function overlap(left: Route, right: Route): boolean {
  return left.template.segments.every((segment, i) => {
    const other = right.template.segments[i]
    return other !== undefined && segmentsOverlap(segment, other)
  })
}

function overlapProblem(left: Route, right: Route): Problem {
  const isLeftFirst = comparePrecedence(left.template.segments, right.template.segments) <= 0
  const [winner, loser] = isLeftFirst ? [left.operation, right.operation] : [right.operation, left.operation]
  const message =
    `${winner.method} ${winner.path} and ${loser.path} match the same paths and require different things: ` +
    'where both match, the first one decides.'
  return { code: 'overlap', pointer: right.pointer, message }
}
