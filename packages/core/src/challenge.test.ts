import { describe, expect, it } from 'vitest'
import { type Challenge, challengeHeader } from './challenge.ts'

describe('a challenge', () => {
  it.each<readonly [Challenge, string]>([
    [{ scheme: 'Bearer' }, 'Bearer'],
    [{ scheme: 'Bearer', error: 'invalid_token' }, 'Bearer error="invalid_token"'],
    [
      { scheme: 'Bearer', error: 'insufficient_scope', scope: ['a', 'b:c'] },
      'Bearer error="insufficient_scope", scope="a b:c"',
    ],
    [{ scheme: 'Basic', realm: 'countersign' }, 'Basic realm="countersign"'],
  ])('%o is written as RFC 6750 §3 and RFC 7617 §2 say', (challenge, field) => {
    expect(challengeHeader(challenge)).toEqual({ 'WWW-Authenticate': field })
  })
})
