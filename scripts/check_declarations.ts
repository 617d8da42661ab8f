// The declarations of the packed packages as compilers of users read them: TypeScript 5 and 7, by the rules of Node and of a
// bundler, with no declaration left out.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { examplesOf, unknownName } from './check_examples.ts'
import { typescript, typescript5 } from './compilers.ts'
import { layOut, nameOf } from './packed_set.ts'
import { readSources } from './sources.ts'

/** `rule`: by which the short form compiles. */
const compilers = {
  'TypeScript 5': { compiler: typescript5, rule: 'node16' },
  'TypeScript 7': { compiler: typescript, rule: 'bundler' },
}
const resolutions = {
  node16: { module: 'node16', moduleResolution: 'node16' },
  bundler: { module: 'preserve', moduleResolution: 'bundler' },
}

/** Entries for APIs that run without Node, and so without its types. */
const anywhere = ['', '/fetch', '/next', '/testing'].map((entry) => `@countersign/verifier${entry}`)

const withoutAudience = `
import { createVerifier, type Outcome } from '@countersign/verifier'
// @ts-expect-error: what protects has no default
const verifier = createVerifier({ issuer: 'https://a', credential: 'c' })
export const outcome: Promise<Outcome> = verifier.verifyRequest(new Request('http://x/'))
`

/** Gives one line for each error of a compiler. `isFull`: each compiler by both rules, and not by one each. */
export function checkDeclarations(files: readonly string[], isFull: boolean): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-declarations-'))
  try {
    layOut(files, folder)
    writeFileSync(join(folder, 'package.json'), '{"type":"module","private":true}')
    const entries = files.flatMap((file) => entriesOf(folder, nameOf(file)))
    writeProject(join(folder, 'everything'), entries, readSources('{.,packages/*}/README.md').flatMap(examplesOf))
    writeProject(join(folder, 'anywhere'), anywhere, [{ code: withoutAudience }])
    return Object.entries(compilers).flatMap(([name, { compiler, rule }]) =>
      Object.entries(resolutions)
        .filter(([resolution]) => isFull || resolution === rule)
        .flatMap(([resolution, options]) =>
          [
            ...compile(compiler, join(folder, 'everything'), { ...options, types: ['node'] }),
            ...compile(compiler, join(folder, 'anywhere'), { ...options, types: [] }),
          ].map((problem) => `${name}, ${resolution}: ${problem}`),
        ),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function entriesOf(folder: string, name: string): readonly string[] {
  const manifest = readFileSync(join(folder, 'node_modules/@countersign', name, 'package.json'), 'utf8')
  const { exports } = JSON.parse(manifest) as { readonly exports: object }
  return Object.keys(exports).map((entry) => join('@countersign', name, entry))
}

function writeProject(
  project: string,
  entries: readonly string[],
  examples: readonly { readonly code: string }[],
): void {
  mkdirSync(project)
  const imports = entries.map((entry, index) => `import * as entry${index} from '${entry}'\n`)
  const names = entries.map((_, index) => `entry${index}`)
  writeFileSync(join(project, 'entries.ts'), `${imports.join('')}export { ${names.join(', ')} }\n`)
  for (const [index, { code }] of examples.entries()) writeFileSync(join(project, `example${index}.ts`), code)
}

function compile(compiler: string, project: string, options: object): readonly string[] {
  const compilerOptions = {
    ...options,
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable', 'dom', 'dom.iterable'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  const { stdout } = spawnSync(compiler, ['-p', project, '--pretty', 'false'], { encoding: 'utf8' })
  return stdout.split('\n').filter((line) => /error TS/.test(line) && !unknownName.test(line))
}
