// Each rule whose loss no test once noticed, taken out of a copy of the code, one at a time: `npm run mutants [ID…]`.
// A mutant that its tests do not notice is a failure; so is one whose text no longer stands in the code.
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Mutant, mutants } from './mutants/index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const copied = ['packages', 'scripts', 'conformance', 'examples', 'package.json', 'tsconfig.json', 'vitest.config.ts']

const testMsMax = 15 * 60_000

/** Each mutant that does not fit, one line each. */
export function findUnfitting(list: readonly Mutant[], read: (file: string) => string): readonly string[] {
  const problems: string[] = []
  const seen = new Set<string>()
  for (const { id, file, find } of list) {
    if (seen.has(id)) problems.push(`${id} is listed twice`)
    seen.add(id)
    const count = read(file).split(find).length - 1
    if (count !== 1) problems.push(`${id}: its text stands ${count} times in ${file}, not once`)
  }
  return problems
}

export function checkMutants(): readonly string[] {
  return findUnfitting(mutants, (file) => readFileSync(join(root, file), 'utf8'))
}

/** The sources as copies, the dependencies as links: our own packages must be found in the copy. */
function copyTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'countersign-mutants-'))
  for (const name of copied) cpSync(join(root, name), join(copy, name), { recursive: true })
  const modules = join(copy, 'node_modules')
  mkdirSync(join(modules, '@countersign'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name === '@countersign' || name.startsWith('.vite')) continue
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  for (const name of readdirSync(join(copy, 'packages'))) {
    symlinkSync(join('..', '..', 'packages', name), join(modules, '@countersign', name))
  }
  return copy
}

/** Whether a test failed with the mutant in place. */
async function isNoticed(copy: string, { file, find, replace, tests }: Mutant): Promise<boolean> {
  const path = join(copy, file)
  const text = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    text.replace(find, () => replace),
  )
  try {
    return (await runTests(copy, tests)) !== 0
  } finally {
    writeFileSync(path, text)
  }
}

/** In a process group of their own: a test that failed may have left a server running. */
function runTests(copy: string, tests: readonly string[]): Promise<number | null> {
  const parameters = ['vitest', 'run', '--reporter=dot', ...tests]
  const child = spawn('npx', parameters, { cwd: copy, stdio: 'ignore', detached: true })
  const killAll = (): void => {
    try {
      process.kill(-(child.pid as number), 'SIGKILL')
    } catch {
      // Nothing was left.
    }
  }
  // A mutant may make its test run for ever: that is noticed, too.
  const limit = setTimeout(killAll, testMsMax)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      clearTimeout(limit)
      killAll()
      resolve(code)
    })
  })
}

async function run(ids: readonly string[]): Promise<number> {
  const problems = checkMutants()
  for (const problem of problems) process.stdout.write(`FAIL  ${problem}\n`)
  if (problems.length > 0) return 1
  const wanted = ids.length === 0 ? mutants : mutants.filter(({ id }) => ids.includes(id))
  const copy = copyTree()
  let missed = 0
  try {
    for (const mutant of wanted) {
      const ok = await isNoticed(copy, mutant)
      if (!ok) missed++
      process.stdout.write(`${ok ? 'ok  ' : 'FAIL'}  ${mutant.id}: ${mutant.what}\n`)
    }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
  process.stdout.write(`${wanted.length - missed} noticed, ${missed} not noticed\n`)
  return missed === 0 && wanted.length > 0 ? 0 : 1
}

if (import.meta.main) process.exitCode = await run(process.argv.slice(2))
