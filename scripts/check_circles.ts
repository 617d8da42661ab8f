// Modules that load each other in a circle run in an order that depends on which of them is loaded first, and the first one
// sees the others unfinished. An `import type` is erased and closes no circle; nor does `import()`, which runs later.
import { posix } from 'node:path'
import { readSources, type Source } from './sources.ts'

/** From the path of a module to the paths of those that it loads. */
type Graph = ReadonlyMap<string, readonly string[]>

export function checkCircles(): readonly string[] {
  return circlesOf(readSources('packages/*/src/**/*.ts')).map((circle) => `a circle of values: ${circle.join(' → ')}`)
}

/** One circle for each group of modules that load each other, its first module repeated at the end. */
export function circlesOf(sources: readonly Source[]): readonly (readonly string[])[] {
  const graph: Graph = new Map(sources.map((source) => [source.path, loadedBy(source)]))
  const finished = new Set<string>()
  const circles: (readonly string[])[] = []
  for (const path of graph.keys()) visit(path, graph, [], finished, circles)
  return circles
}

/** Depth first: a module that is met again while it is still under way closes a circle. */
function visit(path: string, graph: Graph, way: string[], finished: Set<string>, circles: (readonly string[])[]): void {
  const met = way.indexOf(path)
  if (met >= 0) circles.push([...way.slice(met), path])
  if (met >= 0 || finished.has(path)) return
  way.push(path)
  for (const next of graph.get(path) ?? []) visit(next, graph, way, finished, circles)
  way.pop()
  finished.add(path)
}

/** `import { type A }` counts: what remains of it after type stripping, `import {}`, still loads the module. */
function loadedBy({ path, text }: Source): readonly string[] {
  const statements = text.matchAll(
    /^(?:import\s+(?!type\s)(?:[^'";]*?\sfrom\s+)?|export\s+[*{][^'";]*?\sfrom\s+)'(\.[^']+)'/gm,
  )
  return [...statements].map(([, from = '']) => posix.join(posix.dirname(path), from))
}

if (import.meta.main) for (const problem of checkCircles()) process.stdout.write(`${problem}\n`)
