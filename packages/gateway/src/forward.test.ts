import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { listen, openWorld, statusesOf, until, type World } from './gateway.fixture.ts'

let world: World
let initial: World['handle']
let key: string
beforeAll(async () => {
  world = await openWorld({ upstreamTimeoutMs: 400 })
  initial = world.handle
  key = (await world.key('orders:read orders:write')).text
})
afterAll(() => world.close())
beforeEach(() => {
  world.handle = initial
  world.seen.length = 0
  world.events.length = 0
})

const authorized = (): Record<string, string> => ({ Authorization: `Bearer ${key}` })

/** An upstream that is a bare socket: `script` gets each connection. */
async function openScripted(script: (socket: Socket, count: number) => void, more: object = {}) {
  let count = 0
  const server = createServer((socket) => {
    socket.on('error', () => {})
    script(socket, ++count)
  })
  const port = await listen(server)
  const scripted = await openWorld({ upstream: new URL(`http://127.0.0.1:${port}`), ...more })
  const text = (await scripted.key('orders:read orders:write')).text
  return {
    ...scripted,
    ask: (method: string, body?: string) =>
      scripted.call(method, '/orders', { key: text, ...(body === undefined ? {} : { body }) }),
    connections: () => count,
    async end() {
      await scripted.close()
      server.close()
    },
  }
}

describe('bodies', () => {
  test('stream both ways at once, the first byte before the last', async () => {
    world.handle = (request, response) => {
      response.flushHeaders()
      request.on('data', (chunk: Buffer) => response.write(chunk.toString().toUpperCase()))
      request.on('end', () => response.end('.'))
    }
    const headers = authorized()
    const request = http.request({ port: world.port, host: '127.0.0.1', method: 'POST', path: '/orders', headers })
    request.flushHeaders()
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    let received = ''
    response.on('data', (chunk: Buffer) => {
      received += chunk.toString()
    })
    for (const part of ['one', 'two', 'three']) {
      request.write(part)
      await until(() => received.endsWith(part.toUpperCase()), 1_000)
    }
    request.end()
    await once(response, 'end')
    expect(received).toBe('ONETWOTHREE.')
  })

  test.each(['POST', 'PUT', 'DELETE', 'GET'])(
    '%s: chunked, with a length, and none, arrive framed as they were',
    async (method) => {
      const ask = (fields: string, body: string) =>
        world.raw(
          `${method} /orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}\r\nConnection: close\r\n${fields}\r\n${body}`,
        )
      await ask('Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n0\r\n\r\n')
      await ask('Content-Length: 3\r\n', 'abc')
      await ask('', '')
      const [chunked, length, none] = world.seen
      expect([chunked?.body, chunked?.headers['transfer-encoding'], chunked?.headers['content-length']]).toEqual([
        'abc',
        'chunked',
        undefined,
      ])
      expect([length?.body, length?.headers['content-length'], length?.headers['transfer-encoding']]).toEqual([
        'abc',
        '3',
        undefined,
      ])
      const expected = method === 'POST' || method === 'PUT' ? '0' : undefined
      expect([none?.body, none?.headers['content-length'], none?.headers['transfer-encoding']]).toEqual([
        '',
        expected,
        undefined,
      ])
    },
  )

  test('200 MB each way arrive whole, and memory does not grow with them', async () => {
    const chunk = Buffer.alloc(65_536, 'x')
    const count = async (stream: AsyncIterable<Buffer>): Promise<number> => {
      let bytes = 0
      for await (const part of stream) bytes += part.length
      return bytes
    }
    const pour = async (into: NodeJS.WritableStream, total: number): Promise<void> => {
      for (let sent = 0; sent < total; sent += chunk.length) if (!into.write(chunk)) await once(into, 'drain')
      into.end()
    }
    world.handle = (request, response) => {
      if (request.method === 'GET') void pour(response, Number(request.url?.split('?')[1]))
      else void count(request).then((bytes) => response.end(String(bytes)))
    }
    const begin = (method: string, total: number) =>
      http.request({ port: world.port, host: '127.0.0.1', method, path: `/orders?${total}`, headers: authorized() })
    const bothWays = async (total: number): Promise<void> => {
      const [download] = (await once(begin('GET', total).end(), 'response')) as [http.IncomingMessage]
      expect(await count(download)).toBe(total)
      const put = begin('PUT', total)
      const answered = once(put, 'response') as Promise<[http.IncomingMessage]>
      await pour(put, total)
      const [upload] = await answered
      upload.setEncoding('utf8')
      expect(Number((await upload.toArray()).join(''))).toBe(total)
    }
    // Caller, gateway and upstream share this process: what their buffers take settles first.
    await bothWays(100 * 1024 * 1024)
    const before = process.memoryUsage().rss
    let highest = before
    const sampler = setInterval(() => {
      highest = Math.max(highest, process.memoryUsage().rss)
    }, 20)
    await bothWays(200 * 1024 * 1024)
    clearInterval(sampler)
    expect((highest - before) / 1024 / 1024).toBeLessThan(64)
  })

  test('a caller that does not read makes the upstream wait', async () => {
    let written = 0
    world.handle = (_, response) => {
      const fill = (): void => {
        do written += 65_536
        while (response.write(Buffer.alloc(65_536)) && written < 50_000_000)
      }
      response.on('drain', fill)
      fill()
    }
    const socket = connect(world.port, '127.0.0.1')
    socket.pause()
    socket.write(`GET /orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}\r\n\r\n`)
    await until(() => written > 0, 1_000)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const settled = written
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(written).toBe(settled)
    expect(written).toBeLessThan(40_000_000)
    socket.destroy()
  })
})

