/** The real sources with a rule left out: copied, changed in one place, loaded beside the real ones. No hooks in them. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Implementation } from './run.ts'

export interface Patch {
  /** Below `packages/`. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

const packages = fileURLToPath(new URL('../../../', import.meta.url))

export interface Patched extends Disposable {
  readonly parts: Implementation
}

/** @throws when a patch does not fit: the code has changed and the mutant must follow it. */
export function loadPatched(patches: readonly Patch[]): Patched {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'countersign-mutant-')))
  for (const name of ['core', 'verifier']) {
    cpSync(join(packages, name, 'package.json'), join(root, name, 'package.json'))
    cpSync(join(packages, name, 'src'), join(root, name, 'src'), { recursive: true, filter: isNeeded })
  }
  mkdirSync(join(root, 'node_modules/@countersign'), { recursive: true })
  symlinkSync(join(root, 'core'), join(root, 'node_modules/@countersign/core'), 'dir')
  for (const { file, find, replace } of patches) {
    const text = readFileSync(join(root, file), 'utf8')
    if (text.split(find).length !== 2) throw new Error(`"${find}" must stand in ${file} once`)
    writeFileSync(
      join(root, file),
      text.replace(find, () => replace),
    )
  }
  // Node's own loader, which takes types as they are: the test runner's would look for the files inside the workspace.
  const load = createRequire(join(root, 'verifier/package.json'))
  const parts = {
    ...load('./src/feed_follower.ts'),
    ...load('./src/verify.ts'),
    ...load('./src/limiter.ts'),
  } as Implementation
  return { parts, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) }
}

function isNeeded(path: string): boolean {
  return !/\.(test|fixture)\.ts$|\/(simulation|adapters|http)$/.test(path)
}
