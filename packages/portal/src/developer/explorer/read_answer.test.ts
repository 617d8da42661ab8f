import { expect, it } from 'vitest'
import { bodyText, readAnswer } from './read_answer.ts'

const chunk = (text: string) => JSON.stringify({ chunk: Buffer.from(text).toString('base64') })
const head = JSON.stringify({ status: 403, headers: { 'content-type': 'application/problem+json' } })

it('an answer is put together from its lines, a character that was cut in two as well', () => {
  const bytes = Buffer.from('{"a":"ü"}')
  const lines = [bytes.subarray(0, 7), bytes.subarray(7)].map((part) =>
    JSON.stringify({ chunk: part.toString('base64') }),
  )
  const answer = readAnswer([head, ...lines, '{"end":10,"ms":12}', ''].join('\n'))
  expect(answer).toMatchObject({ status: 403, ms: 12, isCut: false, error: undefined })
  expect(bodyText(answer!)).toBe('{\n  "a": "ü"\n}')
})

it('says when it was cut, and when it broke off: by a last line, or without one', () => {
  expect(readAnswer([head, chunk('x'), '{"end":1,"ms":3,"cut":true}'].join('\n'))?.isCut).toBe(true)
  const broken = '{"error":"api_timeout","detail":"Too long.","ms":9}'
  expect(readAnswer([head, chunk('x'), broken].join('\n'))?.error).toBe('Too long.')
  expect(readAnswer([head, chunk('x')].join('\n'))?.error).toBe('')
})

it('what is no answer is none, and bytes that are no text are no text', () => {
  for (const text of ['', '{', '{"chunk":"AA=="}', 'null']) expect(readAnswer(text)).toBeUndefined()
  expect(bodyText({ bytes: new Uint8Array([255, 254]), headers: {} })).toBeUndefined()
  expect(bodyText({ bytes: Buffer.from('{'), headers: { 'content-type': 'application/json' } })).toBe('{')
})
