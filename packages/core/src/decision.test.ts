import { describe, expect, test } from 'vitest'
import { parseAddress } from './address/address.ts'
import { decide, type Expectation } from './decision.ts'
import { type Established, effectiveGrant, type Standing } from './effective_grant.ts'

const now = 1_000_000
const silent: Standing = { tenant: undefined, api: undefined, client: undefined, own: undefined, ancestors: [] }

const credential: Established = {
  kind: 'access_token',
  format: 'jwt',
  credentialId: 'jti1',
  tenant: 'default',
  clientId: 'client_a',
  subject: 'client_a',
  apiId: 'api_1',
  audience: 'https://api.example',
  scope: ['read', 'write'],
  status: 'active',
  notBefore: now - 100,
  expiresAt: now + 100,
  leewaySeconds: 0,
  isListed: false,
  metadata: {},
  constraints: [],
  rates: [],
  clientRates: [],
  limitId: 'jti1',
  lineage: [],
  position: 50,
}

const expected: Expectation = { audience: 'https://api.example', requires: [[]], address: undefined, origin: undefined }

function judge(
  change: Partial<Established> = {},
  standing: Partial<Standing> = {},
  expectation: Partial<Expectation> = {},
  at = now,
): string {
  const effective = effectiveGrant({ ...credential, ...change }, { ...silent, ...standing })
  const decision = decide(effective, { ...expected, ...expectation }, [], at)
  return decision.active ? `active ${decision.grant.scope}` : decision.rejection.code
}

const api = { status: 'active', audience: 'https://api.example', maxStalenessSeconds: 300, createdSequence: 1 } as const
const client = { status: 'active', access: { api_1: 'read write' }, cutOff: 0 } as const
const key = { status: 'active', scope: 'read write' } as const

test('a credential against which nothing speaks is active', () => {
  expect(judge()).toBe('active read write')
  expect(
    judge({}, { tenant: { status: 'active', slug: '' }, api, client, own: { status: 'active' }, ancestors: [key] }),
  ).toBe('active read write')
})

describe('one change refuses it', () => {
  test.each<[string, string, Partial<Established>, Partial<Standing>, Partial<Expectation>]>([
    ['revoked itself', 'revoked', { status: 'revoked' }, {}, {}],
    ['its own entry revoked', 'revoked', {}, { own: 'revoked' }, {}],
    ['its client deleted', 'revoked', {}, { client: 'revoked' }, {}],
    ['its API deleted', 'revoked', {}, { api: 'revoked' }, {}],
    ['its tenant deleted', 'revoked', {}, { tenant: 'revoked' }, {}],
    ['an ancestor revoked', 'revoked', {}, { ancestors: [undefined, 'revoked'] }, {}],
    ['a cut-off after it was issued', 'revoked', {}, { client: { ...client, cutOff: 51 } }, {}],
    ['the end of its subject after it was issued', 'revoked', {}, { subject: { status: 'active', cutOff: 51 } }, {}],
    ['an API of that audience made after it', 'revoked', {}, { api: { ...api, createdSequence: 51 } }, {}],
    ['disabled itself', 'disabled', { status: 'disabled' }, {}, {}],
    ['its own entry disabled', 'disabled', {}, { own: { status: 'disabled' } }, {}],
    ['its client disabled', 'disabled', {}, { client: { ...client, status: 'disabled' } }, {}],
    [
      'its client disabled when it was looked up',
      'disabled',
      { client: { status: 'disabled', access: ['read'] } },
      {},
      {},
    ],
    ['its API disabled', 'disabled', {}, { api: { ...api, status: 'disabled' } }, {}],
    ['its tenant disabled', 'disabled', {}, { tenant: { status: 'disabled', slug: '' } }, {}],
    ['an ancestor disabled', 'disabled', {}, { ancestors: [{ ...key, status: 'disabled' }] }, {}],
    ['ended by a change', 'expired', {}, { own: { status: 'active', expiresAt: now } }, {}],
    ['an ancestor ended', 'expired', {}, { ancestors: [{ ...key, expiresAt: now - 1 }] }, {}],
    ['not begun', 'not_yet_valid', { notBefore: now + 11 }, {}, {}],
    ['another audience', 'wrong_audience', {}, {}, { audience: 'https://api.example/' }],
    ['a scope it has not', 'insufficient_scope', {}, {}, { requires: [['admin']] }],
    ['nothing that could do', 'insufficient_scope', {}, {}, { requires: [] }],
    [
      'narrowed below what is needed',
      'insufficient_scope',
      {},
      { own: { status: 'active', scope: 'write' } },
      { requires: [['read']] },
    ],
    [
      'its client narrowed',
      'insufficient_scope',
      {},
      { client: { ...client, access: { api_1: 'write' } } },
      { requires: [['read']] },
    ],
    [
      'its client without access',
      'wrong_audience',
      {},
      { client: { ...client, access: { api_2: 'read' } } },
      { requires: [['read']] },
    ],
    [
      'an ancestor narrowed',
      'insufficient_scope',
      {},
      { ancestors: [{ ...key, scope: 'write' }] },
      { requires: [['read']] },
    ],
    ['bound to addresses, none known', 'address_not_allowed', { constraints: [{ ipAllow: ['10.0.0.0/8'] }] }, {}, {}],
    [
      'a range that cannot be read',
      'address_not_allowed',
      { constraints: [{ ipAllow: ['nonsense'] }] },
      {},
      { address: parseAddress('10.0.0.1') },
    ],
    [
      'bound to no address at all',
      'address_not_allowed',
      { constraints: [{ ipAllow: [] }] },
      {},
      { address: parseAddress('10.0.0.1') },
    ],
    [
      'an ancestor bound since',
      'address_not_allowed',
      {},
      { ancestors: [{ ...key, ipAllow: ['10.0.0.0/8'] }] },
      { address: parseAddress('11.0.0.1') },
    ],
    [
      'bound to origins, none sent',
      'origin_not_allowed',
      { constraints: [{ originAllow: ['https://app.example'] }] },
      {},
      {},
    ],
    [
      'another origin',
      'origin_not_allowed',
      { constraints: [{ originAllow: ['https://app.example'] }] },
      {},
      { origin: 'https://app.example.evil' },
    ],
  ])('%s: %s', (_, code, change, standing, expectation) => expect(judge(change, standing, expectation)).toBe(code))
})

