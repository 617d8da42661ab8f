// The workspace links every sibling at the root, so an undeclared import would work by accident: the arrows of ARCHITECTURE.md.
import { isTestOnly, readSources, type Source } from './sources.ts'

/** Package to those of ours that it may import. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  core: [],
  verifier: ['core'],
  openapi: ['core'],
  store: ['core'],
  contract: ['core', 'openapi'],
  server: ['core', 'verifier', 'openapi', 'store', 'contract'],
  gateway: ['core', 'verifier', 'openapi'],
  client: ['core', 'contract'],
  cli: ['core', 'client', 'contract', 'openapi', 'verifier', 'server', 'gateway'],
}

/** Imported only as types: nothing of it may reach a browser. */
const typesOnly = new Set(['client contract'])

export function checkImports(): readonly string[] {
  return readSources('packages/*/src/**/*.ts')
    .filter(({ path }) => !isTestOnly(path))
    .flatMap((source) => importsOf(source).flatMap((found) => judge(source.path, found)))
}

interface Import {
  readonly from: string
  readonly isType: boolean
}

function importsOf({ text }: Source): readonly Import[] {
  const statements = text.matchAll(
    /^\s*(?:import|export)\s+(type\s+)?[^'";]*?from\s+'([^']+)'|import\s*\(?\s*'([^']+)'/gm,
  )
  return [...statements].map(([, type, from, bare]) => ({ from: from ?? (bare as string), isType: type !== undefined }))
}

function judge(path: string, { from, isType }: Import): readonly string[] {
  const [, name = ''] = path.split('/')
  if (from.startsWith('@countersign/')) {
    const target = from.split('/')[1] as string
    if (!arrows[name]?.includes(target)) return [`${path}: ${name} may not import ${target}`]
    if (typesOnly.has(`${name} ${target}`) && !isType) return [`${path}: ${target} only as types`]
  }
  if (from.startsWith('node:') && name === 'core' && !path.endsWith('/crypto/node.ts'))
    return [`${path}: core imports ${from}`]
  if (from.startsWith('node:') && name === 'verifier' && !path.includes('/adapters/'))
    return [`${path}: verifier imports ${from}`]
  return []
}

if (import.meta.main) report(checkImports())

export function report(problems: readonly string[]): void {
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  process.exitCode = problems.length === 0 ? 0 : 1
}
