// `npm run build:portal`: the portal's files, compressed, in `dist` of its package. `dev` runs it when they are missing or older
// than what they are made from.
import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { brotliCompressSync, gzipSync, constants as zlib } from 'node:zlib'

const root = resolve(import.meta.dirname, '..')
const portal = join(root, 'packages/portal')
const out = join(portal, 'dist')

/** Whether the files are missing, or older than a source, this script or the versions of what goes into them. */
export function isPortalStale(): boolean {
  const builtAt = statSync(join(out, 'manifest.json'), { throwIfNoEntry: false })?.mtimeMs
  if (builtAt === undefined) return true
  const sources = globSync('src/**/*.{ts,tsx,css}', { cwd: portal, exclude: (name) => name.endsWith('.test.ts') })
  const made = [...sources.map((path) => join(portal, path)), join(portal, 'package.json'), import.meta.filename]
  return made.some((path) => statSync(path).mtimeMs > builtAt)
}

/** Into a folder of its own that then takes the place of the former: whoever reads meanwhile sees one or the other. */
export async function buildPortal(): Promise<void> {
  const { build } = await import('vite')
  const next = join(portal, `dist/.next-${process.pid}`)
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
  takePlace(next)
}

function compress(path: string): void {
  const bytes = readFileSync(path)
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [zlib.BROTLI_PARAM_QUALITY]: 9 } }))
}

/** The manifest last: what it names is there by then. Files of before stay for pages that are open. */
function takePlace(next: string): void {
  const former = globSync('assets/*', { cwd: out })
  const made = globSync('assets/*', { cwd: next })
  mkdirSync(join(out, 'assets'), { recursive: true })
  for (const path of made) renameSync(join(next, path), join(out, path))
  renameSync(join(next, 'manifest.json'), join(out, 'manifest.json'))
  rmSync(next, { recursive: true })
  const dayAgo = Date.now() - 86_400_000
  for (const path of former)
    if (!made.includes(path) && statSync(join(out, path)).mtimeMs < dayAgo) rmSync(join(out, path))
}

/** Before the tests, whose processes would otherwise each make the files. */
export async function setup(): Promise<void> {
  if (isPortalStale()) execFileSync(process.execPath, [import.meta.filename])
}

if (import.meta.main && (process.argv.includes('--force') || isPortalStale())) await buildPortal()