test('it is refused at the very second it ends, and not before', () => {
  expect(judge({}, {}, {}, now + 99.999)).toBe('active read write')
  expect(judge({}, {}, {}, now + 100)).toBe('expired')
})

test('what a client signed has ten seconds more, and no change of ours has', () => {
  expect(judge({ leewaySeconds: 10 }, {}, {}, now + 109)).toBe('active read write')
  expect(judge({ leewaySeconds: 10 }, {}, {}, now + 110)).toBe('expired')
  expect(judge({ leewaySeconds: 10 }, { own: { status: 'active', expiresAt: now } }, {}, now)).toBe('expired')
})

test('a change may widen it again, within the access its client has now', () => {
  expect(judge({}, { own: { status: 'active', scope: 'read write admin' } })).toBe('active read write admin')
  expect(judge({}, { own: { status: 'active', scope: 'read admin' }, client })).toBe('active read')
})

test('access given again gives back what the credential had: nothing was written back', () => {
  expect(judge({}, { client: { ...client, access: { api_1: 'read' } } })).toBe('active read')
  expect(judge({}, { client })).toBe('active read write')
})

test('a self-issued JWT is never widened beyond what its client signed', () => {
  const selfIssued = {
    kind: 'self_issued_jwt',
    client: { status: 'active', access: ['read', 'write', 'admin'] },
  } as const
  expect(judge(selfIssued, { own: { status: 'active', scope: 'read admin' } })).toBe('active read')
})

test('an end set later than the signed one does not count', () => {
  expect(judge({}, { own: { status: 'active', expiresAt: now + 1_000 } }, {}, now + 100)).toBe('expired')
})

test('every constraint of the whole line must hold', () => {
  const constraints = [{ ipAllow: ['10.0.0.0/8', '192.0.2.0/24'] }, { ipAllow: ['10.1.0.0/16'] }]
  expect(judge({ constraints }, {}, { address: parseAddress('10.1.2.3') })).toBe('active read write')
  expect(judge({ constraints }, {}, { address: parseAddress('10.2.2.3') })).toBe('address_not_allowed')
})

test('one alternative that is met is enough; the refusal names the one that lacks least', () => {
  expect(judge({}, {}, { requires: [['admin'], ['read', 'write']] })).toBe('active read write')
  const decision = decide(
    effectiveGrant(credential, silent),
    {
      ...expected,
      requires: [
        ['a', 'b'],
        ['read', 'c'],
      ],
    },
    [],
    now,
  )
  const requires = [
    ['a', 'b'],
    ['read', 'c'],
  ]
  expect(decision).toMatchObject({ rejection: { neededScope: ['read', 'c'], missingScope: ['c'], requires } })
})

test('a credential with an empty scope has no access, but to what needs none', () => {
  expect(judge({ scope: [] }, {}, { requires: [['read']] })).toBe('insufficient_scope')
  expect(judge({ scope: [] }, {}, { requires: [['']] })).toBe('insufficient_scope')
})

