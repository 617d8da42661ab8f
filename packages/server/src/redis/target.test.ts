import { expect, test } from 'vitest'
import { formatRedisTarget, parseRedisTarget } from './target.ts'

test.each([
  ['redis://localhost', 'redis://localhost:6379'],
  ['redis://localhost:6380/2', 'redis://localhost:6380/2'],
  ['rediss://cache.example:1', 'rediss://cache.example:1'],
  ['redis://[::1]:7000', 'redis://[::1]:7000'],
  ['redis://h/?cluster=true', 'redis://h:6379?cluster=true'],
  ['redis://h?cluster=false', 'redis://h:6379'],
  ['redis://a,b:7001,[::1]:7002', 'redis://a:6379,b:7001,[::1]:7002?cluster=true'],
  ['redis://:word@h', 'redis://[redacted]@h:6379'],
  ['rediss://me:word@h', 'rediss://[redacted]@h:6379'],
])('%s is %s, without its credentials', (text, shown) => {
  const target = parseRedisTarget(text)
  expect(target && formatRedisTarget(target)).toBe(shown)
})

test('user and password are percent-decoded, and the password prints as nothing', () => {
  const target = parseRedisTarget('redis://m%40e:p%3A%2F%40ss@h')
  expect(target?.username).toBe('m@e')
  expect(target?.password?.reveal()).toBe('p:/@ss')
  expect(JSON.stringify(target)).not.toContain('ss"')
})

test.each([
  '',
  'redis://',
  'localhost:6379',
  'http://localhost',
  'redis://h:0',
  'redis://h:65536',
  'redis://h:x',
  'redis://h/x',
  'redis://h?tls=true',
  'redis://h#x',
  'redis://h h',
  'redis://h,',
  'redis://a,b/1',
  'redis://a/1?cluster=true',
  'redis://a,b?cluster=false',
  'redis://word@h',
  'redis://me:wo@rd@h',
  'redis://me:wo/rd@h',
  'redis://me:%zz@h',
  'redis://me:%ff@h',
  `redis://${new Array(101).fill('h').join()}`,
])('%s is refused', (text) => {
  expect(parseRedisTarget(text)).toBeUndefined()
})
