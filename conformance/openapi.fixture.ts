/** The tools of other makers that judge our OpenAPI document, and what runs them. */
import { existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type Ended, type Environment, python, run } from './clients.fixture.ts'

const tools = resolve('conformance/openapi/node_modules')
const page = readFileSync(new URL('../docs/clients/generated.md', import.meta.url), 'utf8')

/** The reason why no tool can be run here. */
export function missingTools(): string | undefined {
  if (!existsSync(join(tools, '.bin/redocly'))) return 'npm ci --prefix conformance/openapi was not run'
  const isThere = existsSync(join(dirname(python), 'schemathesis'))
  return isThere ? undefined : 'CLIENTS_PYTHON has not what .ci/openapi.txt lists'
}

/** An empty folder with the tools of npm in it. */
export function makeProject(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-openapi-'))
  symlinkSync(tools, join(folder, 'node_modules'))
  return folder
}

/** Runs a command of the tools, on the Node that runs the tests. Nothing is sent to anybody. */
export function runTool(line: string, folder: string, environment: Environment): Promise<Ended> {
  const PATH = [dirname(process.execPath), join(tools, '.bin'), resolve(dirname(python)), process.env.PATH].join(':')
  const quiet = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', NO_COLOR: '1' }
  return run('sh', ['-e', '-c', line], { ...environment, ...quiet, PATH }, folder)
}

/** A section of docs/clients/generated.md: the command that generates a client, and the program that uses it. */
export function sectionOf(title: string): { readonly command: string; readonly program: string } {
  const section = page.split('\n## ').find((text) => text.startsWith(title))
  const [command, program] = [...(section ?? '').matchAll(/^```\w+\n([\s\S]*?)^```/gm)].map(([, block]) => block)
  if (command === undefined || program === undefined) throw new Error(`docs/clients/generated.md: ${title}`)
  return { command, program }
}

/** Generated TypeScript imports as bundlers take it, without an ending or with that of JavaScript; Node does with this. */
const withEndings = `
import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'
registerHooks({
  resolve(name, context, next) {
    const bare = name.replace(/\\.js$/, '')
    const isThere = (path) => path.startsWith('.') && existsSync(new URL(path, context.parentURL))
    return next([bare + '.ts', bare + '/index.ts'].find(isThere) ?? name, context)
  },
})
`

/** Compiles a program beside what was generated, as strictly as this repository, and runs it. */
export async function runTypeScript(program: string, folder: string, environment: Environment): Promise<Ended> {
  writeFileSync(join(folder, 'program.ts'), program)
  writeFileSync(join(folder, 'endings.mjs'), withEndings)
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const options = '--noEmit --strict --module esnext --moduleResolution bundler --target es2024 --skipLibCheck'
  const types = `--types node --typeRoots ${resolve('node_modules/@types')}`
  const compiled = await runTool(`node_modules/.bin/tsc ${options} ${types} program.ts`, folder, environment)
  if (compiled.code !== 0) return compiled
  return runTool('node --import ./endings.mjs program.ts', folder, environment)
}