test('only a spent limit refuses as rate_limited, and only what would pass', () => {
  const rateLimit = {
    name: 'default',
    allowed: false,
    limit: 1,
    windowSeconds: 1,
    remaining: 0,
    resetSeconds: 1,
    retryAfterSeconds: 1,
  }
  const effective = effectiveGrant(credential, silent)
  expect(decide(effective, expected, [rateLimit], now)).toMatchObject({ rejection: { code: 'rate_limited' } })
  expect(decide(effective, expected, [{ ...rateLimit, allowed: true }], now)).toMatchObject({ active: true })
  expect(decide(effective, { ...expected, audience: 'x' }, [rateLimit], now)).toMatchObject({
    rejection: { code: 'wrong_audience' },
  })
})

test('one of several policies that says no refuses, and the one to wait for longest is named', () => {
  const spent = { name: 'burst', allowed: false, limit: 1, windowSeconds: 1, remaining: 0, resetSeconds: 1 }
  const effective = effectiveGrant(credential, silent)
  const taken = [
    { ...spent, name: 'default', allowed: true, retryAfterSeconds: 0 },
    { ...spent, retryAfterSeconds: 1 },
    { ...spent, name: 'day', retryAfterSeconds: 9 },
  ]
  expect(decide(effective, expected, taken, now)).toMatchObject({
    rejection: { detail: 'the rate limit "day" is spent', rateLimit: { name: 'day' }, rateLimits: taken },
  })
  const never = { ...spent, retryAfterSeconds: Number.POSITIVE_INFINITY }
  expect(decide(effective, expected, [...taken, never], now)).toMatchObject({
    rejection: { detail: expect.stringContaining('costs more than the rate limit "burst"') },
  })
})

describe('the limits of a call', () => {
  const rate = { limit: 9, windowSeconds: 1 }
  const shown = (established: Partial<Established>, standing: Partial<Standing>) =>
    effectiveGrant({ ...credential, ...established }, { ...silent, ...standing }).spends.map(
      ({ key: counter, rate: { name, limit }, cost }) => [counter, name, limit, cost],
    )

  test('are its own, its client’s for that API, and its API’s; equal names are told apart', () => {
    const own = {
      rates: [
        { name: 'default', ...rate },
        { name: 'burst', ...rate },
      ],
      limitId: 'k1',
    }
    const ofClient = { ...client, rateLimit: rate, rateLimits: [{ name: 'day', ...rate }] }
    expect(shown(own, { client: ofClient, api: { ...api, rateLimit: rate } })).toEqual([
      ['{default api_1}:key:k1:default', 'default', 9, 1],
      ['{default api_1}:key:k1:burst', 'burst', 9, 1],
      ['{default api_1}:client:client_a:default', 'client:default', 9, 1],
      ['{default api_1}:client:client_a:day', 'day', 9, 1],
      ['{default api_1}:api::default', 'api:default', 9, 1],
    ])
    expect(shown({}, {})).toEqual([])
  })

  test('of the client are those signed with a JWT until others are said, and of a record always the record’s', () => {
    const signed = { clientRates: [{ name: 'signed', ...rate }] }
    const said = { ...client, rateLimits: [{ name: 'said', ...rate }] }
    const names = (...given: Parameters<typeof shown>) => shown(...given).map(([, name]) => name)
    expect(names(signed, {})).toEqual(['signed'])
    expect(names(signed, { client: said })).toEqual(['said'])
    expect(names(signed, { client })).toEqual([])
    const recorded = { ...signed, client: { status: 'active', access: ['read'] } } as const
    expect(names(recorded, { client: said })).toEqual(['signed'])
  })
})

test('a child spends from its oldest ancestor, as that is limited now', () => {
  const lineage = [
    { type: 'token', id: 'a' },
    { type: 'key', id: 'b' },
  ] as const
  const changed = { ...key, rateLimit: { limit: 5, windowSeconds: 1 } }
  const child = { ...credential, lineage, rates: [{ name: 'default', limit: 9, windowSeconds: 1 }], limitId: 'b' }
  expect(effectiveGrant(child, { ...silent, ancestors: [undefined, undefined] }).rates).toEqual(child.rates)
  expect(effectiveGrant(child, { ...silent, ancestors: [undefined, changed] })).toMatchObject({
    rates: [{ name: 'default', limit: 5 }],
    spends: [{ key: '{default api_1}:key:b:default' }],
    limitId: 'b',
  })
})

test('a grant says what it has', () => {
  const { grant } = effectiveGrant(credential, silent)
  expect([grant.has('read'), grant.has('read', 'write'), grant.has('admin'), grant.has('read', 'admin')]).toEqual([
    true,
    true,
    false,
    false,
  ])
})
