import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { answerKept, keepDocument } from './kept_document.ts'
import type { HttpRequest } from './request.ts'

const text = JSON.stringify(Array.from({ length: 500 }, (_, index) => ({ index, kind: 'a member' })))
const document = keepDocument(text, { 'Content-Type': 'application/json' })

function ask(...rawHeaders: readonly string[]) {
  const request: HttpRequest = {
    method: 'GET',
    path: '/',
    query: '',
    rawHeaders,
    peer: undefined,
    requestId: 'req_x',
    readBody: async () => new Uint8Array(),
    signal: new AbortController().signal,
  }
  const { status, headers, body } = answerKept(request, document)
  return { status, headers, bytes: body as Buffer | undefined }
}

it('is sent as it is, or compressed for those who take that, each form made once', () => {
  expect(ask().bytes?.toString()).toBe(text)
  expect(ask().headers).toMatchObject({ 'Content-Type': 'application/json', Vary: 'Accept-Encoding' })
  expect(ask().headers['Content-Encoding']).toBeUndefined()
  const br = ask('Accept-Encoding', 'gzip, deflate, br;q=0.5')
  expect(br.headers['Content-Encoding']).toBe('br')
  expect(brotliDecompressSync(br.bytes as Buffer).toString()).toBe(text)
  const gzip = ask('accept-encoding', 'gzip;q=1.0, br;q=0')
  expect(gzip.headers['Content-Encoding']).toBe('gzip')
  expect(gunzipSync(gzip.bytes as Buffer).toString()).toBe(text)
  expect(ask('Accept-Encoding', 'br').bytes).toBe(br.bytes)
  expect(ask('Accept-Encoding', 'gzip').bytes).toBe(gzip.bytes)
  for (const other of ['', 'identity', 'gzip;q=0', 'x-br', '*;q=0', 'deflate', ','.repeat(10_000)]) {
    expect(ask('Accept-Encoding', other).headers['Content-Encoding']).toBeUndefined()
  }
})

it('one who has it is told so, for exactly the form it has', () => {
  const plain = ask().headers.ETag as string
  const br = ask('Accept-Encoding', 'br').headers.ETag as string
  expect(plain).not.toBe(br)
  for (const value of [plain, `W/${plain}`, `"other", ${plain}`, '*']) {
    const { status, headers, bytes } = ask('If-None-Match', value)
    expect([status, headers.ETag, bytes]).toEqual([304, plain, undefined])
  }
  expect(ask('If-None-Match', plain, 'Accept-Encoding', 'br').status).toBe(200)
  expect(ask('If-None-Match', br, 'Accept-Encoding', 'br').status).toBe(304)
  expect(ask('If-None-Match', '"other"').status).toBe(200)
})
