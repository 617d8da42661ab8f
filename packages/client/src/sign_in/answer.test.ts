import { expect, it } from 'vitest'
import { readCode } from './answer.ts'
import { beginRequest, type Pending } from './request.ts'

const issuer = 'https://auth.example/t/acme'
const pending: Pending = {
  issuer,
  clientId: 'c',
  redirectUri: 'https://app.example/cb',
  state: 's'.repeat(43),
  verifier: 'v',
}
const sound = { code: 'cs_code_1', state: pending.state, iss: issuer }
const read = (answer: string | Record<string, string>) => readCode(new URLSearchParams(answer), pending)

it('the code of the answer to this request, of the server that was asked, is taken', () => {
  expect(read(sound)).toBe('cs_code_1')
})

it.each<[string, string | Record<string, string>]>([
  ['no state', { code: 'x', iss: issuer }],
  ['an empty state', { ...sound, state: '' }],
  ['another state', { ...sound, state: 't'.repeat(43) }],
  ['two states', `code=x&state=${pending.state}&state=${pending.state}&iss=${issuer}`],
  ['no issuer', { code: 'x', state: pending.state }],
  ['another issuer', { ...sound, iss: 'https://auth.example' }],
  ['the issuer with a slash', { ...sound, iss: `${issuer}/` }],
  ['two issuers', `code=x&state=${pending.state}&iss=${issuer}&iss=https://evil.example`],
  ['two codes', `code=x&code=y&state=${pending.state}&iss=${issuer}`],
  ['no code', { state: pending.state, iss: issuer }],
  ['an error of another server', { error: 'access_denied', state: pending.state, iss: 'https://evil.example' }],
  ['an error with another state', { error: 'access_denied', state: 'x', iss: issuer }],
  ['nothing', ''],
])('an answer with %s is not the answer, and tells nobody its code', (_, answer) => {
  expect(() => read(answer)).toThrow(expect.objectContaining({ code: 'unexpected_answer' }))
  expect(() => read(answer)).not.toThrow(/cs_code_1/)
})

it('a refusal has the server’s code and words, in characters that a terminal prints', () => {
  const refusal = {
    error: 'access_denied',
    error_description: 'no\u001b[31m thanks',
    state: pending.state,
    iss: issuer,
  }
  expect(() => read(refusal)).toThrow(expect.objectContaining({ code: 'access_denied', detail: 'no?[31m thanks' }))
})

it('a request has PKCE with S256, a state and a nonce of its own each time, and a nonce only for an ID token', async () => {
  const asked = { issuer, clientId: 'c', redirectUri: 'https://app.example/cb', scope: 'openid orders:read' }
  const [one, two] = [await beginRequest(asked, {}), await beginRequest(asked, { prompt: 'none', maxAgeSeconds: 0 })]
  const { searchParams, origin, pathname } = new URL(one.url)
  expect(origin + pathname).toBe(`${issuer}/oauth/authorize`)
  expect(Object.fromEntries(searchParams)).toEqual({
    response_type: 'code',
    client_id: 'c',
    redirect_uri: 'https://app.example/cb',
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: 'S256',
    state: one.pending.state,
    nonce: one.pending.nonce,
    scope: 'openid orders:read',
  })
  expect(one.url).not.toContain(one.pending.verifier)
  expect(new Set([one, two].flatMap(({ pending: { state, nonce, verifier } }) => [state, nonce, verifier])).size).toBe(
    6,
  )
  expect(new URL(two.url).searchParams.get('max_age')).toBe('0')
  const plain = await beginRequest({ ...asked, scope: 'orders:read' }, {})
  expect([plain.pending.nonce, new URL(plain.url).searchParams.has('nonce')]).toEqual([undefined, false])
})
