import { existsSync, linkSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type FileLock, lockFile } from './lock.ts'

let directory: string
let file: string
const held: FileLock[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-lock-'))
  file = join(directory, 'countersign.db')
})
afterEach(() => {
  for (const lock of held.splice(0)) lock.release()
  rmSync(directory, { recursive: true, force: true })
})

async function lock(): Promise<FileLock> {
  const taken = await lockFile(file, 0)
  held.push(taken)
  return taken
}

const inUse = { name: 'DatabaseOpenError', reason: 'in_use' }

it('a lock that is there is kept as it is', async () => {
  const first = await lock()
  for (let round = 0; round < 3; round++) first.keep()
  await expect(lock()).rejects.toMatchObject(inUse)
})

it.each([
  ['deleted', () => {}],
  ['replaced', () => writeFileSync(`${file}.lock`, '')],
])('a lock file that was %s is taken anew: nobody else has it then', async (_, replace) => {
  const first = await lock()
  rmSync(`${file}.lock`)
  replace()
  first.keep()
  expect(existsSync(`${file}.lock`)).toBe(true)
  await expect(lock()).rejects.toMatchObject(inUse)
  first.release()
  held.length = 0
  await lock()
})

it('when another process was first, the one that had it is told', async () => {
  const first = await lock()
  rmSync(`${file}.lock`)
  const second = await lock()
  expect(() => first.keep()).toThrow(expect.objectContaining(inUse))
  expect(() => second.keep()).not.toThrow()
})

it('a file that has two names is not locked by either', async () => {
  writeFileSync(file, '')
  const other = join(directory, 'other.db')
  linkSync(file, other)
  for (const name of [file, other]) await expect(lockFile(name, 0)).rejects.toMatchObject(inUse)
  rmSync(other)
  await lock()
})
