// Every published flaw on our list has a test named after it: conformance/flaws.json.
import { readFileSync } from 'node:fs'
import { readSources } from './sources.ts'

interface Flaws {
  /** Ids whose class is tested here. */
  readonly applied: readonly string[]
  readonly notYet: readonly { readonly id: string; readonly why: string }[]
}

export function checkFlaws(): readonly string[] {
  const { applied, notYet } = JSON.parse(readFileSync('conformance/flaws.json', 'utf8')) as Flaws
  const tests = readSources('{packages,conformance}/**/*.test.ts')
  const untested = applied.filter((id) => !tests.some(({ text }) => text.includes(id)))
  const unexplained = notYet.filter(({ why }) => why === '')
  return [
    ...untested.map((id) => `no test is named after ${id}`),
    ...unexplained.map(({ id }) => `${id} is not tested and nobody says why`),
  ]
}

if (import.meta.main) for (const problem of checkFlaws()) process.stdout.write(`${problem}\n`)
