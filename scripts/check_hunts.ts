// docs/hunts.md: where a stranger finds what. Each hunt begins in ARCHITECTURE.md, and every step leads to the next.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import type { Source } from './sources.ts'

const start = 'ARCHITECTURE.md'
const hopsMax = 3

export function checkHunts(): readonly string[] {
  const path = 'docs/hunts.md'
  const read = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')
  return findHuntProblems({ path, text: read(path) }, read)
}

/** A hunt is a heading, then a list with a link a step; the last names, in backquotes, what is found there. */
export function findHuntProblems({ path, text }: Source, read: (path: string) => string): readonly string[] {
  const hunts = text.split(/^## /m).slice(1)
  if (hunts.length === 0) return [`${path}: there are no hunts`]
  return hunts.flatMap((hunt) => {
    const name = hunt.slice(0, hunt.indexOf('\n'))
    const steps = hunt.split(/^\d+\. /m).slice(1)
    return steps.length === 0 ? [`${path}: "${name}" has no steps`] : findStepProblem(name, path, steps, read)
  })
}

function findStepProblem(
  name: string,
  path: string,
  steps: readonly string[],
  read: (path: string) => string,
): readonly string[] {
  if (steps.length > hopsMax) return [`${path}: "${name}" has more than ${hopsMax} hops`]
  let from = start
  for (const step of steps) {
    const link = /\]\(([^)#\s]+)/.exec(step)?.[1]
    if (link === undefined) return [`${path}: "${name}" has a step without a link`]
    const to = normalize(join(dirname(path), link))
    if (!leads(from, to, read)) return [`${path}: "${name}": ${from} does not lead to ${to}`]
    from = to
  }
  const found = /`([^`]+)`(?!\])/.exec((steps.at(-1) ?? '').replace(/\[[^\]]*\]/g, ''))?.[1]
  if (found === undefined) return [`${path}: "${name}" does not name what is found`]
  return read(from).includes(found) ? [] : [`${path}: "${name}": ${from} does not have \`${found}\``]
}

/** By a link of a document, or by an import of a source file, through the index of another package too. */
function leads(from: string, to: string, read: (path: string) => string): boolean {
  const text = read(from)
  if (read(to) === '') return false
  if (from.endsWith('.md')) return targetsOf(from, text, /\]\(([^)#\s]+)/g).includes(to)
  if (targetsOf(from, text, /(?:from|import\() ?'(\.[^']+)'/g).includes(to)) return true
  const [, name] = /^packages\/(\w+)\/src\//.exec(to) ?? []
  const imports = text.matchAll(new RegExp(`import (?:type )?\\{([^}]*)\\} from '@countersign/${name}[/\\w]*'`, 'g'))
  const names = [...imports].flatMap(([, list = '']) =>
    list.split(',').map((each) => each.trim().replace(/^type /, '')),
  )
  return names.some((each) => each !== '' && new RegExp(`^export [a-z ]*\\b${each}\\b`, 'm').test(read(to)))
}

function targetsOf(from: string, text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([, target = '']) => normalize(join(dirname(from), target)))
}

if (import.meta.main) for (const problem of checkHunts()) process.stdout.write(`${problem}\n`)
