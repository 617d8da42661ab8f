// docs/protocol/errors.md is the list of codes that scripts branch on: every code an answer can have stands there.
import { readFileSync } from 'node:fs'
import { isTestOnly, readSources } from './sources.ts'

export function checkErrorCodes(): readonly string[] {
  const documented = readFileSync('docs/protocol/errors.md', 'utf8') + readFileSync('docs/protocol/oauth.md', 'utf8')
  const sources = readSources('packages/{server,gateway,core}/src/**/*.ts').filter(({ path }) => !isTestOnly(path))
  return sources.flatMap(({ path, text }) => {
    const codes = text.matchAll(/(?:ProblemError|problemAnswer|OauthError|refusal)\(\s*(?:\d{3},\s*)?'([a-z_]+)'/g)
    return [...codes].flatMap(([, code]) =>
      documented.includes(`\`${code}\``) ? [] : [`${path}: ${code} stands in no list of docs/protocol`],
    )
  })
}

if (import.meta.main) for (const problem of checkErrorCodes()) process.stdout.write(`${problem}\n`)
