// Every reason for a refusal is shown by a test of the engine or of core: a code nobody can provoke is a claim.
import { readFileSync } from 'node:fs'
import { readSources } from './sources.ts'

export function checkRejections(): readonly string[] {
  const source = readFileSync('packages/core/src/rejection.ts', 'utf8')
  const union = source.slice(0, source.indexOf('export type RejectionCode'))
  const codes = new Set([...union.matchAll(/'([a-z_]+)'/g)].map(([, code]) => code as string))
  const tests = readSources('packages/{core,verifier,server}/src/**/*.test.ts').filter(
    ({ path }) => !path.endsWith('/rejection.test.ts'),
  )
  return [...codes]
    .filter((code) => !tests.some(({ text }) => text.includes(`'${code}'`)))
    .map((code) => `no test provokes ${code}`)
}

if (import.meta.main) for (const problem of checkRejections()) process.stdout.write(`${problem}\n`)
