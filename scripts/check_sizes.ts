// How large a file, a folder and a function may be, but for what is listed with its reason. Tests and fixtures are apart.
import { dirname } from 'node:path'
import { report } from './check_imports.ts'
import { isTestOnly, readSources, type Source } from './sources.ts'

const fileLinesMax = 350
const folderFilesMax = 25
const functionLinesMax = 60

/** Longer functions that read from the top: a table, or one straight line. */
const longFunctions: Readonly<Record<string, string>> = {
  'packages/cli/src/dev/dev.ts start': 'one straight line: everything that `dev` starts, in its order',
  'packages/server/src/create_services.ts createServices': 'a table of services',
  'packages/server/src/management/operation.ts write': 'one straight line, its steps numbered',
  'packages/server/src/observe/gauges.ts registerGauges': 'a table of gauges',
  'packages/server/src/observe/metrics.ts createMetrics': 'a table of counters',
  'packages/server/src/restore/merge_entry.ts mergeEntry': 'a table: an arm for each type of object',
  'packages/server/src/server.ts createServer': 'one straight line: the parts in their order',
}

export function checkSizes(): readonly string[] {
  const sources = readSources('packages/*/src/**/*.{ts,tsx}').filter(({ path }) => !isTestOnly(path))
  return [...sources.flatMap(longFile), ...largeFolders(sources), ...longFunctionsOf(sources)]
}

function longFile({ path, text }: Source): readonly string[] {
  const lines = text.trimEnd().split('\n').length
  return lines <= fileLinesMax ? [] : [`${path}: ${lines} lines, of at most ${fileLinesMax}: are these two nouns?`]
}

function largeFolders(sources: readonly Source[]): readonly string[] {
  const byFolder = Map.groupBy(sources, ({ path }) => dirname(path))
  return [...byFolder]
    .filter(([, files]) => files.length > folderFilesMax)
    .map(
      ([folder, files]) =>
        `${folder}: ${files.length} files, of at most ${folderFilesMax}: which of them share a noun?`,
    )
}

function longFunctionsOf(sources: readonly Source[]): readonly string[] {
  const found = sources.flatMap(({ path, text }) =>
    functionsOf(text).map((it) => ({ ...it, name: `${path} ${it.name}` })),
  )
  const long = new Map(found.filter(({ lines }) => lines > functionLinesMax).map(({ name, lines }) => [name, lines]))
  return [
    ...[...long]
      .filter(([name]) => longFunctions[name] === undefined)
      .map(([name, lines]) => `${name}: ${lines} lines, of at most ${functionLinesMax}`),
    ...Object.keys(longFunctions)
      .filter((name) => !long.has(name))
      .map((name) => `${name} is listed as long, and is not: take it out of scripts/check_sizes.ts`),
  ]
}

/** Functions, and methods of classes, as the formatter writes them: they end with a brace at the depth of their first line. */
export function functionsOf(text: string): readonly { readonly name: string; readonly lines: number }[] {
  const lines = text.split('\n')
  return lines.flatMap((line, index) => {
    const [, depth, name, method] =
      /^(\s*)(?:export )?(?:async )?function\*? (\w+)|^ {2}(?:static |async |get )*(#?\w+)\(.*\{$/.exec(line) ?? []
    if (name === undefined && (method === undefined || statements.has(method))) return []
    const end = lines.findIndex((other, at) => at > index && other === `${depth ?? '  '}}`)
    return end < 0 ? [] : [{ name: name ?? (method as string), lines: end - index + 1 }]
  })
}

const statements = new Set(['if', 'for', 'while', 'switch'])

if (import.meta.main) report(checkSizes())
