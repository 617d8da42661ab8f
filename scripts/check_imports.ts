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
  portal: ['client', 'contract'],
  cli: ['core', 'client', 'contract', 'openapi', 'verifier', 'server', 'gateway'],
}

/** Imported only as types: nothing of it may reach a browser. */
const typesOnly = new Set(['client contract', 'portal client', 'portal contract'])

/**
 * Inside `server`, each folder and each root file imports only from those named, besides itself, `limits.ts` and the types of
 * `context.ts`. Not listed: `server.ts`, which wires, and `index.ts`, which exports.
 */
const serverArrows: Readonly<Record<string, readonly string[]>> = {
  http: [],
  redis: [],
  keys: [],
  observe: ['http', 'keys'],
  feed: ['keys', 'restore'],
  restore: ['feed', 'keys', 'observe', 'run', 'tenants'],
  apis: ['feed'],
  tenants: ['feed', 'keys'],
  caller: ['feed', 'http', 'tenants'],
  single_use: [],
  outbound: [],
  mail: [],
  issuers: ['feed', 'outbound'],
  people: ['caller', 'feed', 'http', 'keys', 'mail', 'oauth', 'outbound', 'single_use', 'tenants'],
  oauth: ['caller', 'feed', 'http', 'keys', 'single_use', 'tenants'],
  verification: ['caller', 'feed', 'http'],
  management: ['apis', 'caller', 'feed', 'http', 'issuers', 'keys', 'oauth', 'outbound', 'people', 'tenants'],
  run: [
    'feed',
    'http',
    'keys',
    'mail',
    'management',
    'oauth',
    'observe',
    'outbound',
    'people',
    'redis',
    'restore',
    'tenants',
    'server.ts',
  ],
  'limits.ts': [],
  'context.ts': [],
  'server_options.ts': [],
  'create_services.ts': [
    'apis',
    'caller',
    'feed',
    'issuers',
    'keys',
    'mail',
    'management',
    'oauth',
    'observe',
    'outbound',
    'people',
  ],
  'mount.ts': ['management', 'oauth', 'observe', 'people', 'verification'],
}

/** As types: what is told apart at run time is not joined here. */
const serverTypes: Readonly<Record<string, readonly string[]>> = {
  redis: ['observe'],
  keys: ['feed', 'observe'],
  observe: ['redis'],
  feed: ['observe'],
  issuers: ['observe'],
  mail: ['observe'],
  oauth: ['observe'],
  run: ['server_options.ts'],
  'context.ts': [
    'apis',
    'caller',
    'feed',
    'issuers',
    'keys',
    'mail',
    'management',
    'oauth',
    'observe',
    'outbound',
    'people',
    'redis',
  ],
  'create_services.ts': ['redis', 'server_options.ts'],
  'server_options.ts': ['feed', 'keys', 'mail', 'observe', 'outbound', 'people', 'redis'],
  'mount.ts': ['http'],
}

export function checkImports(): readonly string[] {
  const sources = readSources('packages/*/src/**/*.{ts,tsx}').filter(({ path }) => !isTestOnly(path))
  const endpoints = endpointsOf(sources)
  return [
    ...sources.flatMap((source) => importsOf(source).flatMap((found) => judge(source.path, found, endpoints))),
    ...sources.flatMap(lookupsBesideReach),
  ]
}

/** Records that have an owner, read where a caller's reach is not asked for. */
const ownedLookup =
  /\.(?:apis|clients|keys|tokens|signingKeys|audit|accounts|teams)\s*\.(?:find|list)\w*\(|\.usage\s*\.(?:series|last)\w*\(/

/** Management looks up through `find.ts` alone: what is beyond a caller's reach is not there (docs/security/invariants.md §12). */
export function lookupsBesideReach({ path, text }: Source): readonly string[] {
  if (!path.startsWith('packages/server/src/management/') || path.endsWith('/find.ts')) return []
  return text
    .split('\n')
    .flatMap((line, index) =>
      ownedLookup.test(line) && !line.includes('wholeTenant(')
        ? [`${path}:${index + 1}: look it up in find.ts, with the caller’s reach`]
        : [],
    )
}

/** The files that only `mount.ts` may import: endpoints do not call each other. */
function endpointsOf(sources: readonly Source[]): ReadonlySet<string> {
  const mount = sources.find(({ path }) => path === mountFile)
  if (mount === undefined) throw new Error(`${mountFile} is gone: say here where endpoints are mounted`)
  const files = importsOf(mount).filter(({ from, isType }) => from.startsWith('.') && !isType)
  return new Set(files.map(({ from }) => resolvePath(mountFile, from)))
}

const mountFile = 'packages/server/src/mount.ts'

function resolvePath(path: string, from: string): string {
  return new URL(from, `file:///${path}`).pathname.slice(1)
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

function judge(path: string, { from, isType }: Import, endpoints: ReadonlySet<string>): readonly string[] {
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
  if (name !== 'server' || !from.startsWith('.')) return []
  const target = resolvePath(path, from)
  if (endpoints.has(target) && path !== mountFile) return [`${path}: only mount.ts imports an endpoint: ${target}`]
  return judgeServer(path, target, isType)
}

function judgeServer(path: string, target: string, isType: boolean): readonly string[] {
  const own = roomOf(path)
  const room = roomOf(target)
  const allowed = serverArrows[own]
  if (allowed === undefined || room === own || room === 'limits.ts' || allowed.includes(room)) return []
  if (isType && (room === 'context.ts' || serverTypes[own]?.includes(room) === true)) return []
  return [`${path}: ${own} may not import ${room}${isType ? '' : ' but as types'}`]
}

/** `oauth` of `packages/server/src/oauth/token.ts`, or the name of a root file. */
function roomOf(path: string): string {
  return path.split('/')[3] as string
}

if (import.meta.main) report(checkImports())

export function report(problems: readonly string[]): void {
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  process.exitCode = problems.length === 0 ? 0 : 1
}
