/**
 * The routes of a description, as a trie of decoded segments. A request is judged by the most specific operation that
 * its method and path match: at each segment the literal first, then templates, most literal text first, with a way
 * back when the rest does not match.
 */
import type { ApiDescription, Operation } from './description.ts'
import { parsePathTemplate, routeKey } from './path_template.ts'
import { readRequestPath } from './request_target.ts'
import {
  compareSpecificity,
  foldSegment,
  matchSegment,
  type Segment,
  segmentKey,
  type TemplateSegment,
} from './segment.ts'
import { compareSpans, matchSpan, type Span } from './span.ts'

/** The answer of a route table to one request. */
export type Match =
  | {
      /** The request has an operation. */
      readonly kind: 'operation'
      /** The operation that judges it. */
      readonly operation: Operation
      /** Decoded values by name, in an object without a prototype, so that `__proto__` is a name like any other. */
      readonly parameters: Readonly<Record<string, string>>
    }
  | { readonly kind: 'not_found' }
  /** To be answered with 405; `allow` is the content of the `Allow` header (RFC 9110 §10.2.1), sorted. */
  | { readonly kind: 'method_not_allowed'; readonly allow: readonly string[] }
  /** To be answered with 400, without reaching the upstream. */
  | { readonly kind: 'ambiguous'; readonly detail: string }

/** The compiled routes of a description. */
export type RouteTable = {
  /** `rawTarget` is the origin-form target as received, with its query. `method` is compared byte for byte. */
  readonly match: (method: string, rawTarget: string) => Match
  /** The methods of a path, for the answer to a preflight; `undefined` for a path without operations. */
  readonly knows: (rawTarget: string) => { readonly allow: readonly string[] } | undefined
}

type Leaf = { readonly operation: Operation; readonly names: readonly string[] }

/** `folded` has the nodes of `literals` by the spelling that a lax server may take for them; see `foldSegment`. */
type Node = {
  readonly literals: Map<string, Node>
  readonly folded: Map<string, Node[]>
  readonly templates: Map<string, Branch>
  /** The values of `templates`, most specific first, once all are known. */
  branches: readonly Branch[]
  readonly leaves: Map<string, Leaf>
}

type Branch = { readonly segment: TemplateSegment; readonly node: Node }

type Walk = {
  readonly method: string
  readonly segments: readonly string[]
  readonly values: string[]
}

/** Compiles once; matching then takes about a microsecond whatever the number of operations. Never throws. */
export function compileRoutes(description: ApiDescription): RouteTable {
  const root = newNode()
  for (const operation of description.operations) insert(root, operation)
  sortBranches(root)
  const spans = spansOf(description.operations)

  return {
    match(method, rawTarget) {
      const path = readRequestPath(rawTarget)
      return path.kind === 'path' ? matchPath(root, spans, method, path.segments) : path
    },
    knows(rawTarget) {
      const path = readRequestPath(rawTarget)
      const allow = path.kind === 'path' ? allowedAt(root, spans, path.segments) : []
      return allow.length === 0 ? undefined : { allow }
    },
  }
}

type Spans = readonly Span<Leaf>[]

function matchPath(root: Node, spans: Spans, method: string, segments: readonly string[]): Match {
  const walk: Walk = { method, segments, values: [] }
  const leaf = find(root, walk, 0)
  if (leaf === undefined) {
    const allow = allowedMethods(root, segments)
    return allow.length === 0 ? matchSpans(root, spans, walk) : { kind: 'method_not_allowed', allow }
  }
  // Only a path that matched through a template can have been meant for a literal in another spelling.
  if (leaf.names.length > 0 && findLaxly(root, walk, 0) !== leaf) {
    return ambiguous
  }
  return { kind: 'operation', operation: leaf.operation, parameters: nameValues(leaf.names, walk.values) }
}

const ambiguous: Match = { kind: 'ambiguous', detail: 'some servers would read this as a more specific path' }

/** The first span that has the path decides, also about its methods. */
function matchSpans(root: Node, spans: Spans, walk: Walk): Match {
  const { method, segments } = walk
  const span = spans.find((each) => matchSpan(each, segments, false) !== undefined)
  if (span === undefined) return { kind: 'not_found' }
  const lax = spans.find((each) => matchSpan(each, segments, true) !== undefined)
  if (lax !== span || findLaxly(root, walk, 0) !== undefined) return ambiguous
  const leaf = leafFor(span, method)
  if (leaf === undefined) return { kind: 'method_not_allowed', allow: sorted(new Set(span.leaves.keys())) }
  const values = matchSpan(span, segments, false) ?? []
  return { kind: 'operation', operation: leaf.operation, parameters: nameValues(leaf.names, values) }
}

function allowedAt(root: Node, spans: Spans, segments: readonly string[]): readonly string[] {
  const allow = allowedMethods(root, segments)
  if (allow.length > 0) return allow
  const span = spans.find((each) => matchSpan(each, segments, false) !== undefined)
  return sorted(new Set(span?.leaves.keys()))
}

