import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { closedLoop } from './closed_loop.ts'
import { Connection, readAnswer, writeQuestion } from './connection.ts'
import { openSender } from './sender.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(server: Server): Promise<string> {
  servers.push(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/path?query=1`
}

/** One that says these bytes to each question, whatever it is. */
function saying(say: (socket: Socket) => void): Promise<string> {
  return listen(createServer((socket) => socket.on('data', () => say(socket)).on('error', () => {})))
}

function ask(connection: Connection, url: string): Promise<{ readonly status: number; readonly body: string }> {
  const question = writeQuestion({ url, method: 'POST', headers: { 'X-One': '1' }, body: 'sent' })
  return new Promise((resolve) => connection.ask(question, (status, body) => resolve({ status, body })))
}

const right = (status: number): boolean => status === 200

it('asks what it was given, and reads what node:http answers, with a length and in chunks', async () => {
  const url = await listen(
    createHttpServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const { host, 'x-one': one } = request.headers
      if (body === 'sent') response.write(`${request.method} `)
      response.end(`${request.url} ${one} ${body} ${host === new URL(url).host}`)
    }),
  )
  const connection = new Connection(url, (error) => expect.unreachable(error.message))
  expect(await ask(connection, url)).toEqual({ status: 200, body: 'POST /path?query=1 1 sent true' })
  const get = writeQuestion({ url, method: 'GET', headers: { 'X-One': '1' } })
  const answer = await new Promise((resolve) => connection.ask(get, (status, body) => resolve([status, body])))
  expect(answer).toEqual([200, '/path?query=1 1  true'])
  connection.close()
})

it.each([
  ['with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'],
  ['with a length in other letters', 'HTTP/1.1 200 OK\r\nX: y\r\ncontent-length:5\r\n\r\nhello'],
  ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n'],
])('an answer %s is read when it is whole and no sooner, wherever it was cut', (_how, text) => {
  for (let length = 0; length < text.length; length++) expect(readAnswer(text.slice(0, length))).toBeUndefined()
  expect(readAnswer(text)).toMatchObject({ status: 200, body: 'hello', isLast: false })
})

it('an answer that does not say how long it is fails', () => {
  expect(() => readAnswer('HTTP/1.1 200 OK\r\n\r\nhello')).toThrow('how long')
})

it('a server that closes after its answer is connected to again', async () => {
  const url = await saying((socket) => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'))
  const { answers } = await closedLoop({
    url,
    next: () => writeQuestion({ url, method: 'GET', headers: {} }),
    isRight: right,
    seconds: 0.05,
    connections: 2,
  })
  expect(answers).toBeGreaterThan(2)
})

it.each([
  ['closes instead of answering', (socket: Socket) => void socket.end(), 'instead of answering'],
  ['breaks off', (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx'), 'instead of'],
  [
    'does not say how long its answer is',
    (socket: Socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\nhello'),
    'how long',
  ],
  [
    'answers wrong',
    (socket: Socket) => void socket.write('HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno'),
    'answered 401',
  ],
])('a server that %s fails the run, closed and open loop', async (_what, say, message) => {
  const url = await saying(say)
  const question = { url, method: 'GET', headers: {} } as const
  const next = () => writeQuestion(question)
  await expect(closedLoop({ url, next, isRight: right, seconds: 1 })).rejects.toThrow(message)
  const sender = openSender(question, right)
  await expect(sender.send()).rejects.toThrow(message)
  sender.close()
})

it('questions beyond the connections wait for an answer, and all are answered', async () => {
  let asked = 0
  const held: Socket[] = []
  const url = await saying((socket) => {
    asked++
    held.push(socket)
  })
  const sender = openSender({ url, method: 'GET', headers: {} }, right)
  const answers = Promise.all(Array.from({ length: 100 }, () => sender.send()))
  while (held.length < 64) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(asked).toBe(64)
  const timer = setInterval(() => {
    for (const socket of held.splice(0)) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  }, 2)
  await answers
  clearInterval(timer)
  expect(asked).toBe(100)
  sender.close()
})
