import { randomBytes } from 'node:crypto'
import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32, generateKey, isKeyPrefix, keyChecksum, parseKey } from './api_key.ts'

const known = 'cs_test_0123456789AB_0123456789ABCDEFGHIJKLMNOPQRSTUV0hvK6L'
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

test('the checksum is the one the contract names, and zlib agrees on CRC-32', () => {
  expect(keyChecksum(known.slice(0, -6))).toBe('0hvK6L')
  fc.assert(fc.property(fc.string({ unit: 'binary-ascii', maxLength: 80 }), (text) => crc32(text) === zlibCrc32(text)))
})

test('a key is read into prefix, marker and id', () => {
  expect(parseKey(known)).toEqual({ prefix: 'cs', marker: 'test', id: '0123456789AB' })
})

test('every generated key is read back, for each marker and any prefix', () => {
  for (const marker of ['live', 'test', 'secret', 'at'] as const) {
    for (const prefix of ['a', 'cs', 'acme0123456789ab']) {
      const { id, text } = generateKey({ prefix, marker, randomBytes })
      expect(parseKey(text)).toEqual({ prefix, marker, id })
    }
  }
})

test('no text that differs from a key by one character is read', () => {
  for (let round = 0; round < 60; round++) {
    const { text } = generateKey({ prefix: 'cs', marker: 'live', randomBytes })
    for (let at = 0; at < text.length; at++) {
      const original = text[at] as string
      for (const other of [
        alphabet[(alphabet.indexOf(original) + 1 + round) % 62] as string,
        original.toUpperCase(),
        original.toLowerCase(),
        ' ',
        '_',
        'é',
      ]) {
        if (other === original) continue
        expect(parseKey(text.slice(0, at) + other + text.slice(at + 1)), `${at} ${other}`).toBeUndefined()
      }
      expect(parseKey(text.slice(0, at) + text.slice(at + 1))).toBeUndefined()
    }
  }
})

describe('a text of another shape is refused', () => {
  test.each([
    '',
    ` ${known}`,
    `${known}\n`,
    `${known}0`,
    known.replace('_test_', '_prod_'),
    known.replace('cs_', 'Cs_'),
    known.replace('cs_', '0s_'),
    known.replace('cs_', 'abcdefghijklmnopq_'),
    known.replaceAll('_', '-'),
    'cs_test__',
    'x'.repeat(1_000_000),
  ])('%#', (text) => expect(parseKey(text)).toBeUndefined())
})

test('any text is read or refused, never thrown at', () => {
  fc.assert(fc.property(fc.string({ maxLength: 100 }), (text) => parseKey(text) === undefined || text.length < 80))
})

test('a prefix is one to sixteen lower-case letters and digits, a letter first', () => {
  expect(['cs', 'a', 'a123456789012345'].every(isKeyPrefix)).toBe(true)
  expect(['', '1a', 'A', 'a_b', 'a1234567890123456', 'ä'].some(isKeyPrefix)).toBe(false)
  expect(() => generateKey({ prefix: 'A', marker: 'live', randomBytes })).toThrow(TypeError)
})

test('ids and secrets use all of base62 evenly', () => {
  const counts = new Map<string, number>()
  for (let round = 0; round < 2_000; round++) {
    const secret = generateKey({ prefix: 'cs', marker: 'live', randomBytes }).text.split('_')[3]?.slice(0, 32) ?? ''
    for (const character of secret) counts.set(character, (counts.get(character) ?? 0) + 1)
  }
  expect(counts.size).toBe(62)
  for (const count of counts.values()) expect(Math.abs(count - 64_000 / 62)).toBeLessThan(250)
})
