import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cpuMs } from '../../../scripts/cpu_ms.ts'
import { makeFolder, type RunOptions, run } from './countersign.fixture.ts'
import { scanPath } from './scan_files.ts'

const folder = makeFolder()
const key = 'cs_test_0123456789AB_0123456789ABCDEFGHIJKLMNOPQRSTUV0hvK6L'
const secretPart = key.slice(21)
const scan = (args: readonly string[], options: RunOptions = {}) =>
  run(['scan', ...args], { cwd: folder.path, ...options })

beforeAll(() => {
  for (const name of ['clean', 'dirty/deep', 'dirty/.git', 'dirty/node_modules/x']) {
    mkdirSync(join(folder.path, name), { recursive: true })
  }
  const write = (name: string, text: string | Buffer) => writeFileSync(join(folder.path, name), text)
  write('clean/readme.md', 'a key looks like cs_test_0123456789AB_…\n')
  write('dirty/deep/config.yaml', `a: b\nkey: ${key}\n`)
  write('dirty/.git/config', key)
  write('dirty/node_modules/x/index.js', key)
  write('dirty/image.bin', Buffer.concat([Buffer.from([0, 255, 10, 0]), Buffer.from(key)]))
  symlinkSync('..', join(folder.path, 'dirty/loop'))
})
afterAll(() => folder.remove())

it('tells where each leaked key is and which one, never the secret, with exit 7; clean is 0', async () => {
  const [dirty, json, clean, here] = await Promise.all([
    scan(['dirty']),
    scan(['--json', 'dirty']),
    scan(['clean']),
    scan(['clean/readme.md', 'dirty/deep/config.yaml']),
  ])
  const line = 'cs  test  0123456789AB  api key'
  expect(dirty.code).toBe(7)
  expect(dirty.out).toBe(`dirty/deep/config.yaml:2:6  ${line}\ndirty/image.bin:2:2  ${line}\n`)
  expect([json.code, JSON.parse(json.out)]).toEqual([
    7,
    {
      data: [
        expect.objectContaining({
          file: 'dirty/deep/config.yaml',
          line: 2,
          column: 6,
          prefix: 'cs',
          id: '0123456789AB',
        }),
        expect.objectContaining({ file: 'dirty/image.bin', environment: 'test', kind: 'api key' }),
      ],
      files: 2,
      unreadable: 0,
    },
  ])
  expect([clean.code, clean.out]).toEqual([0, ''])
  expect(here.code).toBe(7)
  for (const ran of [dirty, json, here]) expect(ran.out + ran.err).not.toContain(secretPart)
})

it('reads standard input, knows our own prefixes apart, and says what is missing', async () => {
  const [input, known, ours, theirs, missing] = await Promise.all([
    scan(['-'], { input: `x\n${key}` }),
    scan(['--known', '-'], { input: key }),
    scan(['--prefix', 'cs', '-'], { input: key }),
    scan(['--prefix', 'acme', '-'], { input: key }),
    scan(['nowhere']),
  ])
  expect([input.code, input.out]).toEqual([7, '-:2:1  cs  test  0123456789AB  api key\n'])
  expect([known.code, ours.code, theirs.code, missing.code]).toEqual([7, 7, 0, 3])
})

it('what cannot be read is told, since it was not searched', () => {
  const unreadable: string[] = []
  const report = { onFile() {}, onLeak() {}, onUnreadable: (path: string) => unreadable.push(path) }
  scanPath(join(folder.path, 'gone'), report)
  expect(unreadable).toEqual([join(folder.path, 'gone')])
})

it('a large file passes in a stream', async () => {
  const file = join(folder.path, 'large.log')
  const line = 'GET /orders 200 cs_live_ and nothing else of interest on this line\n'
  writeFileSync(file, line.repeat(600_000) + key)
  const ran = await scan([file])
  expect(ran.out).toBe(`${file}:600001:1  cs  test  0123456789AB  api key\n`)
  // 40 MB: far from what a slow search would take.
  const began = cpuMs()
  const leaks: unknown[] = []
  scanPath(file, { onFile() {}, onLeak: (leak) => void leaks.push(leak), onUnreadable() {} })
  expect(leaks).toHaveLength(1)
  expect(cpuMs() - began).toBeLessThan(5_000)
})