/** At most as deep as the trie, and each of its nodes at most once. Values are collected on the way back. */
function find(node: Node, walk: Walk, depth: number): Leaf | undefined {
  const text = walk.segments[depth]
  if (text === undefined) return leafFor(node, walk.method)

  const literal = node.literals.get(text)
  const leaf = literal && find(literal, walk, depth + 1)
  if (leaf !== undefined || text === '') return leaf
  for (const { segment, node: child } of node.branches) {
    const values = matchSegment(segment, text)
    const found = values && find(child, walk, depth + 1)
    if (found === undefined) continue
    walk.values.unshift(...(values ?? []))
    return found
  }
  return undefined
}

/** The leaf of a lax server that compares literals by `foldSegment`: without case, width, or a dot at the end. */
function findLaxly(node: Node, walk: Walk, depth: number): Leaf | undefined {
  const text = walk.segments[depth]
  if (text === undefined) return leafFor(node, walk.method)
  const literals = node.folded.size === 0 ? [] : (node.folded.get(text === '' ? '' : foldSegment(text)) ?? [])
  for (const child of literals) {
    const found = findLaxly(child, walk, depth + 1)
    if (found !== undefined) return found
  }
  if (text === '') return undefined
  for (const { segment, node: child } of node.branches) {
    const found = matchSegment(segment, text) === undefined ? undefined : findLaxly(child, walk, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * HEAD is judged as its GET unless described (docs/protocol/gateway.md §3), for each path, so that no other path's HEAD
 * is taken.
 */
function leafFor(node: Pick<Node, 'leaves'>, method: string): Leaf | undefined {
  return node.leaves.get(method) ?? (method === 'HEAD' ? node.leaves.get('GET') : undefined)
}

function allowedMethods(root: Node, segments: readonly string[]): readonly string[] {
  const methods = new Set<string>()
  collectMethods(root, segments, 0, methods)
  return sorted(methods)
}

function sorted(methods: Set<string>): readonly string[] {
  if (methods.has('GET')) methods.add('HEAD')
  return [...methods].sort()
}

function collectMethods(node: Node, segments: readonly string[], depth: number, methods: Set<string>): void {
  const text = segments[depth]
  if (text === undefined) {
    for (const method of node.leaves.keys()) methods.add(method)
    return
  }
  const literal = node.literals.get(text)
  if (literal !== undefined) collectMethods(literal, segments, depth + 1, methods)
  for (const { segment, node: child } of node.branches) {
    if (matchSegment(segment, text) !== undefined) collectMethods(child, segments, depth + 1, methods)
  }
}

function nameValues(names: readonly string[], values: readonly string[]): Readonly<Record<string, string>> {
  const parameters: Record<string, string> = Object.create(null)
  names.forEach((name, i) => {
    parameters[name] = values[i] ?? ''
  })
  return parameters
}

function insert(root: Node, operation: Operation): void {
  const { segments, unreachable } = parsePathTemplate(operation.basePath, operation.path)
  if (unreachable !== undefined) return
  let node = root
  for (const segment of segments) {
    node = segment.kind === 'literal' ? literalChild(node, segment.text) : templateChild(node, segment)
  }
  const names = namesOf(segments)
  // Operations that share a route have the same requirement, so the first may speak for all.
  if (!node.leaves.has(operation.method)) node.leaves.set(operation.method, { operation, names })
}

function namesOf(segments: readonly Segment[]): readonly string[] {
  return segments.flatMap((segment) => (segment.kind === 'template' ? segment.names : []))
}

/** The templates of operations that take slashes, in the order in which they are asked. */
function spansOf(operations: readonly Operation[]): Spans {
  const spans = new Map<string, Span<Leaf>>()
  for (const operation of operations) {
    if (operation.slashes !== true) continue
    const template = parsePathTemplate(operation.basePath, operation.path)
    const { segments, lastParameterAt: spansAt } = template
    if (template.unreachable !== undefined || spansAt === -1) continue
    const key = routeKey(template)
    const span = spans.get(key) ?? { segments, spansAt, leaves: new Map() }
    spans.set(key, span)
    if (!span.leaves.has(operation.method)) span.leaves.set(operation.method, { operation, names: namesOf(segments) })
  }
  return [...spans.values()].sort(compareSpans)
}

function literalChild(node: Node, text: string): Node {
  const known = node.literals.get(text)
  if (known !== undefined) return known
  const child = newNode()
  node.literals.set(text, child)
  const spelling = text === '' ? '' : foldSegment(text)
  const alike = node.folded.get(spelling)
  if (alike === undefined) node.folded.set(spelling, [child])
  else alike.push(child)
  return child
}

function templateChild(node: Node, segment: TemplateSegment): Node {
  const key = segmentKey(segment)
  const branch = node.templates.get(key) ?? { segment, node: newNode() }
  node.templates.set(key, branch)
  return branch.node
}

function sortBranches(node: Node): void {
  node.branches = [...node.templates.values()].sort((left, right) => compareSpecificity(left.segment, right.segment))
  for (const child of node.literals.values()) sortBranches(child)
  for (const { node: child } of node.branches) sortBranches(child)
}

function newNode(): Node {
  return { literals: new Map(), folded: new Map(), templates: new Map(), branches: [], leaves: new Map() }
}
