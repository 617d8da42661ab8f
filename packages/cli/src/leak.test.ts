import { randomBytes } from 'node:crypto'
import { generateKey } from '@countersign/core'
import { expect, it } from 'vitest'
import { createLeakScanner, type Leak } from './leak.ts'

const known = 'cs_test_0123456789AB_0123456789ABCDEFGHIJKLMNOPQRSTUV0hvK6L'
const make = (prefix: string, marker: 'live' | 'test' | 'secret' | 'at') => generateKey({ prefix, marker, randomBytes })

function scan(bytes: Buffer | string, chunkBytes = 1_048_576): Leak[] {
  const leaks: Leak[] = []
  const scanner = createLeakScanner((leak) => leaks.push(leak))
  const whole = Buffer.from(bytes)
  for (let at = 0; at < whole.length; at += chunkBytes) scanner.feed(whole.subarray(at, at + chunkBytes))
  return leaks
}

const found = { line: 1, column: 1, prefix: 'cs', marker: 'test', id: '0123456789AB' }

it.each([
  ['alone', known, { ...found }],
  ['in quotes, behind others', `\n\n  "key": "${known}",`, { ...found, line: 3, column: 11 }],
  ['behind letters that belong to nothing', `KEY${known}`, { ...found, column: 4 }],
  ['behind small letters: the checksum says where it begins', `mykey${known}`, { ...found, column: 6 }],
  ['followed by more letters', `${known}AAAA`, found],
  ['behind Windows line ends', `a\r\nb ${known}`, { ...found, line: 2, column: 3 }],
  ['behind letters of several bytes', `é ${known}`, { ...found, column: 4 }],
  ['in a URL', `https://api.example/?key=${known}&a=b`, { ...found, column: 26 }],
  ['after half of another', `cs_test_0123456789AB_0123${known}`, { ...found, column: 26 }],
])('finds a key %s', (_, text, leak) => {
  expect(scan(text)).toEqual([leak])
})

it.each([
  ['a wrong checksum', `${known.slice(0, -1)}M`],
  ['another case', known.toUpperCase()],
  ['one letter less', known.slice(0, -1)],
  ['another marker', known.replace('test', 'prod')],
  ['a prefix that begins with a digit', known.replace('cs', '9')],
  ['an id alone', 'cs_test_0123456789AB'],
  ['a key cut by a line end', `${known.slice(0, 30)}\n${known.slice(30)}`],
])('takes %s for no key', (_, text) => {
  expect(scan(text)).toEqual([])
})

it('finds every kind with any prefix, several on a line, each once', () => {
  const keys = [make('cs', 'live'), make('a', 'test'), make('a123456789012345', 'secret'), make('cs', 'at')]
  const leaks = scan(keys.map(({ text }) => text).join(' '))
  expect(leaks.map(({ id }) => id)).toEqual(keys.map(({ id }) => id))
  expect(leaks.map(({ prefix }) => prefix)).toEqual(['cs', 'a', 'a123456789012345', 'cs'])
  expect(leaks.map(({ marker }) => marker)).toEqual(['live', 'test', 'secret', 'at'])
})

it('finds a key in binary noise at its place', () => {
  const noise = randomBytes(100_000)
  const key = make('cs', 'live')
  const bytes = Buffer.concat([noise, Buffer.from(key.text), noise])
  const lines = noise.toString('latin1').split('\n')
  expect(scan(bytes)).toEqual([
    { line: lines.length, column: lines.at(-1)!.length + 1, prefix: 'cs', marker: 'live', id: key.id },
  ])
})

it('finds the same wherever the bytes are cut', () => {
  const longest = make('a123456789012345', 'secret')
  const text = `first\n${known}\n${known} ${longest.text}\n\nend ${known}`
  const whole = scan(text)
  expect(whole.map(({ line, column }) => [line, column])).toEqual([
    [2, 1],
    [3, 1],
    [3, known.length + 2],
    [5, 5],
  ])
  for (let chunk = 1; chunk < text.length; chunk++) expect([chunk, scan(text, chunk)]).toEqual([chunk, whole])
})

it('finds keys in UTF-16 of either order, wherever it is cut', () => {
  const text = `one\r\ntwo ${known}\n`
  const little = Buffer.from(`\ufeff${text}`, 'utf16le')
  const big = Buffer.from(little).swap16()
  for (const bytes of [little, big]) {
    for (const chunk of [1, 2, 3, 7, 64, 1_000]) {
      expect([chunk, scan(bytes, chunk)]).toEqual([chunk, [{ ...found, line: 2, column: 5 }]])
    }
  }
  expect(scan('')).toEqual([])
  expect(scan('c')).toEqual([])
})

it('never holds more of a secret than what names it', () => {
  expect(JSON.stringify(scan(known))).not.toContain(known.slice(21))
})