describe('Expect: 100-continue', () => {
  test('the upstream says continue, then the body goes', async () => {
    const request = http.request({
      port: world.port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/orders',
      headers: { ...authorized(), Expect: '100-continue', 'Content-Length': 3 },
    })
    request.flushHeaders()
    await once(request, 'continue')
    request.end('abc')
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    expect(response.statusCode).toBe(200)
    await until(() => world.seen[0]?.body === 'abc', 1_000)
    response.resume()
  })

  test('a refusal comes instead of it, and the body is not asked for', async () => {
    const received = await world.raw(
      'POST /orders HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n',
    )
    expect(statusesOf(received)).toEqual([401])
    expect(received).toMatch(/connection: close/i)
    expect(world.seen).toEqual([])
  })

  test('another expectation is 417', async () => {
    const received = await world.raw(
      `GET /orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}\r\nExpect: x\r\nConnection: close\r\n\r\n`,
    )
    expect(statusesOf(received)).toEqual([417])
    expect(world.seen).toEqual([])
  })
})

describe('answers', () => {
  test.each([
    [204, 'No Content', ''],
    [304, 'Not Modified', ''],
    [200, 'Fine', 'x'],
    [418, 'I am a teapot', 'x'],
    [500, 'Broken', 'x'],
  ])('%i passes with its reason, its fields and their repeats', async (status, reason, body) => {
    world.handle = (_, response) => {
      response.writeHead(status, reason, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'ETag', '"x"', 'X-Odd', 'caf\xe9'])
      response.end(body)
    }
    const received = await world.raw(
      `GET /orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}\r\nConnection: close\r\n\r\n`,
    )
    expect(received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} ${reason}\r\n`))
    expect(received).toContain('Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nETag: "x"\r\nX-Odd: caf\xe9\r\n')
    expect(received.endsWith(body === '' ? '\r\n\r\n' : '\r\n1\r\nx\r\n0\r\n\r\n')).toBe(true)
  })

  test('an answer before the end of the body passes, and the connection ends with it', async () => {
    world.handle = (_, response) => response.writeHead(413, { Connection: 'close' }).end('too much')
    const received = await world.raw(
      `POST /orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}\r\nContent-Length: 1000000\r\n\r\nbegin`,
    )
    expect(received).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close[\s\S]*too much/i)
  })

  test('a caller of HTTP/1.0 gets an answer that ends with the connection', async () => {
    const received = await world.raw(`GET /orders HTTP/1.0\r\nHost: a\r\nAuthorization: Bearer ${key}\r\n\r\n`)
    expect(received).toMatch(/connection: close[\s\S]*from the upstream$/i)
    expect(received).not.toMatch(/chunked/i)
  })
})

describe('an upstream that fails', () => {
  test('nobody listens: 502 as a problem', async () => {
    const unused = createServer()
    const port = await listen(unused)
    await new Promise((resolve) => unused.close(resolve))
    const down = await openWorld({ upstream: new URL(`http://127.0.0.1:${port}`) })
    const answer = await down.call('GET', '/health')
    expect([answer.status, answer.headers['content-type']]).toEqual([502, 'application/problem+json'])
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'bad_gateway', requestId: 'req_1' })
    const why = `the upstream gave no answer: nothing listens at its address (ECONNREFUSED 127.0.0.1:${port})`
    expect(down.events).toMatchObject([{ decision: 'bad_gateway', status: 502, why }])
    await down.close()
  })

  test('too slow: 504, and the upstream is told by a closed connection', async () => {
    let isClosed = false
    world.handle = (request) => {
      request.socket.on('close', () => {
        isClosed = true
      })
    }
    const answer = await world.call('GET', '/orders', { key })
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([504, 'gateway_timeout'])
    expect(world.events.at(-1)?.why).toMatch(/^the upstream did not begin to answer within \d+ ms$/)
    await until(() => isClosed, 1_000)
  })

  test('a body that moves has all the time it needs; one that stops is 408', async () => {
    const request = http.request({
      port: world.port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/orders',
      headers: authorized(),
    })
    for (let part = 0; part < 6; part++) {
      request.write('x')
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    request.end()
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    expect(response.statusCode).toBe(200)
    response.resume()
    const stopped = await world.raw(
      `POST /orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}\r\nContent-Length: 10\r\n\r\nhalf`,
      1_500,
    )
    expect(statusesOf(stopped)).toEqual([408])
  })

  test.each([
    ['closes without an answer', 'ECONNRESET', (socket: Socket) => socket.once('data', () => socket.destroy())],
    [
      'answers with nonsense',
      'HPE_INVALID_CONSTANT',
      (socket: Socket) => socket.once('data', () => socket.end('SMTP ready\r\n\r\n')),
    ],
    [
      'answers with two lengths',
      'HPE_UNEXPECTED_CONTENT_LENGTH',
      (socket: Socket) =>
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx')),
    ],
    [
      'answers with length and chunked',
      'HPE_INVALID_TRANSFER_ENCODING',
      (socket: Socket) =>
        socket.once('data', () =>
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
        ),
    ],
    [
      'switches protocols unasked',
      'switched to another protocol',
      (socket: Socket) =>
        socket.once('data', () =>
          socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
        ),
    ],
    [
      'sends a header section without end',
      'HPE_HEADER_OVERFLOW',
      (socket: Socket) => socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(100_000)}`)),
    ],
  ])('%s: 502, and the log has the cause', async (_, cause, script) => {
    const scripted = await openScripted((socket) => void script(socket))
    const answer = await scripted.ask('POST', 'x')
    expect(answer.status).toBe(502)
    expect(scripted.events.at(-1)?.why).toContain(cause)
    await scripted.end()
  })

  test.each([
    ['with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'],
    ['chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
    ['chunked, and then nonsense', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz'],
  ])('dies amid a body %s: the caller sees it break off, not end', async (_, bytes) => {
    const scripted = await openScripted((socket) => {
      socket.once('data', () => {
        socket.write(bytes)
        setTimeout(() => socket.destroy(), 100)
      })
    })
    await expect(scripted.ask('GET')).rejects.toThrow(/aborted|hang up|ECONNRESET/)
    expect(scripted.events).toMatchObject([{ decision: 'verified', status: 200 }])
    await scripted.end()
  })

  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

  test('a kept connection that died is no 502 for an idempotent request without a body, tried once more', async () => {
    for (const method of ['GET', 'DELETE', 'HEAD']) {
      const scripted = await openScripted((socket, count) => {
        let requests = 0
        socket.on('data', () => {
          requests++
          if (count === 1 && requests === 2) socket.destroy()
          else socket.write(method === 'HEAD' ? ok.slice(0, -2) : ok)
        })
      })
      expect((await scripted.ask(method)).status).toBe(200)
      expect((await scripted.ask(method)).status).toBe(200)
      expect(scripted.connections()).toBe(2)
      await scripted.end()
    }
  })

  test.each([
    ['POST', '{}'],
    ['POST', undefined],
    ['PUT', '{}'],
  ])('%s %s is never sent twice', async (method, body) => {
    let requests = 0
    const scripted = await openScripted((socket, count) => {
      socket.on('data', (chunk: Buffer) => {
        if (/HTTP\/1\.1\r\n/.test(chunk.toString('latin1'))) requests++
        if (requests === 2 && count === 1) socket.destroy()
        else socket.write(ok)
      })
    })
    // A body may come in a packet of its own, for which the script answers twice: one answer for one head.
    expect((await scripted.ask('GET')).status).toBe(200)
    expect((await scripted.ask(method, body)).status).toBe(502)
    expect(requests).toBe(2)
    await scripted.end()
  })

  test('what dies on a fresh connection is not tried again', async () => {
    const scripted = await openScripted((socket) => void socket.once('data', () => socket.destroy()))
    expect((await scripted.ask('GET')).status).toBe(502)
    expect(scripted.connections()).toBe(1)
    await scripted.end()
  })
})

describe('a caller that goes away', () => {
  test.each(['GET', 'POST'])('before the answer to %s: the upstream request is aborted', async (method) => {
    let isClosed = false
    world.handle = (request) => {
      request.socket.once('close', () => {
        isClosed = true
      })
    }
    const request = http.request({
      port: world.port,
      host: '127.0.0.1',
      method,
      path: '/orders',
      headers: authorized(),
    })
    request.on('error', () => {})
    if (method === 'POST') request.write('half')
    else request.end()
    await until(() => world.seen.length === 1, 1_000)
    request.destroy()
    await until(() => isClosed, 300)
    await until(() => world.events.length === 1, 300)
    expect(world.events).toMatchObject([{ decision: 'client_gone', status: 499 }])
  })

  test('amid the answer: likewise', async () => {
    let isClosed = false
    world.handle = (request, response) => {
      response.write('begin')
      request.socket.once('close', () => {
        isClosed = true
      })
    }
    const request = http.request({ port: world.port, host: '127.0.0.1', path: '/orders', headers: authorized() }).end()
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    await once(response, 'data')
    request.destroy()
    await until(() => isClosed, 300)
  })
})

describe('closing', () => {
  test('what runs is finished, what is new is refused, what would never end is ended', async () => {
    const closing = await openWorld()
    const { text } = await closing.key('orders:read')
    let finish = (): void => {}
    closing.handle = (request, response) => {
      if (request.url === '/health') response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': hi\n\n')
      else finish = () => response.end('finished')
    }
    const stream = http.get({ port: closing.port, host: '127.0.0.1', path: '/health' })
    const [events] = (await once(stream, 'response')) as [http.IncomingMessage]
    events.on('error', () => {})
    stream.on('error', () => {})
    events.resume()
    const slow = closing.call('GET', '/orders', { key: text })
    await until(() => closing.seen.length === 2, 1_000)
    const cut = new Promise((resolve) => events.once('close', resolve))
    const closed = closing.gateway.close()
    await cut
    const { port } = closing
    const late = connect(port, '127.0.0.1')
    const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNREFUSED')
    finish()
    expect(await slow).toMatchObject({ status: 200, body: 'finished' })
    await closed
    closing.upstream.closeAllConnections()
    closing.upstream.close()
  })

  test('a request on a kept connection is answered, and told that it is the last', async () => {
    const closing = await openWorld()
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    expect((await closing.call('GET', '/health', { agent })).headers.connection).toBe('keep-alive')
    const closed = closing.gateway.close()
    const last = await closing.call('GET', '/health', { agent })
    expect(last).toMatchObject({ status: 200, headers: { connection: 'close' } })
    await closed
    await closing.close()
  })
})

test('an upstream must be http or https, without user, query or fragment', async () => {
  for (const url of ['ftp://a/', 'file:///x', 'http://user@a/', 'http://a/?x', 'http://a/#x']) {
    await expect(openWorld({ upstream: new URL(url) })).rejects.toThrow(TypeError)
  }
  await expect(openWorld({ audience: '' })).rejects.toThrow(TypeError)
})

test('an option that does not exist is an error at start', async () => {
  const misspelt = { allowedHost: () => false } as object
  await expect(openWorld(misspelt)).rejects.toThrow(new TypeError('createGateway has no option "allowedHost"'))
})

test('a thousand requests over a few connections stay in step', async () => {
  world.handle = (request, response) => {
    const hash = createHash('sha256')
    request.on('data', (chunk: Buffer) => hash.update(chunk))
    request.on('end', () => response.end(`${request.url} ${hash.digest('hex')}`))
  }
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 })
  const ask = async (i: number): Promise<void> => {
    const body = 'b'.repeat((i * 7_919) % 20_000)
    const isWrite = i % 2 === 0
    const answer = await world.call(isWrite ? 'POST' : 'GET', `/orders${isWrite ? '' : `/${i}`}?i=${i}`, {
      key: i % 5 === 0 ? 'wrong' : key,
      agent,
      ...(isWrite ? { body } : {}),
    })
    const hash = createHash('sha256')
      .update(isWrite ? body : '')
      .digest('hex')
    if (i % 5 === 0) expect(answer.status).toBe(401)
    else expect(answer.body).toBe(`/orders${isWrite ? '' : `/${i}`}?i=${i} ${hash}`)
  }
  for (let start = 0; start < 1_000; start += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, i) => ask(start + i)))
  }
  agent.destroy()
  expect((world.gateway.server.address() as AddressInfo).port).toBe(world.port)
})
