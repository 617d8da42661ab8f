/** A published flaw that we say we are tested against must be named by the test: conformance/flaws.json. One line a problem. */
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

/** What does not hold; empty when the list is true. `read` gives a file's text, or undefined where there is none. */
export function findProblems(list: FlawList, read: (file: string) => string | undefined): readonly string[] {
  const problems: string[] = []
  const seen = new Set<string>()
  for (const id of [...list.applied, ...list.notYet.map((flaw) => flaw.id)]) {
    if (seen.has(id)) problems.push(`${id} is listed twice`)
    seen.add(id)
  }
  for (const id of list.applied) {
    const file = list.tests[id]
    if (file === undefined) problems.push(`${id} is applied, but no test file is given for it`)
    else if (!/\.test\.ts$/.test(file)) problems.push(`${id}: ${file} is no test file`)
    else if (!names(read(file), id)) problems.push(`${id}: ${file} does not name it`)
  }
  const applied = new Set(list.applied)
  for (const id of Object.keys(list.tests))
    if (!applied.has(id)) problems.push(`${id} has a test file, but is not applied`)
  for (const { id, why } of list.notYet)
    if (why.trim() === '') problems.push(`${id} is not yet tried, and no reason is given`)
  return problems
}

/** As a word of its own: CVE-2020-527 is not named by CVE-2020-5270. */
function names(text: string | undefined, id: string): boolean {
  if (text === undefined) return false
  const escaped = id.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`(?<![\\w-])${escaped}(?![\\w-])`).test(text)
}

/** The list of this repository against its tests. */
export function checkFlaws(): readonly string[] {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const list = JSON.parse(readFileSync(join(root, 'conformance/flaws.json'), 'utf8')) as FlawList
  return findProblems(list, (file) => {
    const path = join(root, file)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  })
}

if (import.meta.main) {
  const problems = checkFlaws()
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  process.exitCode = problems.length === 0 ? 0 : 1
}
