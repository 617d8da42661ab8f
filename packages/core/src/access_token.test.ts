import { describe, expect, test } from 'vitest'
import { type AccessTokenInput, accessTokenClaims, readAccessToken } from './access_token.ts'
import { clientTokenId } from './identity.ts'
import { establishSelfIssued, readSelfIssuedClaims } from './self_issued_jwt.ts'

const input: AccessTokenInput = {
  issuer: 'https://as.example',
  subject: 'user-1',
  audience: 'https://api.example',
  clientId: 'client_a',
  jti: 'j1',
  issuedAt: 1000.7,
  expiresAt: 2000.9,
  scope: ['read', 'write'],
  position: 5,
  environment: 'test',
  metadata: { plan: 'gold' },
  lineage: [
    { type: 'client_token', id: clientTokenId('client_a', 'self-1') },
    { type: 'key', id: '0123456789AB' },
  ],
  constraints: [{ ipAllow: ['10.0.0.0/8'] }],
  rateLimit: { limit: 3, windowSeconds: 60 },
  limitId: '0123456789AB',
}
const context = { tenant: 'default', apiId: 'api_1', audience: 'https://api.example' }
const claims = accessTokenClaims(input)

test('the claims are those of RFC 9068, whole seconds, and what is inherited', () => {
  expect(claims).toEqual({
    iss: 'https://as.example',
    sub: 'user-1',
    aud: 'https://api.example',
    client_id: 'client_a',
    jti: 'j1',
    iat: 1000,
    exp: 2000,
    scope: 'read write',
    cs_pos: 5,
    cs_parent: 'self-1',
    cs_lineage: ['self:client_a self-1', 'key:0123456789AB'],
    cs_env: 'test',
    cs_constraints: [{ ipAllow: ['10.0.0.0/8'] }],
    cs_limit: { id: '0123456789AB', limit: 3, windowSeconds: 60 },
    cs_meta: { plan: 'gold' },
  })
})

test('the id that the owner has for a person is read back', () => {
  const made = accessTokenClaims({ ...input, externalSubject: 'customer 1' })
  expect(made.cs_external_subject).toBe('customer 1')
  expect(readAccessToken(made, context)?.externalSubject).toBe('customer 1')
  expect(readAccessToken(claims, context)).not.toHaveProperty('externalSubject')
})

test('a token that came from nothing says nothing of it', () => {
  const {
    environment: _,
    metadata: __,
    lineage: ___,
    constraints: ____,
    rateLimit: _____,
    limitId: ______,
    ...plain
  } = input
  expect(Object.keys(accessTokenClaims(plain))).toEqual([
    'iss',
    'sub',
    'aud',
    'client_id',
    'jti',
    'iat',
    'exp',
    'scope',
    'cs_pos',
  ])
})

test('what was written is read back whole', () => {
  expect(readAccessToken(claims, context)).toMatchObject({
    kind: 'access_token',
    credentialId: 'j1',
    scope: ['read', 'write'],
    lineage: input.lineage,
    constraints: input.constraints,
    rates: [{ name: 'default', limit: 3, windowSeconds: 60 }],
    clientRates: [],
    limitId: '0123456789AB',
    environment: 'test',
    metadata: { plan: 'gold' },
    position: 5,
    expiresAt: 2000,
  })
})

test('named limits and the client’s are read back too, with or without one named default', () => {
  const burst = { name: 'burst', limit: 5, windowSeconds: 1 }
  const day = { name: 'day', limit: 9, windowSeconds: 86_400 }
  const both = accessTokenClaims({ ...input, rateLimits: [burst], clientRateLimits: [day] })
  expect(both).toMatchObject({ cs_limits: { id: '0123456789AB', policies: [burst] }, cs_client_limits: [day] })
  expect(readAccessToken(both, context)).toMatchObject({
    rates: [{ name: 'default', limit: 3, windowSeconds: 60 }, burst],
    clientRates: [day],
  })
  const { rateLimit: _, ...unnamed } = input
  const named = accessTokenClaims({ ...unnamed, rateLimits: [burst] })
  expect(named).not.toHaveProperty('cs_limit')
  expect(readAccessToken(named, context)).toMatchObject({ rates: [burst], limitId: '0123456789AB' })
})

