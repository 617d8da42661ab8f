import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openWorld, raw, statusesOf, type World } from './gateway.fixture.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

/** RFC 9113 §3.4, and an empty SETTINGS frame behind it: what a client with prior knowledge sends. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1')
describe('CVE-2023-44487 CVE-2024-27983 CVE-2026-21714: HTTP/2 is off', () => {
  test('its preface is no request, and the connection ends', async () => {
    const received = await world.raw(preface)
    expect(statusesOf(received)).toEqual([400])
    expect(received).toMatch(/^HTTP\/1\.1 400 [\s\S]*connection: close/i)
  })

  test.each(['/health', '/orders'])(
    'Upgrade: h2c at %s switches to nothing: the request is a request',
    async (path) => {
      const received = await world.raw(
        `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
      )
      expect(statusesOf(received)).toEqual([path === '/health' ? 200 : 401])
      expect(received).not.toMatch(/upgrade: h2c/i)
    },
  )

  test('an upgrade and the preface right behind it: the preface is no request', async () => {
    const request = 'GET /health HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'
    // Nothing answers the preface, so only time can tell that nothing comes.
    const received = await world.raw(Buffer.concat([Buffer.from(request), preface]), 250)
    expect(statusesOf(received)).not.toContain(101)
    expect(received).not.toContain('\0\0\0\x04')
  })

  test('the upstream is not asked for it either', () => {
    const names = world.seen.flatMap(({ rawHeaders }) => rawHeaders.filter((_, index) => index % 2 === 0))
    expect(names.map((name) => name.toLowerCase())).not.toContain('http2-settings')
    expect(world.seen.length).toBeGreaterThan(0)
  })

  test('the server is that of node:http, which has no HTTP/2', async () => {
    expect(world.gateway.server.constructor).toBe(createServer().constructor)
    expect(statusesOf(await raw(world.port, 'GET /health HTTP/2.0\r\nHost: a\r\n\r\n'))).toEqual([400])
  })
})
