/** The Dockerfile as stages of instructions, and its commands run in a temporary folder where a container would have `/`. */
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, globSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

export interface Instruction {
  readonly name: string
  /** The flags before the arguments: `--from=install`. */
  readonly flags: Readonly<Record<string, string>>
  readonly text: string
}

/** One list a `FROM`, which is its first. */
export function readStages(file: string): readonly (readonly Instruction[])[] {
  const lines = readFileSync(file, 'utf8')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
  const instructions = lines.filter((line) => line !== '' && !line.startsWith('#')).map(readInstruction)
  const stages: Instruction[][] = []
  for (const instruction of instructions) {
    if (instruction.name === 'FROM') stages.push([])
    stages.at(-1)?.push(instruction)
  }
  return stages
}

function readInstruction(line: string): Instruction {
  const [name = '', ...words] = line.split(' ')
  const first = words.findIndex((word) => !word.startsWith('--'))
  const flags = words.slice(0, first).map((word) => word.slice(2).split(/=(.*)/s).slice(0, 2))
  return { name, flags: Object.fromEntries(flags), text: words.slice(first).join(' ') }
}

/** The exec form; a shell's would be another program between the signal and the server. */
export function words({ text }: Instruction): readonly string[] {
  return JSON.parse(text.replace(/^CMD /, '')) as readonly string[]
}

export interface Built {
  readonly workdir: string
  readonly environment: Readonly<Record<string, string>>
  /** A path of the image as one of this machine. */
  path(inImage: string): string
}

/** Does what WORKDIR, COPY and RUN say below `root`, stage by stage. The last stage. */
export function build(stages: readonly (readonly Instruction[])[], root: string): Built {
  const byName = new Map<string, Built>()
  let built: Built | undefined
  for (const [index, stage] of stages.entries()) {
    built = buildStage(stage, join(root, String(index)), byName)
    const name = / AS (\S+)$/.exec(stage[0]?.text ?? '')?.[1]
    if (name !== undefined) byName.set(name, built)
  }
  if (built === undefined) throw new Error('the Dockerfile has no stage')
  return built
}

function buildStage(stage: readonly Instruction[], root: string, earlier: ReadonlyMap<string, Built>): Built {
  let workdir = '/'
  const environment: Record<string, string> = {}
  const path = (inImage: string): string => join(root, resolve(workdir, inImage))
  mkdirSync(root, { recursive: true, mode: 0o755 })
  for (const instruction of stage) {
    const { name, text, flags } = instruction
    if (name === 'WORKDIR') {
      workdir = text
      mkdirSync(path('.'), { recursive: true })
    }
    if (name === 'ENV')
      for (const pair of text.split(' ')) Object.assign(environment, { [pair.split('=')[0] ?? '']: pair.split('=')[1] })
    if (name === 'COPY') copy(instruction, path, earlier.get(flags.from ?? ''))
    if (name === 'RUN') run(words(instruction), path)
  }
  return { workdir: path('.'), environment, path }
}

/** Several sources, or one into a folder, keep their names; a folder's content goes into the target. */
function copy({ text, flags }: Instruction, path: Built['path'], from: Built | undefined): void {
  const names = text.split(' ')
  const sources = names.slice(0, -1)
  const target = names.at(-1) ?? ''
  for (const source of sources) {
    const real = from === undefined ? source : from.path(source)
    const isFolder = statSync(real).isDirectory()
    const to = isFolder ? path(target) : path(join(target, source.split('/').at(-1) ?? ''))
    mkdirSync(dirname(to), { recursive: true })
    cpSync(real, to, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) => from !== undefined || !isIgnored(file),
    })
    chmodSync(to, statSync(real).mode)
    const [uid, gid] = (flags.chown ?? '0:0').split(':').map(Number)
    if (process.getuid?.() === 0 && uid !== undefined && gid !== undefined) chownSync(to, uid, gid)
  }
}

/** The part of `.dockerignore` that speaks of what lies below a folder that is copied. */
const ignored = readFileSync('.dockerignore', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('**/'))

function isIgnored(file: string): boolean {
  return ignored.some((pattern) =>
    new RegExp(`(^|/)${pattern.slice(3).replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`).test(file),
  )
}

function run([command = '', ...parameters]: readonly string[], path: Built['path']): void {
  const given = parameters.map((each) => (each.startsWith('/') ? path(each) : each))
  const env = {
    ...process.env,
    npm_config_prefer_offline: 'true',
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
  }
  const { status, stderr, stdout } = spawnSync(command, given, { cwd: path('.'), env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${given.join(' ')} ended with ${status}: ${stderr}${stdout}`)
}

/** Whether whoever is not root could get there. */
export function isReachable(file: string): boolean {
  for (let at = resolve(file); at !== dirname(at); at = dirname(at)) if ((statSync(at).mode & 0o001) === 0) return false
  return true
}

export function exists(source: string): boolean {
  return globSync(source).length > 0
}
