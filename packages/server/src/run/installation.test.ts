/**
 * A SQLite database that lost what was in it never begins a new installation where something says that there was one.
 */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError } from '../keys/master_key_file.ts'
import { restore } from '../restore/restore.ts'
import { backup } from './backup.ts'
import { installationFixture } from './installation.fixture.ts'
import { openMaster } from './installation.ts'

let crashed: string
let directory: string
let database: string
let masterKey: string
let file: string
let placeFile: string
let keyFile: string

/** As a crash leaves a young installation: nothing of it is in the file yet, all is in the log. */
beforeAll(async () => {
  crashed = mkdtempSync(join(tmpdir(), 'countersign-crashed-'))
  const fixture = await installationFixture()
  await fixture.start()
  const names = readdirSync(fixture.directory).filter((name) => !/-shm$|\.lock$/.test(name))
  for (const name of names) copyFileSync(join(fixture.directory, name), join(crashed, name))
  await fixture.end()
  masterKey = readFileSync(join(crashed, 'master.key'), 'utf8').trim()
})
afterAll(() => rmSync(crashed, { recursive: true, force: true }))
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-installation-'))
  cpSync(crashed, directory, { recursive: true })
  file = join(directory, 'countersign.db')
  database = `sqlite:${file}`
  placeFile = `${file}-place`
  keyFile = join(directory, 'master.key')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function remove(...suffixes: readonly string[]): void {
  for (const suffix of suffixes) rmSync(file + suffix, { force: true })
}

function damageFirstFrame(): void {
  const bytes = readFileSync(`${file}-wal`)
  bytes[32 + 24 + 100] = (bytes[32 + 24 + 100] as number) ^ 1
  writeFileSync(`${file}-wal`, bytes)
}

const contents = () =>
  readdirSync(directory)
    .filter((name) => !name.endsWith('-shm'))
    .map((name) => [name, readFileSync(join(directory, name)).toString('base64')])

const losses: readonly (readonly [string, () => void])[] = [
  ['lacks its log', () => remove('-wal')],
  ['has a log with a damaged first frame', damageFirstFrame],
  ['was emptied, with its log beside it', () => writeFileSync(file, '')],
  [
    'was emptied, without its log',
    () => {
      writeFileSync(file, '')
      remove('-wal')
    },
  ],
]

describe.each(['its file', 'the environment'])('with the master key from %s', (from) => {
  const given = () => (from === 'its file' ? undefined : masterKey)
  const open = () => openMaster(database, given())

  it.each([...losses, ['is missing', () => remove('', '-wal')] as const])(
    'a file that %s, beside a place file, is refused and left as it is',
    (_, lose) => {
      lose()
      const before = contents()
      expect(open).toThrow(ConfigError)
      expect(open).toThrow(/restore a backup.* move all these files away/s)
      expect(open).toThrow(placeFile)
      expect(contents()).toEqual(before)
    },
  )

  it('a place file that cannot be read is refused as well', () => {
    remove('-wal')
    writeFileSync(placeFile, Buffer.alloc(1024, 0x7b))
    expect(open).toThrow(placeFile)
  })

  it('a young file with its log goes on, also by a link, and so does one whose log was folded in', () => {
    expect(open).not.toThrow()
    const links = join(directory, 'links')
    mkdirSync(links)
    symlinkSync(file, join(links, 'countersign.db'))
    symlinkSync(keyFile, join(links, 'master.key'))
    symlinkSync(placeFile, join(links, 'countersign.db-place'))
    expect(() => openMaster(`sqlite:${join(links, 'countersign.db')}`, given())).not.toThrow()
    const folding = new DatabaseSync(file)
    folding.exec('pragma wal_checkpoint(truncate)')
    folding.close()
    expect(open).not.toThrow()
  })

  it('an installation whose files were moved away begins anew', () => {
    remove('-wal')
    const away = join(directory, 'away')
    mkdirSync(away)
    for (const name of [file, placeFile, keyFile]) renameSync(name, join(away, basename(name)))
    expect(open).not.toThrow()
  })
})

it.each(losses)('a file that %s, beside a key of before and without a place file, is refused', (_, lose) => {
  lose()
  remove('-place')
  expect(() => openMaster(database, undefined)).toThrow(keyFile)
})

it('no key is made where the place file alone is left', () => {
  remove('', '-wal')
  rmSync(keyFile)
  expect(() => openMaster(database, undefined)).toThrow(placeFile)
  expect(existsSync(keyFile)).toBe(false)
})

it.each(losses)('restore replaces a file that %s, and names the span that nobody knows', async (_, lose) => {
  const copy = join(directory, 'copy.db')
  // Another copy, since the last to open a file folds its log into it.
  const other = join(directory, 'other.db')
  for (const suffix of ['', '-wal']) copyFileSync(file + suffix, other + suffix)
  await backup({ database: `sqlite:${other}`, file: copy })
  lose()
  const now = () => Date.now() / 1000
  const { unknown } = await restore({ database, backup: copy, now })
  expect(unknown?.why).toContain('is empty, or lacks its write-ahead log')
  expect(() => openMaster(database, undefined)).not.toThrow()
})
