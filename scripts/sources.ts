// The project's own TypeScript files, for the checks.
import { globSync, readFileSync } from 'node:fs'

export interface Source {
  /** From the root, with `/`. */
  readonly path: string
  readonly text: string
}

export function readSources(pattern: string): readonly Source[] {
  return globSync(pattern, { exclude: (name) => name === 'node_modules' || name === 'dist' })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
}

/** Whether only tests load it. */
export function isTestOnly(path: string): boolean {
  return /\.(test|fixture)\.ts$/.test(path) || /\/(conformance|simulation)\//.test(path)
}
