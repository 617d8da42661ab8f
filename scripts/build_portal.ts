// `npm run build:portal`: the portal's files, compressed, in `dist` of its package. `dev` runs it when they are missing or older
// than what they are made from. With `--to FOLDER` they are made there alone: those in `dist` may be served at the moment.
import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { brotliCompressSync, gzipSync, constants as zlib } from 'node:zlib'

const root = resolve(import.meta.dirname, '..')
const portal = join(root, 'packages/portal')
const out = join(portal, 'dist')

/** The paths of all that the files are made from: sources, this script, and the versions of what goes into them. */
function sourcesOf(): readonly string[] {
  const own = globSync('src/**/*.{ts,tsx,css}', { cwd: portal, exclude: (name) => name.endsWith('.test.ts') })
  const versions = [join(portal, 'package.json'), join(root, 'package-lock.json')]
  return [...own.map((path) => join(portal, path)), ...versions, import.meta.filename]
}

/** Whether the build in `folder` is missing, or began before one of the sources was changed. */
export function isBuildStale(folder: string, sources: readonly string[]): boolean {
  const begunAt = changedAt(join(folder, 'manifest.json'))
  return begunAt === undefined || sources.some((path) => (changedAt(path) ?? 0) > begunAt)
}

function changedAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}

/** Made in a folder of its own and then put in place: readers see the former build or this one, and a failure changes nothing. */
async function buildPortal(): Promise<void> {
  const begunAt = Date.now()
  const next = join(out, `${nextStem}${process.pid}`)
  for (const left of globSync(`${nextStem}*`, { cwd: out })) if (!isRunning(left)) remove(join(out, left))
  try {
    await make(next)
    putInPlace(next, out, begunAt)
  } finally {
    remove(next)
  }
}

const nextStem = '.next-'

/** A build that was ended in its midst leaves its folder behind. */
function isRunning(folder: string): boolean {
  try {
    return process.kill(Number(folder.slice(nextStem.length)), 0)
  } catch {
    return false
  }
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true })
}

async function make(next: string): Promise<void> {
  const { build } = await import('vite')
  await build({
    configFile: false,
    root: portal,
    base: './',
    logLevel: 'error',
    // React's own checks stay out of the files, also where a test builds them.
    define: { 'process.env.NODE_ENV': '"production"' },
    oxc: { jsx: { runtime: 'automatic', development: false } },
    build: {
      outDir: next,
      emptyOutDir: true,
      manifest: 'manifest.json',
      target: 'es2023',
      // Nothing is inlined: the policy of the page allows no data: URL.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: join(portal, 'src/main.tsx') },
    },
  })
  for (const path of globSync('assets/*.{js,css}', { cwd: next })) compress(join(next, path))
}

function compress(path: string): void {
  const bytes = readFileSync(path)
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [zlib.BROTLI_PARAM_QUALITY]: 9 } }))
}

/**
 * The manifest goes last: all that it names is there by then. It carries the time when the build began, so that a source which
 * changed meanwhile is newer. Files of the build before stay, since open pages still load them; those of earlier ones go.
 */
export function putInPlace(next: string, folder: string, begunAt: number): void {
  const manifest = join(folder, 'manifest.json')
  const before = filesNamedBy(manifest)
  const made = globSync('assets/*', { cwd: next })
  utimesSync(join(next, 'manifest.json'), begunAt / 1000, begunAt / 1000)
  mkdirSync(join(folder, 'assets'), { recursive: true })
  for (const path of made) renameSync(join(next, path), join(folder, path))
  renameSync(join(next, 'manifest.json'), manifest)
  // The same again: the build before is still the one of other files.
  if ([...filesNamedBy(manifest)].every((path) => before.has(path))) return
  for (const path of globSync('assets/*', { cwd: folder }))
    if (!made.includes(path) && !before.has(path.replace(/\.(?:br|gz)$/, '')))
      rmSync(join(folder, path), { force: true })
}

interface Chunk {
  readonly file: string
  readonly css?: readonly string[]
  readonly assets?: readonly string[]
}

function filesNamedBy(manifest: string): ReadonlySet<string> {
  if (changedAt(manifest) === undefined) return new Set()
  const chunks = Object.values(JSON.parse(readFileSync(manifest, 'utf8')) as Readonly<Record<string, Chunk>>)
  return new Set(chunks.flatMap(({ file, css = [], assets = [] }) => [file, ...css, ...assets]))
}

/** Before the tests, whose processes would otherwise each make the files. */
export async function setup(): Promise<void> {
  if (isBuildStale(out, sourcesOf())) execFileSync(process.execPath, [import.meta.filename])
}

async function run(): Promise<void> {
  const { force, to } = parseArgs({ options: { force: { type: 'boolean' }, to: { type: 'string' } } }).values
  if (to !== undefined) await make(resolve(to))
  else if (force === true || isBuildStale(out, sourcesOf())) await buildPortal()
}

if (import.meta.main) await run()
