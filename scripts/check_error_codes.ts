// docs/protocol/errors.md is the list of codes that scripts branch on: every code an answer can have stands there.
import { readFileSync } from 'node:fs'
import { isTestOnly, readSources } from './sources.ts'

export async function checkErrorCodes(): Promise<readonly string[]> {
  const { auditActions, problemCodes } = await import('../packages/contract/src/index.ts')
  return [...undocumented(), ...otherThanListed(problemCodes), ...unknownActions(auditActions)]
}

function undocumented(): readonly string[] {
  const pages = ['errors', 'oauth', 'authorize'].map((name) => readFileSync(`docs/protocol/${name}.md`, 'utf8'))
  const documented = pages.join('\n')
  const sources = readSources('packages/{server,gateway,core}/src/**/*.ts').filter(({ path }) => !isTestOnly(path))
  return sources.flatMap(({ path, text }) => {
    const codes = text.matchAll(/(?:ProblemError|problemAnswer|OauthError|refusal)\(\s*(?:\d{3},\s*)?'([a-z_]+)'/g)
    return [...codes].flatMap(([, code]) =>
      documented.includes(`\`${code}\``) ? [] : [`${path}: ${code} stands in no list of docs/protocol`],
    )
  })
}

/** The table of the management API names the codes that the contract lists, and those of a protected API. */
function otherThanListed(problemCodes: readonly string[]): readonly string[] {
  const page = readFileSync('docs/protocol/errors.md', 'utf8')
  const tables = page.slice(page.indexOf('## 1.'), page.indexOf('## 3.'))
  const table = tables.slice(tables.indexOf('## 2.'))
  const missing = problemCodes.filter((code) => !tables.includes(`\`${code}\``))
  const rows = table.split('\n').filter((line) => /^\| \d/.test(line))
  const unlisted = [...rows.join('').matchAll(/`([a-z_]+)`/g)].filter(
    ([, code]) => !problemCodes.includes(code as string),
  )
  return [
    ...missing.map((code) => `docs/protocol/errors.md: ${code} is answered and stands in no table`),
    ...unlisted.map(([, code]) => `packages/contract/src/codes.ts: ${code} is documented and not listed`),
  ]
}

/** Literals of audit events; a function that takes an action takes an `AuditAction`. */
function unknownActions(auditActions: readonly string[]): readonly string[] {
  const sources = readSources('packages/{server,store}/src/**/*.ts').filter(
    ({ path }) => !isTestOnly(path) && !/\/(simulation|conformance|migrations)\//.test(path),
  )
  return sources.flatMap(({ path, text }) =>
    [...text.matchAll(/\baction: '([^']+)'/g)].flatMap(([, action]) =>
      auditActions.includes(action as string)
        ? []
        : [`${path}: ${action} is not listed in packages/contract/src/codes.ts`],
    ),
  )
}

if (import.meta.main) for (const problem of await checkErrorCodes()) process.stdout.write(`${problem}\n`)
