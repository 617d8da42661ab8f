// `npm run build`: every public package as JavaScript and declarations, packed into dist/. Nothing else of the project builds.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** In the order of the arrows: each is compiled against the declarations of those before it. */
const packages = ['core', 'verifier', 'openapi', 'store', 'contract', 'server', 'gateway', 'client', 'cli']
const out = resolve('dist')

interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Readonly<Record<string, string>>
  readonly imports?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly bin?: Readonly<Record<string, string>>
  readonly [member: string]: unknown
}

/** Packs the packages named, and those they are compiled against. Gives the files. */
export function build(names: readonly string[] = packages): readonly string[] {
  rmSync(out, { recursive: true, force: true })
  return packages.slice(0, Math.max(...names.map((name) => packages.indexOf(name))) + 1).map(buildPackage)
}

function buildPackage(name: string): string {
  const source = join('packages', name)
  const target = join(out, name)
  mkdirSync(target, { recursive: true })
  compile(name, target)
  const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as Manifest
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(published(manifest), null, 2)}\n`)
  cpSync('LICENSE', join(target, 'LICENSE'))
  if (existsSync(join(source, 'bin'))) cpSync(join(source, 'bin'), join(target, 'bin'), { recursive: true })
  const packed = execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', out], {
    cwd: target,
    encoding: 'utf8',
  })
  const answer = JSON.parse(packed) as
    | readonly { readonly filename: string }[]
    | Readonly<Record<string, { readonly filename: string }>>
  const [file] = Object.values(answer)
  if (file === undefined) throw new Error(`${name} was not packed`)
  return join(out, file.filename)
}

function compile(name: string, target: string): void {
  const earlier = packages.slice(0, packages.indexOf(name))
  const from = resolve('packages', name, 'src')
  const configuration = join(target, 'tsconfig.json')
  const paths = earlier.map((other) => [`@countersign/${other}`, [join(out, other, 'dist/index.d.ts')]])
  writeFileSync(
    configuration,
    JSON.stringify({
      extends: resolve('tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        allowImportingTsExtensions: false,
        rewriteRelativeImportExtensions: true,
        declaration: true,
        rootDir: from,
        outDir: join(target, 'dist'),
        typeRoots: [resolve('node_modules/@types')],
        paths: Object.fromEntries(paths),
      },
      include: [from],
      // Relative patterns would be looked for below the file that says them.
      exclude: ['*.test.ts', '*.fixture.ts', 'simulation/**', 'conformance/**'].map((own) => join(from, '**', own)),
    }),
  )
  execFileSync(resolve('node_modules/.bin/tsc'), ['-p', configuration], { stdio: 'inherit' })
  rmSync(configuration)
}

/** The manifest as published: `npm pack` does not let `publishConfig` replace `exports`. */
function published(manifest: Manifest): object {
  const { exports, imports, bin } = manifest
  const shipped = Object.entries(exports).filter(([name]) => name !== './conformance')
  return {
    ...manifest,
    exports: Object.fromEntries(shipped.map(([name, file]) => [name, built(file)])),
    ...(imports === undefined ? {} : { imports: mapValues(imports, (conditions) => mapValues(conditions, built)) }),
    ...(bin === undefined ? {} : { bin }),
    files: ['dist', 'bin', 'LICENSE'],
    publishConfig: { access: 'public' },
  }
}

function built(file: string): object {
  const base = file.replace('./src/', './dist/').replace(/\.ts$/, '')
  return { types: `${base}.d.ts`, default: `${base}.js` }
}

function mapValues<V, W>(record: Readonly<Record<string, V>>, change: (value: V) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))
}

if (import.meta.main) for (const file of build()) process.stdout.write(`${file}\n`)
