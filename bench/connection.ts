/**
 * The HTTP client of the load: one question at a time over a kept connection, with as little work as can be, since whatever
 * asks shares the cores with what is measured. `node:http` and the usual generators take 11 to 16 us of CPU time for a
 * request, this one about 8.
 */
import { connect, type Socket } from 'node:net'

export interface Question {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** The body and the head in ISO 8859-1: as they are, where they are ASCII. */
export type Answered = (status: number, body: string, head: string) => void

/** The bytes of a question, made once for many. RFC 9112 §3, §6.2. */
export function writeQuestion({ url, method, headers, body }: Question): Buffer {
  const { host, pathname, search } = new URL(url)
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
  const fields = Object.entries({ Host: host, ...headers, ...length })
  const head = [`${method} ${pathname}${search} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`)]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body ?? ''}`)
}

export class Connection {
  readonly #port: number
  readonly #host: string
  readonly #fail: (error: Error) => void
  #socket: Socket | undefined
  #answered: Answered | undefined
  #received = ''

  /** Opened when it is first needed, and again when the server has closed it after an answer. */
  constructor(url: string, fail: (error: Error) => void) {
    const { hostname, port } = new URL(url)
    this.#host = hostname
    this.#port = Number(port)
    this.#fail = fail
  }

  /** `answered` is called with the whole answer; `fail`, once, when there will be none. */
  ask(question: Buffer, answered: Answered): void {
    this.#answered = answered
    this.#socket ??= this.#open()
    this.#socket.write(question)
  }

  close(): void {
    this.#answered = undefined
    this.#socket?.destroy()
  }

  #open(): Socket {
    // One-byte text from the start: no bytes are copied twice.
    const socket = connect(this.#port, this.#host).setEncoding('latin1')
    socket.setNoDelay()
    socket.on('data', (text) => this.#read(String(text)))
    socket.on('error', (error) => this.#end(error))
    socket.on('close', () => this.#end(new Error('the server closed the connection instead of answering')))
    return socket
  }

  #read(text: string): void {
    this.#received += text
    let answer: Answer | undefined
    try {
      answer = readAnswer(this.#received)
    } catch (error) {
      this.#end(error as Error)
    }
    if (answer === undefined) return
    this.#received = ''
    const answered = this.#answered
    this.#answered = undefined
    if (answer.isLast) this.#forget()
    answered?.(answer.status, answer.body, answer.head)
  }

  #end(error: Error): void {
    this.#forget()
    if (this.#answered === undefined) return
    this.#answered = undefined
    this.#fail(error)
  }

  #forget(): void {
    this.#socket?.removeAllListeners('close').destroy()
    this.#socket = undefined
    this.#received = ''
  }
}

interface Answer {
  readonly status: number
  readonly body: string
  /** The status line and the fields. */
  readonly head: string
  /** The server closes the connection after it. */
  readonly isLast: boolean
}

/** `undefined` while it is not whole. RFC 9112 §4, §6; what ends with its connection is not waited for. */
export function readAnswer(text: string): Answer | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = text.slice(0, headEnd + 2)
  const body = readBody(head, text.slice(headEnd + 4))
  if (body === undefined) return undefined
  return { status: Number(head.slice(9, 12)), body, head, isLast: /\r\nconnection: *close\r\n/i.test(head) }
}

function readBody(head: string, rest: string): string | undefined {
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1]
  if (length !== undefined) return rest.length < Number(length) ? undefined : rest.slice(0, Number(length))
  if (!/\r\ntransfer-encoding: *chunked\r\n/i.test(head)) throw new Error('the answer does not say how long it is')
  return rest.endsWith('0\r\n\r\n') ? joinChunks(rest) : undefined
}

function joinChunks(text: string): string {
  let body = ''
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    if (size === 0) return body
    body += text.slice(lineEnd + 2, lineEnd + 2 + size)
    at = lineEnd + 2 + size + 2
  }
}
