import { expect, it } from 'vitest'
import { readAnswer } from './read_answer.ts'

const chunk = (bytes: string | Uint8Array) => JSON.stringify({ chunk: Buffer.from(bytes).toString('base64') })
const head = JSON.stringify({ status: 403, headers: { 'content-type': 'application/problem+json' } })

it('an answer is put together from its lines, a character that was cut in two as well', () => {
  const bytes = Buffer.from('{"a":"ü"}')
  const lines = [bytes.subarray(0, 7), bytes.subarray(7)].map(chunk)
  const answer = readAnswer([head, ...lines, '{"end":10,"ms":12}', ''].join('\n'))
  expect(answer).toMatchObject({ status: 403, ms: 12, isCut: false, error: undefined, bytes: 10 })
  expect(answer).toMatchObject({ text: '{\n  "a": "ü"\n}', isLong: false })
})

it('says when it was cut, and when it broke off: by a last line, or without one', () => {
  expect(readAnswer([head, chunk('x'), '{"end":1,"ms":3,"cut":true}'].join('\n'))?.isCut).toBe(true)
  const broken = '{"error":"api_timeout","detail":"Too long.","ms":9}'
  expect(readAnswer([head, chunk('x'), broken].join('\n'))?.error).toBe('Too long.')
  expect(readAnswer([head, chunk('x')].join('\n'))?.error).toBe('')
})

it('what is no answer is none, and bytes that are no text are no text', () => {
  for (const text of ['', '{', '{"chunk":"AA=="}', 'null']) expect(readAnswer(text)).toBeUndefined()
  expect(readAnswer([head, chunk(new Uint8Array([255, 254]))].join('\n'))?.text).toBeUndefined()
  expect(readAnswer([head, chunk('{')].join('\n'))?.text).toBe('{')
})

it('of a long answer the first 100,000 characters are kept, also of three bytes each', () => {
  for (const sign of ['a', '€']) {
    const answer = readAnswer([head, chunk(sign.repeat(300_000)), '{"end":1,"ms":1}'].join('\n'))
    expect([answer?.text, answer?.isLong]).toEqual([sign.repeat(100_000), true])
  }
  expect(readAnswer([head, chunk('a'.repeat(100_000))].join('\n'))?.isLong).toBe(false)
})
