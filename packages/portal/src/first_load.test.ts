import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'

const dist = join(import.meta.dirname, '../dist')
const bytesMax = 200_000

interface Chunk {
  readonly file: string
  readonly isEntry?: boolean
  readonly imports?: readonly string[]
}

it('the first page of the portal loads at most 200 kB of gzipped script', () => {
  const chunks: Readonly<Record<string, Chunk>> = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8'))
  const first = new Set(Object.keys(chunks).filter((name) => chunks[name]?.isEntry === true))
  // Chunks that are imported along the way are added while the set is walked.
  for (const name of first) for (const imported of chunks[name]?.imports ?? []) first.add(imported)
  const scripts = [...first].flatMap((name) => chunks[name]?.file ?? []).filter((file) => file.endsWith('.js'))
  expect(scripts).not.toEqual([])
  const bytes = scripts.map((file) => gzipSync(readFileSync(join(dist, file))).length)
  expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(bytesMax)
})
