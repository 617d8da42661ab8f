// docs/glossary.md: each word stands in the file that is said to define it, and once in the tables.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import type { Source } from './sources.ts'

export function checkGlossary(): readonly string[] {
  const path = 'docs/glossary.md'
  const read = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')
  return findGlossaryProblems({ path, text: read(path) }, read)
}

export function findGlossaryProblems({ path, text }: Source, read: (path: string) => string): readonly string[] {
  const rows = [...text.matchAll(/^\| (.+?) \| .* \| \[`([^`]+)`\]\(([^)]+)\) \|$/gm)]
  const words = rows.map(([, word = '']) => word)
  const twice = words.filter((word, index) => words.indexOf(word) !== index)
  const missing = rows.filter(([, , identifier = '', link = '']) => !hasWord(read(targetOf(path, link)), identifier))
  return [
    ...(rows.length === 0 ? ['it has no words'] : []),
    ...twice.map((word) => `${word} has two meanings`),
    ...missing.map(([, word, identifier, link = '']) => `${word}: ${targetOf(path, link)} does not have ${identifier}`),
  ].map((problem) => `${path}: ${problem}`)
}

function targetOf(path: string, link: string): string {
  return normalize(join(dirname(path), link))
}

function hasWord(text: string, word: string): boolean {
  return text.split(word).some((before, index, parts) => {
    const after = parts[index + 1]
    return after !== undefined && !/\w$/.test(before) && !/^\w/.test(after)
  })
}

if (import.meta.main) for (const problem of checkGlossary()) process.stdout.write(`${problem}\n`)
