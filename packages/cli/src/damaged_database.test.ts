/** A database that is damaged, emptied, gone or another's is said with its name and what to do; nothing is written. */
import { closeSync, openSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Dev, makeFolder, run, startDev } from './countersign.fixture.ts'

let folder: ReturnType<typeof makeFolder>
let first: Dev
let file: string
let keyFile: string
beforeEach(async () => {
  folder = makeFolder()
  first = await startDev(folder.path)
  file = join(first.ready.data, 'countersign.db')
  keyFile = join(first.ready.data, 'master.key')
})
afterEach(async () => {
  await first.stop('SIGKILL')
  folder.remove()
})

const again = () => run(['dev', '--port', '0', '--gateway-port', '0', '--no-reserve', '--json'], { cwd: folder.path })

it('a damaged page is found at start, by name, with what to do', async () => {
  await first.stop()
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Buffer.alloc(8_192, 0xa5), 0, 8_192, 16_384)
  closeSync(descriptor)
  const { code, err, out } = await again()
  expect([code, out]).toEqual([1, ''])
  expect(err).toContain(file)
  expect(err).toContain('restore a backup')
})

it('an empty file beside the key of an installation is refused, and left as it is', async () => {
  await first.stop()
  for (const name of [file, `${file}-wal`, `${file}-shm`]) rmSync(name, { force: true })
  writeFileSync(file, '')
  const { code, err } = await again()
  expect(code).toBe(2)
  expect(err).toContain(`${file} is empty`)
  expect(err).toContain('restore a backup')
  expect(statSync(file).size).toBe(0)
})

it('a young file without its write-ahead log is refused after a crash, with what to do', async () => {
  await first.stop('SIGKILL')
  for (const name of [`${file}-wal`, `${file}-shm`]) rmSync(name)
  const { code, err } = await again()
  expect(code).toBe(2)
  expect(err).toContain('lacks its write-ahead log')
  expect(err).toContain('restore a backup')
})

it('a first start that was killed before it had a database begins again', async () => {
  await first.stop()
  for (const name of [file, `${file}-wal`, `${file}-shm`, `${file}-place`]) rmSync(name, { force: true })
  writeFileSync(file, '')
  writeFileSync(`${keyFile}.first-start`, '')
  first = await startDev(folder.path)
  expect(first.ready.adminKey).toMatch(/^cs_live_/)
})

it.each(['with its check value', 'of before, without one'])(
  'a wrong master key for a database %s is exit 2 before anything is written',
  async (which) => {
    await first.stop()
    if (which !== 'with its check value') {
      const database = new DatabaseSync(file)
      database.exec('update installation set key_check = null')
      database.close()
    }
    const own = readFileSync(keyFile)
    writeFileSync(keyFile, `${Buffer.alloc(32, 7).toString('base64url')}\n`)
    const before = readFileSync(file)
    const { code, err } = await again()
    expect(code).toBe(2)
    expect(err).toContain('master key')
    expect(readFileSync(file).equals(before)).toBe(true)
    writeFileSync(keyFile, own)
    first = await startDev(folder.path)
    expect(first.ready.adminKey).toBeNull()
  },
)

it.each([
  ['is gone', () => rmSync(file)],
  ['was cut short', () => truncateSync(file, 4_096)],
])('a running server whose file %s is not ready, or ends', async (what, damage) => {
  // Its log is folded into the file when it ends.
  await first.stop()
  first = await startDev(folder.path)
  damage()
  const status = await fetch(`${first.ready.url}/readyz`).then(
    (answer) => answer.status,
    () => 'ended',
  )
  expect([503, 'ended']).toContain(status)
  await expect.poll(() => first.err(), { timeout: 10_000 }).toContain(`${file} ${what}`)
})
