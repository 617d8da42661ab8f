/** The files of a deployment as values, and what they must agree with. */
import { readFileSync } from 'node:fs'
import { parseYaml } from '../packages/openapi/src/yaml.ts'

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
  const source = readText('packages/server/src/config.ts')
  const byName = new Map(
    [...source.matchAll(/^ {2}(\w+): '(COUNTERSIGN_\w+)',$/gm)].map(([, name, env]) => [name, env]),
  )
  const fromFile = /const fromFile = new Set<Setting>\(\[([^\]]*)\]/.exec(source)?.[1] ?? ''
  const files = [...fromFile.matchAll(/'(\w+)'/g)].map(([, name]) => `${byName.get(name)}_FILE`)
  return new Set([...byName.values(), ...files].map(String))
}

/** Secrets, which may only come from a file. */
export const secretSettings = ['COUNTERSIGN_MASTER_KEY', 'COUNTERSIGN_ADMIN_KEY']
