import { problemHelp } from '@countersign/contract'
import { describe, expect, it } from 'vitest'
import { commands } from './commands.ts'
import {
  collect,
  collectRateLimit,
  orNone,
  parseDuration,
  parseJsonFlag,
  parsePort,
  parseRateLimit,
  parseTimeFlag,
  scopeFlag,
  separateWait,
} from './flags.ts'

describe('the pages about errors', () => {
  const texts = Object.values(problemHelp).flatMap(({ cause, mend }) => [cause, ...mend])
  const named = texts.flatMap((text) =>
    [...text.matchAll(/countersign ((?:[a-z-]+ ?)+)/g)].map(([, words = '']) => words),
  )
  it.each([...new Set(named)])('name a command that there is: %s', async (words) => {
    const [name, verb] = words.trim().split(' ')
    const command = await commands.find((entry) => entry.name === name)?.load()
    expect(command?.name()).toBe(name)
    const verbs = command?.commands.map((each) => each.name()) ?? []
    if (verbs.length > 0) expect(verbs).toContain(verb)
  })
})

describe('what users write behind flags', () => {
  it.each([
    [parseDuration, '90s', 90],
    [parseDuration, '15m', 900],
    [parseDuration, '1h', 3_600],
    [parseDuration, '30d', 2_592_000],
    [parseDuration, '2w', 1_209_600],
    [parseDuration, '0s', 0],
    [parseTimeFlag, '2027-01-31', '2027-01-31T00:00:00Z'],
    [parseTimeFlag, '2027-01-31T12:00:00+01:00', '2027-01-31T12:00:00+01:00'],
    [parseRateLimit, '100/60s', { limit: 100, windowSeconds: 60 }],
    [parseRateLimit, '1000/1h', { limit: 1000, windowSeconds: 3_600 }],
    [collectRateLimit, '100/60s', [{ name: 'default', limit: 100, windowSeconds: 60 }]],
    [collectRateLimit, 'burst=10/1s', [{ name: 'burst', limit: 10, windowSeconds: 1 }]],
    [parsePort, '0', 0],
    [parsePort, '65535', 65_535],
    [parseJsonFlag, '{"a":{"b":1}}', { a: { b: 1 } }],
  ] as readonly [(text: string) => unknown, string, unknown][])('%o reads %s', (parse, text, value) => {
    expect(parse(text)).toEqual(value)
  })

  it.each([
    [parseDuration, ['', '0', '90', '-1', '-1s', '1y', '1.5h', '1h30m', 'soon', '9999999999']],
    [parseTimeFlag, ['', 'tomorrow', '2027-02-30', '2027-01-31T12:00:00']],
    [parseRateLimit, ['', '100', '100/60', '100/', '/60s', '100/60s/1', '-1/60s', '1e3/1h']],
    [collectRateLimit, ['', 'burst', 'burst=', '=1/1s', 'Burst=1/1s', 'a=b=1/1s']],
    [parsePort, ['', '-1', '65536', '4800x', '0x10']],
    [parseJsonFlag, ['', '[]', 'null', '1', '{a:1}']],
  ] as readonly [(text: string) => unknown, readonly string[]][])(
    '%o refuses what it does not understand',
    (parse, texts) => {
      for (const text of texts) expect(() => parse(text), text).toThrow('must be')
    },
  )

  it('an id behind --wait is the argument and never the duration', () => {
    const id = '4s4VMy6JdNrq'
    expect(separateWait(['keys', 'revoke', '--wait', id])).toEqual(['keys', 'revoke', '--wait=1m', id])
    expect(separateWait(['keys', 'revoke', '--wait', '123456789012'])).toEqual([
      'keys',
      'revoke',
      '--wait=1m',
      '123456789012',
    ])
    // Meant as a duration, right or wrong: its own error says more than one about the id.
    for (const given of ['30s', '30', '5y']) expect(separateWait(['--wait', given, id])).toEqual(['--wait', given, id])
    expect(separateWait([id, '--wait'])).toEqual([id, '--wait'])
    expect(separateWait(['--wait=30s', id])).toEqual(['--wait=30s', id])
  })

  it('several values come together, and none takes all away', () => {
    expect(collect('c', collect('a, b'))).toEqual(['a', 'b', 'c'])
    const parse = orNone(collect)
    expect(parse('b', parse('a'))).toEqual(['a', 'b'])
    expect(parse('none', ['a'])).toBe('none')
    expect(parse('a', 'none')).toEqual(['a'])
  })
})

it('a scope is a string of tokens, or JSON of a list or of the structured form', () => {
  expect(scopeFlag('orders:read orders:write')).toBe('orders:read orders:write')
  expect(scopeFlag('["orders:read"]')).toEqual(['orders:read'])
  expect(scopeFlag('{"orders":{"actions":["read"]}}')).toEqual({ orders: { actions: ['read'] } })
})
