import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cpuMs } from '../../../scripts/cpu_ms.ts'
import { parseJsonObject, parseJsonObjectBytes } from './json.ts'
import { jsonDepthMax, jsonMembersMax } from './jwt/limits.ts'

test('an object is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 4 })), (value) => {
      for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
        const parsed = parseJsonObject(text)
        // Compared as text: a member named __proto__ is lost by most ways of comparing objects.
        if (parsed !== undefined) expect(JSON.stringify(parsed)).toBe(JSON.stringify(JSON.parse(text)))
        else expect(countMembers(JSON.parse(text))).toBeGreaterThan(jsonMembersMax)
      }
    }),
  )
})

test.each([
  ['{"a":1,"a":1}'],
  ['{"a":1,"b":2,"a":3}'],
  ['{"a":1,"\\u0061":2}'],
  ['{"a\\n":1,"a\\u000a":2}'],
  ['{"x":{"a":1,"a":2}}'],
  ['{"x":[{"y":[{"a":1,"b":{},"a":2}]}]}'],
  ['{"":1,"":2}'],
  ['{"__proto__":1,"__proto__":2}'],
  ['{"a\\\\":1,"a\\\\":2}'],
])('a name that stands twice is refused: %s', (text) => {
  expect(JSON.parse(text)).toBeTypeOf('object')
  expect(parseJsonObject(text)).toBeUndefined()
})

test.each([
  ['{"a":{"a":{"a":1}},"b":{"a":1}}'],
  ['{"a":"a","b":["a","a"],"c":"\\"c\\":1,\\"c\\":2"}'],
  ['{"a":[{"x":1},{"x":1}],"x":{}}'],
  ['{"a\\\\":1,"a":2,"A":3}'],
  [' \n{ "a" :\t1 }\r\n'],
  ['{}'],
])('a name may stand once in every object: %s', (text) => {
  expect(JSON.stringify(parseJsonObject(text))).toBe(JSON.stringify(JSON.parse(text)))
})

test.each([
  '',
  'null',
  'true',
  '1',
  '"a"',
  '[]',
  '[{}]',
  '{}{}',
  '{"a":1}}',
  '{"a":1',
  '{"a":1,}',
  "{'a':1}",
  '{a:1}',
  '{"a":NaN}',
  '{"a":1e999}',
  '{"a":[-1e999]}',
  '{"a":{"b":1e400}}',
  '{"a":01}',
  '{"a":"\n"}',
  '\u{feff}{}',
  '{"a":"',
  '{"a":"\\',
  '{"\\x":1}',
])('what is not one object of finite numbers is refused: %j', (text) => {
  expect(parseJsonObject(text)).toBeUndefined()
})

test('__proto__ and constructor are names like others, and nothing is inherited', () => {
  const parsed = parseJsonObject('{"__proto__":{"admin":true},"inner":{"__proto__":[]}}')
  expect(Object.getPrototypeOf(parsed)).toBeNull()
  expect(Object.getPrototypeOf(parsed?.inner)).toBeNull()
  expect(parsed?.admin).toBeUndefined()
  expect(Object.keys(parsed ?? {})).toEqual(['__proto__', 'inner'])
  expect(parsed?.constructor).toBeUndefined()
  expect(({} as { admin?: boolean }).admin).toBeUndefined()
})

test('depth and members are taken up to the limit and refused beyond', () => {
  const deep = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`
  expect(parseJsonObject(deep(jsonDepthMax))).toBeDefined()
  expect(parseJsonObject(deep(jsonDepthMax + 1))).toBeUndefined()
  expect(parseJsonObject(`{"a":${'['.repeat(1_000_000)}`)).toBeUndefined()
  const wide = (count: number) => JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, at) => [at, at])))
  expect(parseJsonObject(wide(jsonMembersMax))).toBeDefined()
  expect(parseJsonObject(wide(jsonMembersMax + 1))).toBeUndefined()
})

test('bytes must be UTF-8 without a byte order mark', () => {
  expect(parseJsonObjectBytes(Buffer.from('{"ä":"€"}'))).toEqual({ ä: '€' })
  expect(parseJsonObjectBytes(Buffer.from('{"a":"\xff"}', 'latin1'))).toBeUndefined()
  expect(parseJsonObjectBytes(Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]))).toBeUndefined()
  expect(parseJsonObjectBytes(Buffer.from('{"a":"\xed\xa0\x80"}', 'latin1'))).toBeUndefined()
})

test('no text makes it throw, and time grows with the length only', () => {
  const unit = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
    '\\',
    '\\"',
    '"a"',
    '"a":',
    'u0061',
    '1',
    'e9',
    ' ',
    '\0',
  )
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 60 }), (pieces) => {
      const parsed = parseJsonObject(pieces.join(''))
      if (parsed !== undefined) expect(JSON.parse(pieces.join(''))).toEqual({ ...parsed })
    }),
    { numRuns: 20_000 },
  )
  for (const piece of ['"', '\\"', '\\', '"\\\\', '{"a":', '[', '"a":1,', ',', '"\\u0061":']) {
    const started = cpuMs()
    parseJsonObject(`{${piece.repeat(200_000)}`)
    parseJsonObject(`{"${piece.repeat(200_000)}`)
    expect(cpuMs() - started).toBeLessThan(1_000)
  }
})

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const own = Array.isArray(value) ? 0 : Object.keys(value).length
  return own + Object.values(value).reduce((sum: number, member) => sum + countMembers(member), 0)
}
