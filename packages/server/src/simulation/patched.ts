/** The real sources with a rule left out: copied, changed in one place, loaded beside the real ones. No hooks in them. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Parts } from './process.ts'

export interface Patch {
  /** Below `packages/`. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

const packages = fileURLToPath(new URL('../../../', import.meta.url))
const modules = join(packages, '../node_modules')
const copied = ['core', 'verifier', 'store', 'openapi', 'contract', 'server']

export interface Patched extends Disposable {
  readonly parts: Parts
}

/** @throws when a patch does not fit: the code has changed and the mutant must follow it. */
export function loadPatched(patches: readonly Patch[]): Patched {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'countersign-mutant-')))
  for (const name of copied) {
    cpSync(join(packages, name, 'package.json'), join(root, name, 'package.json'))
    cpSync(join(packages, name, 'src'), join(root, name, 'src'), { recursive: true, filter: isNeeded })
  }
  linkModules(root)
  for (const { file, find, replace } of patches) {
    const text = readFileSync(join(root, file), 'utf8')
    if (text.split(find).length !== 2) throw new Error(`"${find}" must stand in ${file} once`)
    writeFileSync(
      join(root, file),
      text.replace(find, () => replace),
    )
  }
  // Node's own loader, which takes types as they are: the test runner's would look for the files inside the workspace.
  const parts = createRequire(join(root, 'server/package.json'))('./src/simulation/parts.ts') as Parts
  return { parts, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) }
}

/** Our own packages are the copies, and everybody else's are as they are. */
function linkModules(root: string): void {
  const into = join(root, 'node_modules')
  mkdirSync(join(into, '@countersign'), { recursive: true })
  for (const name of copied) symlinkSync(join(root, name), join(into, '@countersign', name), 'dir')
  for (const name of readdirSync(modules)) {
    if (name !== '@countersign' && !name.startsWith('.')) symlinkSync(join(modules, name), join(into, name))
  }
}

function isNeeded(path: string): boolean {
  return !/\.(test|fixture)\.ts$|\/(conformance|adapters)$/.test(path)
}
