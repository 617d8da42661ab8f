import { expect, it } from 'vitest'
import { indented } from './indented.ts'

it('lines are those of JSON.stringify, whatever stands in the texts', () => {
  for (const value of [
    {},
    [],
    [[], {}],
    7,
    'a "b" \\ {c: [d, e]}',
    { a: [1, -2.5e10, null, true], 'b:c': { d: '}\n]' }, e: [{}, [[]]] },
  ]) {
    expect(indented(JSON.stringify(value))).toBe(JSON.stringify(value, undefined, 2))
    expect(indented(JSON.stringify(value, undefined, 7))).toBe(JSON.stringify(value, undefined, 2))
  }
})

it('numbers keep all of their digits, and a doubled member stands there twice', () => {
  expect(indented('{"id":12345678901234567890,"a":1.10,"a":2}')).toBe(
    '{\n  "id": 12345678901234567890,\n  "a": 1.10,\n  "a": 2\n}',
  )
})

it('what is no JSON and what is deep stays as it is', () => {
  for (const text of ['', '{', 'a  b', '{"a" : }', `${'['.repeat(50_000)}${']'.repeat(50_000)}`])
    expect(indented(text)).toBe(text)
})
