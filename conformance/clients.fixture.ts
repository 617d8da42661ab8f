/** The pages of docs/clients as programs, and what runs them. */
import { execFile, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const pages = new URL('../docs/clients/', import.meta.url)

/** The first sample of a page, or of a section of it, in this language, as it stands there. */
export function sampleOf(page: string, language: string, section = ''): string {
  const whole = readFileSync(new URL(`${page}.md`, pages), 'utf8')
  const text = section === '' ? whole : whole.slice(whole.indexOf(`## ${section}`))
  const sample = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(text)?.[1]
  if (sample === undefined) throw new Error(`docs/clients/${page}.md has no sample in ${language}`)
  return sample
}

export interface Ended {
  readonly code: number
  /** The lines of its standard output. */
  readonly lines: readonly string[]
  readonly errors: string
}

export type Environment = Readonly<Record<string, string>>

/** A program that runs for longer has hung. */
const programMsMax = 280_000

/** Runs a command to its end. Never rejects. */
export function run(
  command: string,
  parameters: readonly string[],
  environment: Environment,
  directory = process.cwd(),
): Promise<Ended> {
  return new Promise((done) => {
    const options = { cwd: directory, env: { ...process.env, ...environment }, timeout: programMsMax }
    const child = execFile(command, [...parameters], options, (_, stdout, stderr) =>
      done({
        code: child.exitCode ?? 1,
        lines: stripVTControlCharacters(stdout).trim().split('\n'),
        errors: stderr,
      }),
    )
  })
}

/** Runs a sample in this process's own Node, from this repository's packages. */
export async function runJavaScript(code: string, environment: Environment): Promise<Ended> {
  return run(process.execPath, ['--input-type=module', '--eval', code], environment)
}

/** `.ci/run` names a Python that has what `.ci/clients.txt` lists. */
export const python = process.env.CLIENTS_PYTHON ?? 'python3'

/** The reason why samples in Python cannot be run here. */
export function missingPython(): string | undefined {
  const needed = 'import authlib, cryptography, jwt, requests_oauthlib'
  const found = spawnSync(python, ['-c', needed], { encoding: 'utf8' })
  if (found.error !== undefined) return 'no python3'
  return found.status === 0 ? undefined : 'python3 lacks what .ci/clients.txt lists (CLIENTS_PYTHON names another)'
}

export function runPython(code: string, environment: Environment): Promise<Ended> {
  return run(python, ['-c', code], environment)
}

/** A toolchain for samples that are compiled. */
export interface Toolchain {
  readonly command: string
  /** This command succeeds where the toolchain is installed. */
  readonly asked: readonly string[]
  /** The sample's place in the project. */
  readonly source: string
  readonly run: readonly string[]
}

export const toolchains = {
  go: { command: 'go', asked: ['version'], source: 'main.go', run: ['run', '.'] },
  rust: { command: 'cargo', asked: ['--version'], source: 'src/main.rs', run: ['run', '--quiet', '--locked'] },
  java: {
    command: 'mvn',
    asked: ['-v'],
    source: 'src/main/java/Main.java',
    run: ['-q', '-B', 'compile', 'exec:java'],
  },
} as const satisfies Record<string, Toolchain>

export type Language = keyof typeof toolchains

/** The reason why samples in this language cannot be run here. */
export function missingToolchain(language: Language): string | undefined {
  const { command, asked } = toolchains[language]
  return spawnSync(command, asked).status === 0 ? undefined : `no ${command}`
}

/** Runs a sample in a project of its own, with the versions that `conformance/clients` pins. */
export async function runCompiled(language: Language, code: string, environment: Environment): Promise<Ended> {
  const { command, source, run: parameters } = toolchains[language]
  const directory = mkdtempSync(join(tmpdir(), 'countersign-client-'))
  try {
    cpSync(new URL(`clients/${language}/`, import.meta.url), directory, { recursive: true })
    mkdirSync(join(directory, source, '..'), { recursive: true })
    writeFileSync(join(directory, source), code)
    // One place for all: most of the time goes into what the samples depend on.
    const kept = { CARGO_TARGET_DIR: join(tmpdir(), 'countersign-client-rust') }
    return await run(command, parameters, { ...environment, ...kept }, directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
