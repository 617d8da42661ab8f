import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openWorld, statusesOf, type World } from './gateway.fixture.ts'

/** `/admin/audit` needs a scope that the key lacks; the templates beside it are what an attacker hopes to be taken for. */
const guarded = { get: { security: [{ o: ['admin'] }] } }
const open = { get: { security: [{ o: ['orders:read'] }] } }
const document = {
  openapi: '3.1.0',
  info: { title: 'Paths', version: '1' },
  paths: {
    '/admin/audit': guarded,
    '/{one}': open,
    '/{one}/{two}': open,
    '/admin/{two}': open,
    '/{one}/{two}/{three}': open,
    '/public/{any}': { get: { security: [] } },
  },
}

let world: World
let key: string
beforeAll(async () => {
  world = await openWorld({ document })
  key = (await world.key('orders:read')).text
})
afterAll(() => world.close())

const before = [
  '.',
  '..',
  '%2e',
  '%2e%2e',
  '.%2e',
  '%2E.',
  '...',
  '..;',
  ';',
  '%3b',
  '%252e%252e',
  '%20',
  // Full width, leaders and their kin: NFKC makes dots and slashes of them.
  ...['．', '．．', '․', '‥', '…', '。．', '／', '＼', '﹨', '﹒', '⒈', '；', '％2e', '℀'].map(encodeURIComponent),
  'public/..',
  'public/%2e%2e',
  'public/..;x',
  'x%2f..',
  '%5c..',
]
const between = [
  '//',
  '///',
  '/./',
  '/%2e/',
  '/x/../',
  '/x/%2e%2e/',
  '/..;/admin/',
  '%2f',
  '%2F',
  '%252f',
  '\\',
  '%5c',
  '%5C',
  '%255c',
  '%c0%af',
  '%e0%80%af',
  '/;/',
  ';x=1/',
  '%3b/',
  '/%00',
  '%00/',
  '%0d%0a',
  '%09/',
  '/%20',
]
const after = [
  '/',
  '//',
  '/.',
  '/..',
  '/%2e',
  '.',
  '..',
  '%2e',
  ';',
  ';x',
  ';x=1',
  ';.css',
  '%3b',
  '%3Bx',
  '%00',
  '%00.css',
  '%0a',
  '%0d',
  '%20',
  '%09',
  '\\',
  '%5c',
  '%2f',
  '%2F.',
  '/..%2f',
  '%252f',
  '%ff',
  '%',
  '%2',
  '%zz',
  '%u002e',
  '#',
  '#x',
  '%23',
  '%3f',
  '?',
  '?/public/x',
  '?a=/../',
  '/x/..',
  '.json',
  '/x',
]
const whole = [
  '/ADMIN/audit',
  '/admin/AUDIT',
  '/Admin/Audit',
  '/%61dmin/audit',
  '/admin/%61udit',
  '/%61%64%6d%69%6e/%61%75%64%69%74',
  '/admin/audi%74',
  '//admin/audit',
  '/public/../admin/audit',
  '/public/%2e%2e/admin/audit',
  '/public/..%2fadmin%2faudit',
  '/public/%252e%252e/admin/audit',
  '/public/x',
  '/public/x%2fy',
  '/%ef%bd%81dmin/audit',
  '\\admin\\audit',
  'admin/audit',
  '/admin/audit%',
  '/admin%',
  '/',
]
const targets = [
  ...before.map((part) => `/${part}/admin/audit`),
  ...between.map((part) => `/admin${part}audit`),
  ...after.map((part) => `/admin/audit${part}`),
  ...whole,
]

/** The path as servers at the two ends of the range read it: bytes as they are, and resolved and decoded once. */
function readings(target: string): readonly string[] {
  const path = target.replace(/[?#].*$/s, '')
  const resolved = new URL(`http://upstream${path}`).pathname
  const decoded = decodeURIComponent(path)
  return [
    path,
    resolved,
    decoded,
    decodeURIComponent(resolved),
    new URL(`http://upstream${decoded.replaceAll(/[?#%]/g, encodeURIComponent)}`).pathname,
  ]
}

const segmentsOf = (path: string): string => decodeURIComponent(path).split('/').slice(1).join(' | ')

describe('CVE-2021-27306 CVE-2021-43557 CVE-2026-15573 (flaw 94): gateway and upstream see the same path, or the upstream sees none', () => {
  test('there are sixty spellings and more', () => {
    expect(new Set(targets).size).toBeGreaterThan(60)
  })

  test.each(targets)('%s', async (target) => {
    world.seen.length = 0
    const received = await world.raw(
      `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ${key}\r\n\r\n`,
      1_000,
    )
    const [status] = statusesOf(received)
    expect([200, 400, 403, 404]).toContain(status)
    if (status !== 200) {
      expect(world.seen).toEqual([])
      return
    }
    expect(world.seen.map(({ url }) => url)).toEqual([target])
    // Let through with a key that may not see the audit: so no server may read the audit out of it.
    for (const reading of readings(target)) {
      expect(reading.toLowerCase().replace(/[/.; ]+$/, '')).not.toBe('/admin/audit')
      expect(segmentsOf(encodeURI(reading).replaceAll('%25', '%'))).toBe(segmentsOf(target.replace(/[?#].*$/s, '')))
    }
  })

  test.each([
    '/admin/x/../audit',
    '/admin/./audit',
    '/admin/%2e/audit',
    '/admin/%2E%2e/admin/audit',
    '/admin//audit',
    '/admin;x=1/audit',
    '/admin/audit;x=1',
    '/admin\\audit',
    '/admin%5caudit',
    '/admin%2faudit',
    '/admin/audit/',
  ])('%s, which somebody reads as the guarded path, is refused', async (target) => {
    world.seen.length = 0
    const { status } = await world.call('GET', target, { key })
    expect([400, 404]).toContain(status)
    expect(world.seen).toEqual([])
  })

  test('plain and encoded spellings of the guarded path are the guarded path', async () => {
    for (const target of ['/admin/audit', '/%61dmin/audit', '/admin/audi%74', '/admin/audit?x', '/admin/audit?']) {
      expect((await world.call('GET', target, { key })).status).toBe(403)
    }
  })
})
