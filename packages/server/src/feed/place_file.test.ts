/** A write that is torn costs nothing but itself: the slot that says the most is never the one that is written. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InstallationEntry } from '@countersign/store'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { MasterKey } from '../keys/master_key.ts'
import { openPlaceFile } from './place_file.ts'

const slotBytes = 512
const master = new MasterKey(Buffer.alloc(32, 1))

let directory: string
let path: string
const ends: (() => void)[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-place-'))
  path = join(directory, 'countersign.db-place')
})
afterEach(() => {
  for (const end of ends.splice(0)) end()
  rmSync(directory, { recursive: true, force: true })
})

const at = (position: number) =>
  ({ position, tenant: 'default', sequence: position, chain: `chain ${position}` }) as InstallationEntry

/** A process that begins at this position; gives what commits in it. */
function begin(position: number, epoch = 'e1') {
  let commit = (_: readonly InstallationEntry[]): void => {}
  const onCommit = (listener: typeof commit) => {
    commit = listener
    return () => {}
  }
  const end = openPlaceFile(path, master).follow({ onCommit }, () => epoch, at(position))
  ends.push(end)
  return (next: number) => commit([at(next - 1), at(next)])
}

const sequence = () => openPlaceFile(path, master).read()?.sequence

/** Does it, and says what is left of the file when exactly this write is torn, wherever it went. */
function tornBy(write: () => void): number | undefined {
  const before = readFileSync(path)
  write()
  const after = readFileSync(path)
  const torn = Buffer.from(after)
  for (let index = 0; index < 2; index++) {
    const slot = [index * slotBytes, (index + 1) * slotBytes] as const
    if (!before.subarray(...slot).equals(after.subarray(...slot))) torn.fill(0, slot[0] + 5, slot[0] + 40)
  }
  expect(torn.equals(after)).toBe(false)
  writeFileSync(path, torn)
  const left = sequence()
  writeFileSync(path, after)
  return left
}

it.each([
  ['one', 1],
  ['two', 2],
  ['three', 3],
])('commits of %s at a time', (_, step) => {
  const commit = begin(10)
  for (let position = 10; position < 10 + 12 * step; position += step) {
    expect(tornBy(() => commit(position + step))).toBe(position)
    expect(sequence()).toBe(position + step)
  }
})

it('a process that begins again', () => {
  begin(10)(12)
  let last = 12
  for (const position of [14, 16, 17, 19]) {
    expect(tornBy(() => begin(position))).toBe(last)
    last = position
  }
})

it('workers that commit one after the other, in any order', () => {
  const [one, other] = [begin(10), begin(10)]
  const writers = [one, one, other, one, other, other, one]
  let last = 10
  for (const [index, commit] of writers.entries()) {
    const next = last + 1 + (index % 3)
    expect(tornBy(() => commit(next))).toBe(last)
    last = next
  }
})

it('after a torn write the next one goes over it', () => {
  const commit = begin(10)
  commit(11)
  const before = readFileSync(path)
  commit(12)
  const after = readFileSync(path)
  const start = before.subarray(0, slotBytes).equals(after.subarray(0, slotBytes)) ? slotBytes : 0
  after.fill(0, start + 5, start + 40)
  writeFileSync(path, after)
  expect(tornBy(() => commit(13))).toBe(11)
  expect(sequence()).toBe(13)
})

it('a place of another epoch with a higher position does not hold up the turns', () => {
  begin(1_000, 'former')
  const commit = begin(10)
  for (let position = 11; position < 20; position++) {
    commit(position)
    // The one before stands beside it.
    const left = readFileSync(path).toString()
    expect(left).toContain(`"chain ${position}"`)
    expect(left).toContain(`"chain ${position - 1}"`)
  }
})
