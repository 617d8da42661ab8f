import { describe, expect, test } from 'vitest'
import { type InvalidTokenCode, type Rejection, rejectionAnswer } from './rejection.ts'

const rateLimit = {
  name: 'default',
  allowed: false,
  limit: 10,
  windowSeconds: 60,
  remaining: 0,
  resetSeconds: 60,
  retryAfterSeconds: 6,
}

/** One of each reason; the compiler names the one that is missing. */
const rejections: { readonly [C in Rejection['code']]: Rejection } = {
  missing_credential: { code: 'missing_credential', detail: 'd' },
  invalid_request: { code: 'invalid_request', detail: 'd' },
  malformed: { code: 'malformed', detail: 'd' },
  unknown: { code: 'unknown', detail: 'd' },
  bad_signature: { code: 'bad_signature', detail: 'd' },
  expired: { code: 'expired', detail: 'd' },
  not_yet_valid: { code: 'not_yet_valid', detail: 'd' },
  revoked: { code: 'revoked', detail: 'd' },
  disabled: { code: 'disabled', detail: 'd' },
  wrong_audience: { code: 'wrong_audience', detail: 'd' },
  wrong_issuer: { code: 'wrong_issuer', detail: 'd' },
  address_not_allowed: { code: 'address_not_allowed', detail: 'd' },
  origin_not_allowed: { code: 'origin_not_allowed', detail: 'd' },
  insufficient_scope: {
    code: 'insufficient_scope',
    detail: 'd',
    neededScope: ['a', 'b'],
    missingScope: ['b'],
    requires: [
      ['c', 'd', 'e'],
      ['a', 'b'],
    ],
  },
  rate_limited: { code: 'rate_limited', detail: 'd', rateLimit, rateLimits: [rateLimit] },
}

describe('each reason has its status and challenge (docs/protocol/errors.md §1, RFC 6750 §3)', () => {
  test.each<[Rejection['code'], number, string | undefined]>([
    ['missing_credential', 401, 'Bearer'],
    ['invalid_request', 400, 'Bearer error="invalid_request"'],
    ['malformed', 401, 'Bearer error="invalid_token"'],
    ['unknown', 401, 'Bearer error="invalid_token"'],
    ['bad_signature', 401, 'Bearer error="invalid_token"'],
    ['expired', 401, 'Bearer error="invalid_token"'],
    ['not_yet_valid', 401, 'Bearer error="invalid_token"'],
    ['revoked', 401, 'Bearer error="invalid_token"'],
    ['disabled', 401, 'Bearer error="invalid_token"'],
    ['wrong_audience', 401, 'Bearer error="invalid_token"'],
    ['wrong_issuer', 401, 'Bearer error="invalid_token"'],
    ['address_not_allowed', 403, undefined],
    ['origin_not_allowed', 403, undefined],
    ['insufficient_scope', 403, 'Bearer error="insufficient_scope", scope="a b"'],
    ['rate_limited', 429, undefined],
  ])('%s', (code, status, challenge) => {
    const answer = rejectionAnswer(rejections[code])
    expect(answer.status).toBe(status)
    expect(answer.headers['WWW-Authenticate']).toBe(challenge)
    expect(answer.headers['Cache-Control']).toBe('no-store')
    expect(answer.body).toMatchObject({ type: 'about:blank', status })
  })
})

test('a refusal for scope tells every alternative, and no other refusal has the field', () => {
  for (const rejection of Object.values(rejections)) {
    const { body } = rejectionAnswer(rejection)
    expect(body.requires).toEqual(rejection.code === 'insufficient_scope' ? rejection.requires : undefined)
  }
})

test('whatever is wrong with a credential, an outsider sees one and the same answer, byte for byte', () => {
  const codes: InvalidTokenCode[] = [
    'malformed',
    'unknown',
    'bad_signature',
    'expired',
    'not_yet_valid',
    'revoked',
    'disabled',
    'wrong_audience',
    'wrong_issuer',
  ]
  const answers = codes.map((code) => JSON.stringify(rejectionAnswer({ code, detail: `secret ${code}` })))
  expect(new Set(answers).size).toBe(1)
  expect(answers[0]).not.toContain('secret')
})

test('a spent limit says how much, of how much, and when to come again', () => {
  expect(rejectionAnswer(rejections.rate_limited).headers).toMatchObject({
    RateLimit: '"default";r=0;t=60',
    'RateLimit-Policy': '"default";q=10;w=60',
    'Retry-After': '6',
  })
})

test('a call that costs more than a limit ever allows is told so, and not to come again', () => {
  const never = { ...rateLimit, retryAfterSeconds: Number.POSITIVE_INFINITY }
  const answer = rejectionAnswer({ code: 'rate_limited', detail: 'd', rateLimit: never, rateLimits: [never] })
  expect(answer).toMatchObject({ status: 429, body: { detail: expect.stringContaining('costs more') } })
  expect(answer.headers).toHaveProperty('RateLimit-Policy')
  expect(answer.headers).not.toHaveProperty('Retry-After')
})
