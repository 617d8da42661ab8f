import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAddress } from './address/address.ts'
import { decide, type Expectation } from './decision.ts'
import { type Established, effectiveGrant, type Standing } from './effective_grant.ts'
import { type CheckName, checkNames, explainCode, explainJudged } from './explanation.ts'
import type { RateLimitOutcome } from './rate_limit/gcra.ts'
import type { RejectionCode } from './rejection.ts'

const now = 1_000_000
const audience = 'https://api.example'

const status = fc.constantFrom('active', 'disabled', 'revoked' as const)
const scope = fc.subarray(['read', 'write', 'admin'])
const scopeText = scope.map((tokens) => tokens.join(' '))
const time = fc.constantFrom(now - 100, now - 1, now, now + 5, now + 11, now + 100)
const constraint = fc.constantFrom({ ipAllow: ['10.0.0.0/8'] }, { originAllow: ['https://app.example'] }, {})

const established: fc.Arbitrary<Established> = fc
  .record(
    {
      format: fc.constantFrom('jwt', 'opaque' as const),
      kind: fc.constantFrom('api_key', 'access_token', 'external_jwt' as const),
      scope,
      status,
      notBefore: time,
      issuedAt: time,
      expiresAt: time,
      position: fc.constantFrom(10, 50, 90),
      constraints: fc.array(constraint, { maxLength: 2 }),
      audience: fc.constantFrom(audience, audience, 'https://other.example'),
      client: fc.record({ status, access: fc.option(scope) }),
    },
    { requiredKeys: ['format', 'kind', 'scope', 'status', 'constraints', 'audience'] },
  )
  .map((some) => ({
    credentialId: 'id',
    tenant: 'default',
    clientId: 'client_a',
    subject: 'client_a',
    apiId: 'api_1',
    leewaySeconds: 0,
    isListed: false,
    metadata: {},
    rates: [],
    clientRates: [],
    limitId: 'id',
    lineage: [],
    ...some,
  }))

const revoked = fc.constant('revoked' as const)
const live = fc.constantFrom('active', 'disabled' as const)
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })
const access = fc.constantFrom({ api_1: 'read write admin' }, { api_1: 'read' }, {}) as fc.Arbitrary<
  Record<string, string>
>
const cutOff = fc.constantFrom(0, 0, 40)
const apiState = fc.record({
  status: live,
  audience: fc.constant(audience),
  maxStalenessSeconds: fc.constant(300),
  createdSequence: fc.constantFrom(1, 60),
})
const standing: fc.Arbitrary<Standing> = fc.record({
  tenant: maybe(fc.oneof(revoked, fc.record({ status: live, slug: fc.constant('') }))),
  api: maybe(fc.oneof(revoked, apiState)),
  client: maybe(fc.oneof(revoked, fc.record({ status: live, access, cutOff }))),
  subject: maybe(fc.oneof(revoked, fc.record({ status: live, cutOff }))),
  own: maybe(fc.oneof(revoked, fc.record({ status, scope: scopeText }))),
  ancestors: fc.array(maybe(fc.oneof(revoked, fc.record({ status, scope: scopeText }))), { maxLength: 2 }),
})
const expectation: fc.Arbitrary<Expectation> = fc.record({
  audience: fc.constant(audience),
  requires: fc.array(scope, { maxLength: 2 }),
  address: maybe(fc.constantFrom(parseAddress('10.0.0.1'), parseAddress('11.0.0.1'))),
  origin: maybe(fc.constantFrom('https://app.example', 'https://evil.example')),
})
const outcome = (allowed: boolean): RateLimitOutcome => ({
  name: 'default',
  allowed,
  limit: 10,
  windowSeconds: 60,
  remaining: allowed ? 9 : 0,
  resetSeconds: 1,
  retryAfterSeconds: allowed ? 0 : 1,
})

const codeOf: Readonly<Partial<Record<CheckName, RejectionCode>>> = {
  revoked: 'revoked',
  disabled: 'disabled',
  expiry: 'expired',
  start: 'not_yet_valid',
  audience: 'wrong_audience',
  access: 'wrong_audience',
  address: 'address_not_allowed',
  origin: 'origin_not_allowed',
  scope: 'insufficient_scope',
  rate_limit: 'rate_limited',
}

it('the check that fails is the one that the decision was refused for, and none fails where it was not', () => {
  fc.assert(
    fc.property(
      established,
      standing,
      expectation,
      fc.constantFrom([], [outcome(true)], [outcome(false)]),
      (credential, states, expected, taken) => {
        const effective = effectiveGrant(credential, states)
        const decision = decide(effective, expected, taken, now)
        const checks = explainJudged({ established: credential, standing: states, effective, taken, now }, expected)
        const failed = checks.filter(({ result }) => result === 'failed')
        expect(failed.map(({ name }) => codeOf[name])).toEqual(decision.active ? [] : [decision.rejection.code])
        if (!decision.active) {
          const told = explainCode(decision.rejection.code, { isEstablished: true })
          const passed = told.flatMap(({ result }, at) => (result === 'passed' ? [checks[at]?.result] : []))
          expect(new Set(passed), 'a code tells of no check that was not made').toEqual(new Set(['passed']))
        }
        const place = checks.findIndex(({ result }) => result === 'failed')
        if (place >= 0) for (const { result } of checks.slice(place + 1)) expect(result).toBe('skipped')
        expect(checks.map(({ name }) => name)).toEqual([...checkNames])
        const [fault] = failed
        const isFault = fault?.name === 'revoked' || fault?.name === 'disabled'
        const isByTime = credential.kind === 'external_jwt'
        if (isFault && !isByTime) expect(fault?.has, 'it says what').toMatch(/: \w/)
      },
    ),
    { numRuns: 5_000 },
  )
})

describe('of a code alone', () => {
  const results = (code: RejectionCode, isEstablished: boolean): string =>
    explainCode(code, { isEstablished })
      .map(({ result }) => result[0])
      .join('')

  it('what comes before the failing check was made where the credential was found, but for what may have had nothing to compare', () => {
    expect(results('insufficient_scope', true)).toBe('sppssppssppssfs')
    expect(results('revoked', true)).toBe('sppssfsssssssss')
  })

  it('of a credential that was not found, only the checks that find one were made', () => {
    expect(results('malformed', false)).toBe('sfsssssssssssss')
    expect(results('bad_signature', false)).toBe('spsfsssssssssss')
    expect(results('wrong_audience', false)).toBe('sppssssssfsssss')
    expect(results('wrong_issuer', false)).toBe('spppfssssssssss')
  })
})
