/** The files of a deployment as values, and what they must agree with. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseYaml } from '../packages/openapi/src/yaml.ts'
import { type Config, readConfig } from '../packages/server/src/run/config.ts'

export function readText(path: string): string {
  return readFileSync(path, 'utf8')
}

/** Whatever a file holds: tests say what they expect of it. */
export interface Tree {
  readonly [name: string]: Tree
}

export function readTree(path: string): Tree {
  return parseYaml(readText(path)) as Tree
}

/** Text, number or boolean at the end of a path. */
export function leaf(tree: Tree | undefined): unknown {
  return tree
}

export function items(tree: Tree | undefined): readonly Tree[] {
  return Array.isArray(tree) ? (tree as unknown as readonly Tree[]) : []
}

/** Every `COUNTERSIGN_*` in a text. */
export function settingsIn(text: string): readonly string[] {
  return [...new Set(text.match(/\bCOUNTERSIGN_[A-Z_]+\b/g))]
}

/** Every setting there is, from the file that reads them; `_FILE` for what may come from one. */
export function knownSettings(): ReadonlySet<string> {
  const source = readText('packages/server/src/run/config.ts')
  const byName = new Map(
    [...source.matchAll(/^ {2}(\w+): '(COUNTERSIGN_\w+)',$/gm)].map(([, name, env]) => [name, env]),
  )
  const fromFile = /const fromFile = new Set<Setting>\(\[([^\]]*)\]/.exec(source)?.[1] ?? ''
  const files = [...fromFile.matchAll(/'(\w+)'/g)].map(([, name]) => `${byName.get(name)}_FILE`)
  return new Set([...byName.values(), ...files].map(String))
}

/** Secrets, which may only come from a file. */
export const secretSettings = ['COUNTERSIGN_MASTER_KEY', 'COUNTERSIGN_ADMIN_KEY']

/**
 * The configuration `serve` makes of an environment: `${NAME:-default}` as compose reads it, a file for each secret. The
 * store of shared limits is left out: it is tried where it is used.
 */
export function readServeConfig(environment: Readonly<Record<string, unknown>>): Config {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-settings-'))
  const secrets: Readonly<Record<string, string>> = {
    COUNTERSIGN_DATABASE_FILE: 'postgres://countersign:secret@postgres/countersign',
    COUNTERSIGN_MASTER_KEY_FILE: Buffer.alloc(32, 7).toString('base64url'),
  }
  const entries = Object.entries(environment)
    .filter(([name]) => !name.startsWith('COUNTERSIGN_REDIS'))
    .map(([name, value]) => {
      if (secrets[name] === undefined) return [name, String(value).replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')]
      writeFileSync(join(folder, name), `${secrets[name]}\n`)
      return [name, join(folder, name)]
    })
  try {
    return readConfig(Object.fromEntries(entries), undefined)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
