// docs/protocol/operations.md is made from the OpenAPI document: `node scripts/operations_page.ts` writes it, and
// `npm run check` compares it.
import { readFileSync, writeFileSync } from 'node:fs'

const page = 'docs/protocol/operations.md'
const lineLengthMax = 100

const head = `# Operations of the management API

Made from the OpenAPI document (\`GET /openapi.json\`), which also has every member with its meaning. Each operation is
shown with a request and its answer; all of them together are one story, and a test sends it to a server. Secrets are
cut off at \`…\`. The rules that hold for all operations are in [management.md](management.md).
`

interface Content {
  readonly content: Readonly<Record<string, { readonly example?: unknown }>>
}

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly security: readonly { readonly countersign: readonly string[] }[]
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly example?: unknown }[]
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content>>
}

export async function checkOperationsPage(): Promise<readonly string[]> {
  const isSame = readFileSync(page, 'utf8') === (await operationsPage())
  return isSame ? [] : [`${page} differs from the OpenAPI document: node scripts/operations_page.ts`]
}

async function operationsPage(): Promise<string> {
  const { openapiDocument } = await import('../packages/contract/src/index.ts')
  const { paths } = openapiDocument({ issuer: 'https://auth.example', version: '0' }) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const byTag = Map.groupBy(operations, ({ operation }) => operation.tags[0] as string)
  const parts = [...byTag].map(([tag, members]) => `## ${heading(tag)}\n\n${members.map(section).join('\n')}`)
  return `${head}\n${parts.join('\n')}`
}

function heading(tag: string): string {
  return tag === 'apis' ? 'APIs' : tag.charAt(0).toUpperCase() + tag.slice(1)
}

function section({ path, method, operation }: { path: string; method: string; operation: Operation }): string {
  const scopes = operation.security.map(({ countersign }) => `\`${countersign[0]}\``).join(' or ')
  const [[status, answer]] = Object.entries(operation.responses) as [[string, Content]]
  const sent = Object.values(operation.requestBody?.content ?? {})[0]?.example
  const example = Object.values(answer.content)[0]?.example
  return [
    `### ${operation.operationId}`,
    `\`${method} ${path}\`, with ${scopes}. ${operation.summary}.`,
    `\`\`\`http\n${method} ${target(path, operation)}${sent === undefined ? '' : `\n\n${formatJson(sent)}`}\n\`\`\``,
    `\`\`\`http\n${status}\n\n${typeof example === 'string' ? example.trimEnd() : formatJson(example)}\n\`\`\`\n`,
  ].join('\n\n')
}

/** The path with its example parameters. */
function target(path: string, { parameters }: Operation): string {
  const given = (where: string) => parameters.filter((it) => it.in === where && it.example !== undefined)
  const filled = given('path').reduce((text, { name, example }) => text.replace(`{${name}}`, String(example)), path)
  const query = new URLSearchParams(given('query').map(({ name, example }) => [name, String(example)]))
  return query.size === 0 ? filled : `${filled}?${query}`
}

/** JSON with each part that fits on one line. */
function formatJson(value: unknown, indent = ''): string {
  const line = JSON.stringify(value, null, 1).replaceAll(/\n\s*/g, ' ')
  if (typeof value !== 'object' || value === null || indent.length + line.length <= lineLengthMax) return line
  const inner = `${indent}  `
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  const parts = Object.entries(value).map(([name, member]) =>
    Array.isArray(value)
      ? inner + formatJson(member, inner)
      : `${inner}${JSON.stringify(name)}: ${formatJson(member, inner)}`,
  )
  return `${open}\n${parts.join(',\n')}\n${indent}${close}`
}

if (import.meta.main) writeFileSync(page, await operationsPage())