describe('a claim that is not as we write it refuses the token: a constraint nobody can read must not be dropped', () => {
  test.each<[string, unknown]>([
    ['sub', undefined],
    ['aud', ['https://api.example', 'https://api.example']],
    ['aud', []],
    ['aud', [['https://api.example']]],
    ['client_id', undefined],
    ['jti', undefined],
    ['exp', undefined],
    ['scope', undefined],
    ['cs_pos', undefined],
    ['cs_pos', '5'],
    ['cs_pos', -1],
    ['cs_pos', 1.5],
    ['cs_external_subject', 5],
    ['cs_lineage', 'key:a'],
    ['cs_lineage', ['other:a']],
    ['cs_lineage', [5]],
    ['cs_lineage', Array(6).fill('key:a')],
    ['cs_env', 'prod'],
    ['cs_constraints', {}],
    ['cs_constraints', [{ ipAllow: 'all' }]],
    ['cs_constraints', [{ dayAllow: ['monday'] }]],
    ['cs_constraints', [null]],
    ['cs_limit', 5],
    ['cs_limit', { limit: 1, windowSeconds: 1 }],
    ['cs_limit', { id: 'x', limit: 1, windowSeconds: 0 }],
    ['cs_limits', { id: '0123456789AB' }],
    ['cs_limits', { id: 'another', policies: [] }],
    ['cs_limits', { id: '0123456789AB', policies: [{ name: 'a', limit: -1, windowSeconds: 1 }] }],
    ['cs_limits', { id: '0123456789AB', policies: [{ limit: 1, windowSeconds: 1 }] }],
    ['cs_client_limits', {}],
    ['cs_client_limits', [5]],
    ['cs_client_limits', [{ name: 'a', limit: 1, windowSeconds: '1' }]],
    ['cs_limit', { id: 'x', limit: '1', windowSeconds: 1 }],
    ['cs_meta', 'gold'],
    ['cnf', { jkt: 'x' }],
  ])('%s = %j', (name, value) => {
    const changed = Object.fromEntries(
      Object.entries({ ...claims, [name]: value }).filter(([, member]) => member !== undefined),
    )
    expect(readAccessToken(changed, context)).toBeUndefined()
  })
})

describe('a self-issued JWT', () => {
  const own = {
    iss: 'client_a',
    sub: 'client_a',
    aud: 'https://api.example',
    jti: 'x',
    iat: 1000,
    exp: 4600,
    scope: 'read admin',
  }
  const record = {
    clientId: 'client_a',
    kid: 'k',
    thumbprint: 't',
    alg: 'ES256',
    publicJwk: {},
    lifeSecondsMax: 3600,
    clientStatus: 'active',
    access: { api_1: 'read write' },
    metadata: {},
  } as const

  test('is read and may live as long as its client may sign', () => {
    const read = readSelfIssuedClaims(own)
    if (typeof read === 'string') throw new Error(read)
    expect(establishSelfIssued(read, record, context)).toMatchObject({
      kind: 'self_issued_jwt',
      scope: ['read', 'admin'],
      client: { access: ['read', 'write'] },
      leewaySeconds: 10,
    })
    expect(establishSelfIssued({ ...read, expiresAt: 4601 }, record, context)).toContain('3600 seconds')
  })

  test.each<[string, unknown]>([
    ['iss', 'user-1'],
    ['iss', undefined],
    ['sub', 'client_b'],
    ['sub', undefined],
    ['client_id', 'client_b'],
    ['client_id', null],
    ['aud', ['https://api.example', 'https://api.example']],
    ['aud', []],
    ['aud', [['https://api.example']]],
    ['aud', undefined],
    ['jti', undefined],
    ['jti', ''],
    ['jti', 'é'.repeat(150)],
    ['iat', undefined],
    ['exp', undefined],
    ['exp', 1000],
    ['scope', ['re ad']],
    ['scope', 1],
    ['scopes', ['read']],
    ['cnf', {}],
    ['cs_pos', 1],
    ['cs_lineage', []],
    ['cs_anything', true],
  ])('with %s = %j is refused with the rule', (name, value) => {
    const changed = Object.fromEntries(
      Object.entries({ ...own, [name]: value }).filter(([, member]) => member !== undefined),
    )
    expect(typeof readSelfIssuedClaims(changed)).toBe('string')
  })
})
