/**
 * Every command and flag that a document names exists. In docs/operations, so does every setting and suite, and what is
 * marked `sh run` runs.
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { afterAll, expect, it } from 'vitest'
import { commands } from '../packages/cli/src/commands.ts'
import { makeFolder, startUntilReady } from '../packages/cli/src/countersign.fixture.ts'
import { knownSettings, readText, settingsIn } from './configuration.fixture.ts'

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
