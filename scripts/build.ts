// `npm run build`: every public package as JavaScript and declarations, packed into dist/. Nothing else of the project builds.
// The compiled core lies within the verifier, and the published core is a name for it (docs/decisions/0014-core-within-verifier.md).
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { typescript } from './compilers.ts'

/** In the order of the arrows: each is compiled against the declarations of those before it. */
export const packages = ['core', 'verifier', 'openapi', 'store', 'contract', 'server', 'gateway', 'client', 'cli']
const out = resolve('dist')
const coreWithin = join(out, 'verifier/dist/core')

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly imports?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly [member: string]: unknown
}

/** Builds and packs all packages. Gives the packed files, in the order in which they can be published. */
export function build(): readonly string[] {
  rmSync(out, { recursive: true, force: true })
  for (const [index, name] of packages.entries()) {
    say(`${index + 1} of ${packages.length}  compiling ${name}`)
    compile(name)
    if (name === 'server') carryPortal()
  }
  nameCoreWithin()
  // The published core depends on the verifier.
  say('packing')
  return ['verifier', 'core', ...packages.slice(2)].map((name) => {
    const file = pack(name)
    say(`packed ${relative('.', file)}`)
    return file
  })
}

/** It takes a minute: on standard error, so that the names alone are on standard output. */
function say(line: string): void {
  process.stderr.write(`build: ${line}\n`)
}

export function readManifest(name: string): Manifest {
  return JSON.parse(readFileSync(join('packages', name, 'package.json'), 'utf8')) as Manifest
}

/** The folder that has the compiled files of a package. */
function compiledFolder(name: string): string {
  return name === 'core' ? coreWithin : join(out, name, 'dist')
}

function compile(name: string): void {
  const from = resolve('packages', name, 'src')
  const configuration = join(out, `tsconfig.${name}.json`)
  mkdirSync(out, { recursive: true })
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
        outDir: compiledFolder(name),
        typeRoots: [resolve('node_modules/@types')],
        paths: Object.fromEntries(packages.slice(0, packages.indexOf(name)).flatMap(declarationsOf)),
      },
      include: [from],
      // Relative patterns would be looked for below the file that says them.
      exclude: ['*.test.ts', '*.fixture.ts', 'simulation/**', 'conformance/**'].map((own) => join(from, '**', own)),
    }),
  )
  execFileSync(typescript, ['-p', configuration], { stdio: 'inherit' })
  rmSync(configuration)
}

/** The server serves the files of the portal, so its package carries them. */
function carryPortal(): void {
  say('building the portal')
  const to = join(compiledFolder('server'), 'people/portal/files')
  execFileSync(process.execPath, ['scripts/build_portal.ts', '--to', to], { stdio: 'inherit' })
}

/** Each entry of a package that is compiled already, and its declarations. */
function declarationsOf(name: string): readonly (readonly [string, readonly string[]])[] {
  return shippedExports(readManifest(name)).map(([entry, file]) => [
    join('@countersign', name, entry),
    [join(compiledFolder(name), file.replace('./src/', '').replace(/\.ts$/, '.d.ts'))],
  ])
}

/** Inside the verifier `@countersign/core` becomes a relative path; the core of other packages becomes that of the verifier. */
function nameCoreWithin(): void {
  const root = join(out, 'verifier/dist')
  for (const file of globSync('**/*.{js,d.ts}', { cwd: root, exclude: ['core'] })) {
    const path = join(root, file)
    const within = `./${relative(dirname(path), join(coreWithin, 'index.js'))}`.replace('./../', '../')
    writeFileSync(path, readFileSync(path, 'utf8').replace(/(['"])@countersign\/core\1/g, `'${within}'`))
  }
  const folder = join(out, 'core/dist')
  mkdirSync(folder, { recursive: true })
  for (const file of ['index.js', 'index.d.ts']) {
    writeFileSync(join(folder, file), "export * from '@countersign/verifier/core'\n")
  }
}

function pack(name: string): string {
  const source = join('packages', name)
  const target = join(out, name)
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(published(name), null, 2)}\n`)
  cpSync('LICENSE', join(target, 'LICENSE'))
  for (const own of ['README.md', 'bin']) {
    if (existsSync(join(source, own))) cpSync(join(source, own), join(target, own), { recursive: true })
  }
  const packed = execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', out], {
    cwd: target,
    encoding: 'utf8',
  })
  // npm 12 answers with an object, npm 10 and 11 with a list.
  const answer = JSON.parse(packed) as Readonly<Record<string, { readonly filename: string }>>
  const [file] = Object.values(answer)
  if (file === undefined) throw new Error(`${name} was not packed`)
  return join(out, file.filename)
}

/** The manifest as published: `npm pack` does not let `publishConfig` replace `exports`. */
function published(name: string): object {
  const manifest = readManifest(name)
  const entries = shippedExports(manifest).map(([entry, file]) => [entry, built(file, './dist/')])
  return {
    ...manifest,
    exports: Object.fromEntries(entries),
    ...(name === 'verifier' ? withCore(manifest, Object.fromEntries(entries)) : {}),
    ...(name === 'core' ? { imports: undefined, dependencies: { '@countersign/verifier': manifest.version } } : {}),
    files: ['dist', 'bin', 'LICENSE', 'README.md'],
    publishConfig: { access: 'public' },
  }
}

/** The verifier's manifest without the core, which its package carries within. */
function withCore({ dependencies }: Manifest, entries: object): object {
  const { '@countersign/core': _within, ...others } = dependencies
  const imports = Object.entries(readManifest('core').imports ?? {}).map(([name, byRuntime]) => {
    const files = Object.entries(byRuntime).map(([runtime, file]) => [runtime, built(file, './dist/core/')])
    return [name, Object.fromEntries(files)]
  })
  return {
    exports: { ...entries, './core': built('./src/index.ts', './dist/core/') },
    imports: Object.fromEntries(imports),
    dependencies: others,
  }
}

function shippedExports({ exports }: Manifest): readonly (readonly [string, string])[] {
  return Object.entries(exports).filter(([entry]) => entry !== './conformance')
}

function built(file: string, folder: string): object {
  const base = file.replace('./src/', folder).replace(/\.ts$/, '')
  return { types: `${base}.d.ts`, default: `${base}.js` }
}

if (import.meta.main) for (const file of build()) process.stdout.write(`${file}\n`)
