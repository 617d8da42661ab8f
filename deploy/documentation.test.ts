/**
 * Every command and flag that a document names exists. In docs/operations, so does every setting and suite, and what is
 * marked `sh run` runs.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { afterAll, expect, it } from 'vitest'
import { isForOthers, printedCommands } from '../examples/printed_commands.fixture.ts'
import { commands } from '../packages/cli/src/commands.ts'
import { makeFolder, startUntilReady } from '../packages/cli/src/countersign.fixture.ts'
import { knownSettings, leaf, readText, readTree, settingsIn, type Tree } from './configuration.fixture.ts'

const all = globSync('docs/operations/*.md').sort().map(readText).join('\n')

interface Invocation {
  readonly path: string
  readonly words: readonly string[]
}

/** In blocks and in the text, what begins with the command's name. */
const invocations: readonly Invocation[] = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md']).flatMap((path) =>
  [
    ...readText(path)
      .replaceAll(/ \\\n\s*|(?<=`countersign [^`]*)\n/g, ' ')
      .matchAll(/(?:^|`|npx )countersign ([a-z][^`\n]*)/gm),
  ].map(([, words = '']) => ({ path, words: words.split(' ').filter((word) => word !== '') })),
)

async function findCommand([name, ...below]: readonly string[]): Promise<Command | undefined> {
  const entry = commands.find((each) => each.name === name)
  let command = await entry?.load()
  for (const word of below) {
    if (!command?.commands.length) break
    command = command.commands.find((each) => each.name() === word)
  }
  return command
}

it('every command and flag that is named exists', async () => {
  expect(invocations.length).toBeGreaterThan(40)
  for (const { path, words } of invocations) {
    const command = await findCommand(words)
    expect(command, `${path}: countersign ${words.join(' ')}`).toBeDefined()
    const flags = command?.options.map(({ long }) => long)
    for (const word of words)
      if (word.startsWith('--')) expect(flags, `${path}: countersign ${words.join(' ')}`).toContain(word)
  }
})

it('every setting that is named is one, and every one is named', () => {
  const named = settingsIn(all)
  expect(named.filter((name) => !knownSettings().has(name) && name !== 'COUNTERSIGN_')).toEqual([])
  const isSaid = (name: string): boolean => named.includes(name) || named.includes(`${name}_FILE`)
  expect([...knownSettings()].filter((name) => !name.endsWith('_FILE') && !isSaid(name))).toEqual([])
})

it('every npm script that is named exists, and every suite of the benchmark', () => {
  const { scripts } = JSON.parse(readText('package.json')) as { readonly scripts: Readonly<Record<string, string>> }
  for (const [, script, suite] of all.matchAll(/npm run (\w+)(?: (\w+))?`/g)) {
    expect(scripts).toHaveProperty(script ?? '')
    if (suite !== undefined) expect(readText('bench/run.ts')).toContain(`  ${suite}: bench`)
  }
})

/** The flags of docker and kubectl that a document may use, by command. */
const flagsOfOthers: Readonly<Record<string, readonly string[]>> = {
  'docker compose up': ['--file', '--build', '--detach'],
  'docker compose logs': [],
  'docker compose exec': [],
  'docker build': ['--tag'],
  'docker push': [],
  'kubectl apply': ['--filename', '--kustomize', '--namespace'],
}

it('what is printed for docker and kubectl names files, services and images that are there', () => {
  const others = printedCommands.filter(isForOthers).map(({ text }) => text)
  expect(others.length).toBeGreaterThan(8)
  const { version } = JSON.parse(readText('packages/cli/package.json')) as { readonly version: string }
  const tag = leaf((readTree('deploy/kubernetes/kustomization.yaml').images as unknown as readonly Tree[])[0]?.newTag)
  for (const text of others) {
    const bare = text.replace(/ --file \S+/, '')
    const command = Object.keys(flagsOfOthers).find((each) => bare.startsWith(each))
    expect(command, text).toBeDefined()
    for (const [flag] of text.matchAll(/--\w+/g)) expect(flagsOfOthers[command ?? ''], text).toContain(flag)
    // The Secret is the reader's own, made from the example beside it.
    for (const [, path = ''] of text.matchAll(/--(?:file|filename|kustomize) (\S+)/g))
      expect(existsSync(path.replace(/^secret\.yaml$/, 'deploy/kubernetes/secret.example.yaml')), text).toBe(true)
    const [, service] = / (?:logs|exec) (\w+)/.exec(text) ?? []
    if (service !== undefined) expect(Object.keys(readTree('compose.yaml').services ?? {}), text).toContain(service)
    const [, inside] = / \/app\/(\S+)/.exec(text) ?? []
    if (inside !== undefined) expect(existsSync(inside), text).toBe(true)
    const [, named] = /example\.com\/countersign:(\S+)/.exec(text) ?? []
    if (named !== undefined) expect([named, tag], text).toEqual([version, version])
    const [, namespace] = /--namespace (\S+)/.exec(text) ?? []
    if (namespace !== undefined)
      expect(leaf(readTree('deploy/kubernetes/namespace.yaml').metadata?.name)).toBe(namespace)
  }
})

const home = makeFolder()
afterAll(() => home.remove())

it('what is marked to be run runs, in its order, on an installation whose server has been stopped', async () => {
  const bin = join(home.path, 'bin')
  mkdirSync(bin)
  symlinkSync(resolve('packages/cli/bin/countersign.mjs'), join(bin, 'countersign'))
  const env = {
    COUNTERSIGN_DATABASE: 'sqlite:./countersign.db',
    COUNTERSIGN_URL: 'http://localhost:4800',
    COUNTERSIGN_LISTEN: '127.0.0.1:0',
  }
  const server = await startUntilReady(['serve'], { cwd: home.path, env })
  expect(await server.stop()).toBe(0)
  const blocks = [...all.matchAll(/^```sh run\n(.*?)^```/gms)].map(([, block = '']) => block)
  expect(blocks).toHaveLength(2)
  for (const block of blocks) {
    const PATH = [bin, dirname(process.execPath), process.env.PATH].join(':')
    const { status, stderr } = spawnSync('sh', ['-e', '-c', block], {
      cwd: home.path,
      env: { ...env, PATH },
      encoding: 'utf8',
    })
    expect(status, `${block}${stderr}`).toBe(0)
  }
})
