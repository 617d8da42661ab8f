// `npm run release`: all that comes before a publication, and the commands that publish. With `-- --dry-run` the same steps,
// from any branch.
import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from './build.ts'
import { checkDeclarations } from './check_declarations.ts'

const repository = 'https://github.com/countersign/countersign'

/** The notes of a release: the unreleased part of the changelog, which names the version, with links that lead to its tag. */
export function notesOf(changelog: string, version: string): string {
  const [heading = '', body = ''] = splitUnreleased(changelog)
  if (heading !== `## ${version}, unreleased`) {
    throw new Error(`CHANGELOG.md must begin with "## ${version}, unreleased"; it begins with "${heading}"`)
  }
  if (body === '') throw new Error('the unreleased part of CHANGELOG.md is empty')
  const linked = body.replace(/\]\((?!https?:|#)([^)]+)\)/g, `](${repository}/blob/v${version}/$1)`)
  return `# Countersign ${version}\n\n${linked}\n`
}

/** The first heading of the second level and the text up to the next one. */
function splitUnreleased(changelog: string): readonly string[] {
  const first = /^## .*$/m.exec(changelog)
  if (first === null) return []
  const after = changelog.slice(first.index + first[0].length)
  return [first[0], after.split(/^## /m)[0]?.trim() ?? '']
}

/** The reasons why the checkout in `root` cannot be released as it is. */
export function findRefusals(root: string): readonly string[] {
  const git = (...parameters: readonly string[]) =>
    execFileSync('git', parameters, { cwd: root, encoding: 'utf8' }).trim()
  const version = readVersion(root)
  const branch = git('rev-parse', '--abbrev-ref', 'HEAD')
  const released = git('tag', '--list', 'v*')
    .split('\n')
    .filter((tag) => /^v\d+\.\d+\.\d+$/.test(tag))
  const notAbove = released.filter((tag) => !isAbove(version, tag.slice(1)))
  return [
    ...(branch === 'main' ? [] : [`this is the branch ${branch}, not main`]),
    ...(git('status', '--porcelain') === '' ? [] : ['there are changes that are not committed']),
    ...(notAbove.length === 0 ? [] : [`version ${version} is not above ${notAbove.join(', ')}: raise it first`]),
  ]
}

function isAbove(version: string, other: string): boolean {
  const [ours, theirs] = [version, other].map((text) => text.split('.').map(Number)) as [number[], number[]]
  const differing = ours.findIndex((number, index) => number !== theirs[index])
  return differing >= 0 && (ours[differing] as number) > (theirs[differing] as number)
}

/** The one version of all packages, by which they also name each other. */
export function readVersion(root: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string }
  for (const path of globSync('packages/*/package.json', { cwd: root })) {
    const manifest = JSON.parse(readFileSync(join(root, path), 'utf8')) as Versioned
    const own = Object.entries(manifest.dependencies ?? {}).filter(([name]) => name.startsWith('@countersign/'))
    const others = [['its version', manifest.version], ...own].filter(([, named]) => named !== version)
    if (others.length > 0) throw new Error(`${path}: ${others.map((it) => it.join(' is ')).join(', ')}, not ${version}`)
  }
  return version
}

interface Versioned {
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Installs the packed set into an empty folder, as a user does, and asks the command for its version. */
function installAndAsk(files: readonly string[], version: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-release-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{"private":true}')
    const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--silent']
    execFileSync('npm', ['install', ...flags, ...files], { cwd: folder, stdio: 'inherit' })
    const command = join(folder, 'node_modules/.bin/countersign')
    const printed = execFileSync(command, ['--version'], { cwd: folder, encoding: 'utf8' }).trim()
    if (printed !== version) throw new Error(`the installed command says it is ${printed}, not ${version}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function release(isDryRun: boolean): void {
  const say = (line: string): boolean => process.stdout.write(`${line}\n`)
  const version = readVersion('.')
  const notes = notesOf(readFileSync('CHANGELOG.md', 'utf8'), version)
  const refusals = findRefusals('.')
  if (refusals.length > 0 && !isDryRun) throw new Error(refusals.join('\n'))
  for (const refusal of refusals) say(`would be refused: ${refusal}`)

  execFileSync(process.execPath, ['scripts/check.ts'], { stdio: 'inherit' })
  const files = build()
  const problems = checkDeclarations(files, true)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  say('ok    declarations')
  installAndAsk(files, version)
  say('ok    installed into an empty folder')
  writeFileSync('dist/release_notes.md', notes)
  say('ok    dist/release_notes.md')
  say(`\n${isDryRun ? 'A release would go on with' : 'Go on with'}:\n`)
  for (const line of [`git tag v${version}`, ...files.map((file) => `npm publish ${file}`)]) say(`  ${line}`)
}

if (import.meta.main) {
  const unknown = process.argv.slice(2).filter((parameter) => parameter !== '--dry-run')
  try {
    if (unknown.length > 0) throw new Error(`the only parameter is --dry-run, not ${unknown.join(' ')}`)
    release(process.argv.includes('--dry-run'))
  } catch (error) {
    process.stderr.write(`not released: ${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
