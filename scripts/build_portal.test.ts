import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { isBuildStale, putInPlace } from './build_portal.ts'

let folder: string
let next: string
const begunAt = Date.parse('2026-11-30T10:00:00Z')

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-build-'))
  next = join(folder, '.next-1')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A build of one script with its compressed form and one font, put in place. */
function build(name: string): void {
  mkdirSync(join(next, 'assets'), { recursive: true })
  for (const file of [`${name}.js`, `${name}.js.br`, `${name}.woff2`]) writeFileSync(join(next, 'assets', file), name)
  const chunk = { file: `assets/${name}.js`, assets: [`assets/${name}.woff2`], isEntry: true }
  writeFileSync(join(next, 'manifest.json'), JSON.stringify({ 'src/main.tsx': chunk }))
  putInPlace(next, folder, begunAt)
}

const isThere = (file: string): boolean => existsSync(join(folder, 'assets', file))

it('a source that changes while the build runs makes the build stale; one of before does not', () => {
  const source = join(folder, 'source.ts')
  writeFileSync(source, '')
  expect(isBuildStale(folder, [source])).toBe(true)
  build('one')
  const changed = (at: number): void => utimesSync(source, at / 1000, at / 1000)
  changed(begunAt - 1_000)
  expect(isBuildStale(folder, [source, join(folder, 'absent')])).toBe(false)
  changed(begunAt + 1_000)
  expect(statSync(source).mtimeMs).toBeLessThan(Date.now())
  expect(isBuildStale(folder, [source])).toBe(true)
})

it('open pages keep the files of the build before, however old, and only those', () => {
  build('one')
  for (const file of ['one.js', 'one.js.br', 'one.woff2']) utimesSync(join(folder, 'assets', file), 1, 1)
  build('two')
  for (const file of ['one.js', 'one.js.br', 'one.woff2', 'two.js', 'two.js.br']) expect(isThere(file), file).toBe(true)
  build('two')
  expect(isThere('one.js'), 'the same build again').toBe(true)
  build('three')
  expect(['one.js', 'one.js.br', 'one.woff2'].map(isThere)).toEqual([false, false, false])
  expect(['two.js', 'three.js'].map(isThere)).toEqual([true, true])
})
