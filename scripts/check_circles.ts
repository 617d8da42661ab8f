// Modules that load each other in a circle run in an order that depends on which of them is loaded first, and the first one
// sees the others unfinished. An `import type` is erased and closes no circle; nor does `import()`, which runs later.
import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { readSources, type Source } from './sources.ts'

/** From the path of a module to the paths of those that it loads. */
type Graph = ReadonlyMap<string, readonly string[]>

/** From the folder of a package and one of its own names, like `#crypto`, to the modules behind that name. */
type Doors = ReadonlyMap<string, readonly string[]>

export function checkCircles(): readonly string[] {
  const circles = circlesOf(readSources('packages/*/src/**/*.{ts,tsx}'), readDoors())
  return circles.map((circle) => `a circle of values: ${circle.join(' → ')}`)
}

function readDoors(): Doors {
  const doors = globSync('packages/*/package.json').flatMap((path) => {
    const { imports = {} } = JSON.parse(readFileSync(path, 'utf8')) as { imports?: Record<string, object> }
    const folder = posix.dirname(path)
    return Object.entries(imports).map(([name, byRuntime]): [string, readonly string[]] => [
      `${folder} ${name}`,
      Object.values(byRuntime).map((file: string) => posix.join(folder, file)),
    ])
  })
  return new Map(doors)
}

/** Gives a circle for each import that closes one, with the first module again at the end. */
export function circlesOf(sources: readonly Source[], doors: Doors = new Map()): readonly (readonly string[])[] {
  const graph: Graph = new Map(sources.map((source) => [source.path, loadedBy(source, doors)]))
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

/** `import { type A }` counts: type stripping leaves `import {}`, which still loads the module. */
function loadedBy({ path, text }: Source, doors: Doors): readonly string[] {
  const statements = text.matchAll(
    /^(?:import\s+(?!type\s)(?:[^'";]*?\sfrom\s+)?|export\s+[*{][^'";]*?\sfrom\s+)'([.#][^']+)'/gm,
  )
  const [folder] = path.split('/src/')
  return [...statements].flatMap(([, from = '']) =>
    from.startsWith('#') ? (doors.get(`${folder} ${from}`) ?? []) : [posix.join(posix.dirname(path), from)],
  )
}

if (import.meta.main) for (const problem of checkCircles()) process.stdout.write(`${problem}\n`)
