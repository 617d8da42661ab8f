/**
 * Finds templates that get in each other's way, for the owner to see. The order of `compileRoutes` decides regardless.
 */
import type { Route } from './description.ts'
import { limits } from './limits.ts'
import { routeKey, routeOf } from './path_template.ts'
import type { Problem } from './problem.ts'
import { requirementKey } from './requirement.ts'
import {
  comparePrecedence,
  matchSegment,
  type Segment,
  segmentKey,
  segmentsOverlap,
  type TemplateSegment,
} from './segment.ts'

/**
 * Reports templates that no request can reach, and pairs of templates with different requirements that match one path.
 * A path without parameters beside a template (`/users/me`, `/users/{id}`) is no problem: OpenAPI says which one wins.
 * Between two templates it does not, and the router of the upstream may take the other one.
 */
export function reportOverlaps(routes: readonly Route[], problems: Problem[]): void {
  for (const { template, operation, pointer } of routes) {
    if (template.unreachable === undefined) continue
    const message = `No request reaches ${routeOf(operation)}: ${template.unreachable}.`
    problems.push({ code: 'unreachable', pointer, message })
  }
  const budget = { steps: limits.overlapStepsMax }
  for (const group of comparable(routes)) reportPairs(group, budget, problems)
  if (budget.steps >= 0) return
  const message = 'There are too many templates: not all of them were compared for overlap.'
  problems.push({ code: 'problems_omitted', pointer: '/paths', message })
}

/** Groups templates that could match one path: same method and number of segments. One of each route is enough. */
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

/** Compares each template with the branches of a trie that it can take: a thousand literals are then one step. */
function reportPairs(group: readonly Route[], budget: { steps: number }, problems: Problem[]): void {
  const keys = group.map((route) => requirementKey(route.operation))
  const root = newNode()
  for (const [i, { template }] of group.entries()) insert(root, template.segments, i)
  for (const [i, left] of group.entries()) {
    const others: number[] = []
    collect(root, left.template.segments, 0, budget, others)
    for (const j of others.sort((a, b) => a - b)) {
      if (budget.steps < 0 || problems.length > limits.problemsMax) return
      const right = group[j]
      if (j > i && right !== undefined && keys[i] !== keys[j]) problems.push(overlapProblem(left, right))
    }
  }
}

/** One segment of all templates that begin with the same segments. */
interface Node {
  readonly literals: Map<string, Node>
  readonly templates: Map<string, { readonly segment: TemplateSegment; readonly node: Node }>
  /** The index of a route that ends here; one is enough. */
  route: number | undefined
}

function newNode(): Node {
  return { literals: new Map(), templates: new Map(), route: undefined }
}

function insert(root: Node, segments: readonly Segment[], route: number): void {
  let node = root
  for (const segment of segments) {
    const key = segmentKey(segment)
    const known = segment.kind === 'literal' ? node.literals.get(key) : node.templates.get(key)?.node
    const child = known ?? newNode()
    if (segment.kind === 'literal') node.literals.set(key, child)
    else node.templates.set(key, { segment, node: child })
    node = child
  }
  node.route = route
}

/** The routes below a node that can match a path which the segments from `depth` on match too. */
function collect(
  node: Node,
  segments: readonly Segment[],
  depth: number,
  budget: { steps: number },
  found: number[],
): void {
  if (--budget.steps < 0) return
  const segment = segments[depth]
  if (segment === undefined) {
    if (node.route !== undefined) found.push(node.route)
    return
  }
  if (segment.kind === 'literal') {
    const child = node.literals.get(segment.text)
    if (child !== undefined) collect(child, segments, depth + 1, budget, found)
  } else {
    for (const [text, child] of node.literals) {
      if (--budget.steps < 0) return
      if (matchSegment(segment, text) !== undefined) collect(child, segments, depth + 1, budget, found)
    }
  }
  for (const { segment: other, node: child } of node.templates.values()) {
    if (--budget.steps < 0) return
    if (segmentsOverlap(segment, other)) collect(child, segments, depth + 1, budget, found)
  }
}

function overlapProblem(left: Route, right: Route): Problem {
  const isLeftFirst = comparePrecedence(left.template.segments, right.template.segments) <= 0
  const [winner, loser] = isLeftFirst ? [left.operation, right.operation] : [right.operation, left.operation]
  const message =
    `${winner.method} ${winner.path} and ${loser.path} match the same paths and require different things: ` +
    'where both match, the first one decides.'
  return { code: 'overlap', pointer: right.pointer, message }
}
