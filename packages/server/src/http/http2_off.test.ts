import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startWorld, type World } from '../server.fixture.ts'

let world: World
let listener: Server
let port: number
beforeAll(async () => {
  world = await startWorld()
  listener = world.server.createListener().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  port = (listener.address() as AddressInfo).port
})
afterAll(async () => {
  listener.closeAllConnections()
  listener.close()
  await world.close()
})

/** Everything received until the connection closed or was silent for 250 ms. */
function raw(bytes: Buffer | string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let received = ''
    socket.setTimeout(250, () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
    socket.write(bytes)
  })
}

const statusesOf = (received: string): readonly string[] =>
  [...received.matchAll(/HTTP\/[\d.]+ (\d{3}) /g)].map((match) => match[1] as string)

/** RFC 9113 §3.4, and an empty SETTINGS frame behind it: what a client with prior knowledge sends. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1')

describe('CVE-2023-44487 CVE-2024-27983 CVE-2026-21714: HTTP/2 is off', () => {
  it('its preface is no request, and the connection ends', async () => {
    const received = await raw(preface)
    expect(statusesOf(received)).toEqual(['400'])
    expect(received).toMatch(/^HTTP\/1\.1 400 [\s\S]*connection: close/i)
  })

  it('Upgrade: h2c switches to nothing: the request is a request', async () => {
    const fields = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'
    const received = await raw(`GET /healthz HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`)
    expect(statusesOf(received)).toEqual(['200'])
    expect(received).not.toMatch(/upgrade: h2c/i)
  })

  it('an upgrade and the preface right behind it: the preface is no request', async () => {
    const request = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'
    const received = await raw(Buffer.concat([Buffer.from(request), preface]))
    expect(statusesOf(received)).not.toContain('101')
    expect(received).not.toContain('\0\0\0\x04')
  })

  it('the server is that of node:http, which has no HTTP/2', async () => {
    expect(listener.constructor).toBe(createServer().constructor)
    // The version in the line of a request is text to it: the answer is HTTP/1.1 whatever stands there.
    expect(await raw('GET /healthz HTTP/2.0\r\nHost: localhost\r\n\r\n')).toMatch(/^HTTP\/1\.1 /)
  })
})
