/** Requests of tests, which go straight into `handle`, and their answers as they are on the wire. */
import { randomBytes } from 'node:crypto'
import { allRoutes } from '@countersign/contract'
import { randomBase62 } from '@countersign/core'
import { expect } from 'vitest'
import type { Answer } from './http/answer.ts'
import { ProblemError } from './http/problem.ts'
import type { HttpRequest } from './http/request.ts'
import type { CountersignServer } from './server.ts'

/** The members of answers that tests read. What is not there is `undefined` whatever the type says. */
export interface Wire {
  readonly [name: string]: unknown
  readonly id: string
  readonly key: string
  readonly kid: string
  readonly jti: string
  readonly token: string
  readonly clientId: string
  readonly clientSecret: string
  readonly adminKey: string
  readonly issuer: string
  readonly access_token: string
  readonly expires_in: number
  readonly scope: string
  readonly code: string
  readonly detail: string
  readonly error: string
  readonly error_description: string
  readonly status: string
  readonly active: boolean
  readonly expiresAt: string
  readonly next: string
  readonly feedSequence: number
  readonly grant: Wire
  readonly session: Wire
  readonly member: Wire
  readonly invitation: Wire
  readonly email: string
  readonly url: string
  readonly data: readonly Wire[]
  readonly keys: readonly Wire[]
  readonly entries: readonly Wire[]
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[]
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** `Set-Cookie` fields. */
  readonly cookies: readonly string[]
  readonly text: string
  readonly body: Wire
}

export interface CallOptions {
  readonly body?: unknown
  /** Instead of `body`: these very bytes. */
  readonly raw?: string | Uint8Array
  /** A key or token; `null` for none. Default: the administrator's. */
  readonly as?: string | null
  /** Name and value pairs; a name may come twice. */
  readonly headers?: readonly (readonly [string, string])[]
  readonly peer?: string
  /** The tenant's path, such as `/t/acme`. */
  readonly at?: string
  /** Runs when the body is read: the caller has been authenticated, the transaction has not begun. */
  readonly whileReading?: () => Promise<unknown>
  /** Default: the world's first server. */
  readonly server?: CountersignServer
}

/** How a test asks: see `World`, which has all of them. */
export interface Requests {
  call(method: string, path: string, options?: CallOptions): Promise<Reply>
  /** As the administrator, and it must succeed. */
  ok(method: string, path: string, body?: unknown): Promise<Wire>
  form(path: string, fields: Readonly<Record<string, string>>, options?: CallOptions): Promise<Reply>
}

export function requester(server: CountersignServer, admin: string): Requests {
  async function call(method: string, target: string, options: CallOptions = {}): Promise<Reply> {
    const body = options.raw ?? (options.body === undefined ? '' : JSON.stringify(options.body))
    const { as = admin } = options
    const isJson = options.raw === undefined && options.body !== undefined
    const headers = [
      ['Host', 'localhost:4800'] as const,
      ...(as === null ? [] : [['Authorization', `Bearer ${as}`] as const]),
      ...(isJson ? [['Content-Type', 'application/json'] as const] : []),
      ...(options.headers ?? []),
    ]
    const reply = await send(options.server ?? server, method, `${options.at ?? ''}${target}`, headers, body, options)
    expectContract(method, target, reply)
    return reply
  }

  return {
    call,
    async ok(method, path, body) {
      const reply = await call(method, path, { body })
      expect(reply.status, `${method} ${path}: ${reply.text}`).toBeLessThan(300)
      return reply.body
    },
    form: (path, fields, options = {}) =>
      call('POST', path, {
        as: null,
        raw: new URLSearchParams(fields).toString(),
        ...options,
        headers: [['Content-Type', 'application/x-www-form-urlencoded'], ...(options.headers ?? [])],
      }),
  }
}

export async function send(
  server: CountersignServer,
  method: string,
  target: string,
  headers: readonly (readonly [string, string])[],
  body: string | Uint8Array = '',
  { peer = '192.0.2.7', whileReading }: Pick<CallOptions, 'peer' | 'whileReading'> = {},
): Promise<Reply> {
  const mark = target.indexOf('?')
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const exchange: HttpRequest = {
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    rawHeaders: headers.flat(),
    peer,
    requestId: `req_${randomBase62(16, randomBytes)}`,
    async readBody(bytesMax) {
      await whileReading?.()
      if (bytes.length > bytesMax) throw new ProblemError(413, 'content_too_large', 'the body is too long')
      return bytes
    },
    signal: new AbortController().signal,
  }
  return readReply(await server.handle(exchange))
}

async function readReply({ status, headers, cookies = [], body }: Answer): Promise<Reply> {
  let text = typeof body === 'string' ? body : ''
  if (body instanceof Uint8Array) text = Buffer.from(body).toString()
  else if (typeof body === 'object') for await (const chunk of body) text += chunk
  const isJson = /[/+]json$/.test(headers['Content-Type'] ?? '')
  return { status, headers, cookies, text, body: (isJson ? JSON.parse(text) : {}) as Wire }
}

/** Every answer of the management API has the shape that the contract says, whatever the test looks at. */
function expectContract(method: string, target: string, reply: Reply): void {
  const path = target.replace(/\?.*$/s, '')
  const route = allRoutes.find((each) => each.method === method && pathPattern(each.path).test(path))
  if (route === undefined) return
  if (reply.status < 300) {
    expect(reply.status, `${method} ${path}`).toBe(route.answer.status)
    const value = route.answer.contentType === undefined ? reply.body : reply.text
    expect(route.answer.schema.safeParse(value).error, `${method} ${path}`).toBeUndefined()
    return
  }
  expect(reply.headers['Content-Type'], reply.text).toBe('application/problem+json')
  expect(reply.body, reply.text).toMatchObject({ type: expect.any(String), title: expect.any(String) })
  expect(reply.body, reply.text).toMatchObject({ status: reply.status, requestId: expect.stringMatching(/^req_/) })
  expect(reply.body.detail, reply.text).toMatch(/./)
}

export function pathPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
}
