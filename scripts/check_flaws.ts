/**
 * Every published flaw of systems like ours, conformance/flaw_ids.json, is in conformance/flaws.json: tried by a test that has
 * its id in its name, or not yet, with a reason. One line a problem.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface FlawList {
  /** Ids that a test names. */
  readonly applied: readonly string[]
  /** Ids that cannot be tried yet, each with its reason. */
  readonly notYet: readonly { readonly id: string; readonly why: string }[]
  /** For each applied id the test file that names it. */
  readonly tests: Readonly<Record<string, string>>
}

/** The problems of the list; empty when it is true. `read` gives a file's text, or undefined where there is none. */
export function findProblems(
  list: FlawList,
  ids: readonly string[],
  read: (file: string) => string | undefined,
): readonly string[] {
  const problems: string[] = []
  const seen = new Set<string>()
  for (const id of [...list.applied, ...list.notYet.map((flaw) => flaw.id)]) {
    if (seen.has(id)) problems.push(`${id} is listed twice`)
    seen.add(id)
  }
  const known = new Set(ids)
  for (const id of known) if (!seen.has(id)) problems.push(`${id} is neither applied nor not yet tried`)
  for (const id of seen) if (!known.has(id)) problems.push(`${id} is no flaw of conformance/flaw_ids.json`)
  for (const id of list.applied) {
    const file = list.tests[id]
    if (file === undefined) problems.push(`${id} is applied, but no test file is given for it`)
    else if (!/\.test\.ts$/.test(file)) problems.push(`${id}: ${file} is no test file`)
    else if (!titlesOf(read(file) ?? '').some((title) => names(title, id)))
      problems.push(`${id}: no test in ${file} has it in its name`)
  }
  const applied = new Set(list.applied)
  for (const id of Object.keys(list.tests))
    if (!applied.has(id)) problems.push(`${id} has a test file, but is not applied`)
  for (const { id, why } of list.notYet)
    if (why.trim() === '') problems.push(`${id} is not yet tried, and no reason is given`)
  return problems
}

/**
 * The names of the tests in a source, and of what groups them: the text that follows `it(`, `test(`, `describe(`, or the
 * parenthesis that ends the cases of `it.each(…)`. A comment is no test, and one that is skipped is none either.
 */
export function titlesOf(source: string): readonly string[] {
  const code = source.replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/^\s*\/\/.*$/gm, '')
  const begin = /(?:(?<![\w.])(?:it|test|describe)(?:\.(?:each|concurrent|sequential|only))*|[)\]`])\s*\(\s*/
  const title = /(['"`])((?:\\.|(?!\1)[^\\])*)\1\s*,/
  return [...code.matchAll(new RegExp(begin.source + title.source, 'gs'))].map(([, , text]) => text as string)
}

/** As a word of its own: CVE-2020-527 is not named by CVE-2020-5270. */
function names(text: string, id: string): boolean {
  const escaped = id.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`(?<![\\w-])${escaped}(?![\\w-])`).test(text)
}

/** The list of this repository against its tests. */
export function checkFlaws(): readonly string[] {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const readJson = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'))
  const list = readJson('conformance/flaws.json') as FlawList
  const ids = Object.values(readJson('conformance/flaw_ids.json') as Record<string, readonly string[]>).flat()
  return findProblems(list, ids, (file) => {
    const path = join(root, file)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  })
}

if (import.meta.main) {
  const problems = checkFlaws()
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  process.exitCode = problems.length === 0 ? 0 : 1
}
