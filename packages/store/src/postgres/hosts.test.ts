import { expect, it } from 'vitest'
import { splitHosts } from './hosts.ts'

it('one host is itself, with all its parameters', () => {
  const url = 'postgres://user:p%40ss@db.example:5433/name?sslmode=verify-full'
  expect(splitHosts(url)).toEqual([url])
})

it('several hosts are a URL each, and only the primary among them is wanted', () => {
  expect(
    splitHosts('postgres://u:p@a:5432,b:5433,[::1]:5434/d?target_session_attrs=read-write&sslmode=require'),
  ).toEqual([
    'postgres://u:p@a:5432/d?sslmode=require',
    'postgres://u:p@b:5433/d?sslmode=require',
    'postgres://u:p@[::1]:5434/d?sslmode=require',
  ])
})

it.each([
  'postgres://u:secret-word@a:x,b/d',
  'postgres://u:secret-word@a/d?target_session_attrs=standby',
  'mysql://secret-word',
])('what cannot be used is refused without its password: %s', (url) => {
  expect(() => splitHosts(url)).toThrow(/^COUNTERSIGN_DATABASE cannot be used: /)
  expect(() => splitHosts(url)).not.toThrow(/secret-word/)
})
