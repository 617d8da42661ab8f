/** The portal's files, as they are built. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const folder = 'packages/portal/dist'
const firstLoadKilobytesMax = 200

interface Chunk {
  readonly file: string
  readonly imports?: readonly string[]
  readonly isEntry?: true
}

const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Readonly<Record<string, Chunk>>

/** The entry and everything that it imports at once. */
function firstLoad(): ReadonlySet<string> {
  const files = new Set<string>()
  const add = ({ file, imports = [] }: Chunk): void => {
    if (files.has(file)) return
    files.add(file)
    for (const name of imports) add(manifest[name] as Chunk)
  }
  for (const chunk of Object.values(manifest)) if (chunk.isEntry === true) add(chunk)
  return files
}

it('the first load is at most 200 KB of compressed JavaScript', () => {
  const bytes = [...firstLoad()].reduce((sum, file) => sum + statSync(join(folder, `${file}.gz`)).size, 0)
  expect(bytes).toBeGreaterThan(0)
  expect(bytes / 1000).toBeLessThanOrEqual(firstLoadKilobytesMax)
})

it('scripts and styles lie there compressed, and nothing is inlined', () => {
  for (const file of [...firstLoad()]) expect(readdirSync(join(folder, 'assets'))).toContain(`${file.slice(7)}.br`)
  const styles = Object.values(manifest).flatMap((chunk) => (chunk as { readonly css?: readonly string[] }).css ?? [])
  for (const file of styles) expect(readFileSync(join(folder, file), 'utf8')).not.toContain('url(data:')
})
