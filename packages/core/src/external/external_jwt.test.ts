import { describe, expect, it } from 'vitest'
import { findRejection } from '../decision.ts'
import { effectiveGrant } from '../effective_grant.ts'
import type { ClientState, TrustedIssuerState } from '../feed/state.ts'
import { formatScope } from '../scope.ts'
import { type ExternalClaims, establishExternal, externalTokenId, readExternalClaims } from './external_jwt.ts'
import { type ApiNames, scopeByApi } from './issuer_rule.ts'

const now = 1_800_000_000
const iss = 'https://ci.example'
const orders = 'https://orders.example'
const invoices = 'https://invoices.example'

const good = { iss, sub: 'repo:acme/api', aud: orders, jti: 'j1', iat: now, exp: now + 300 }

function read(changes: object): ExternalClaims | string {
  const claims = Object.entries({ ...good, ...changes }).filter(([, value]) => value !== undefined)
  return readExternalClaims(Object.fromEntries(claims))
}

describe('the claims', () => {
  it('are read, with aud as a list', () => {
    expect(read({})).toMatchObject({ issuer: iss, subject: good.sub, audiences: [orders], jti: 'j1', issuedAt: now })
    expect(read({ aud: [orders, 'x'], jti: undefined, iat: undefined })).toMatchObject({ audiences: [orders, 'x'] })
  })

  it.each([
    ['iss', { iss: '' }],
    ['sub', { sub: undefined }],
    ['sub', { sub: '' }],
    ['sub', { sub: 'x'.repeat(256) }],
    ['sub', { sub: 'client_1' }],
    ['sub', { sub: 'acct_1' }],
    ['aud', { aud: undefined }],
    ['aud', { aud: [] }],
    ['exp', { exp: undefined }],
    ['jti', { jti: '' }],
    ['cnf', { cnf: { jkt: 'x' } }],
    ['cs_', { cs_pos: 1 }],
    ['cs_', { cs_lineage: ['key:x'] }],
    ['cs_', { cs_anything: null }],
  ])('are refused for %s: %j', (rule, changes) => {
    expect(read(changes)).toMatch(rule)
  })

  it('begin to count a day before exp at the earliest', () => {
    expect(read({ iat: undefined, exp: now + 86_400 })).toMatchObject({ notBefore: now })
    expect(read({ exp: now + 30 * 86_400 })).toMatchObject({ notBefore: now + 29 * 86_400 })
    expect(read({ nbf: now + 60 })).toMatchObject({ notBefore: now + 60 })
  })
})

describe('the name in the feed', () => {
  it('is made of issuer and jti, and of the first two parts where there is no jti', async () => {
    const name = (changes: { issuer?: string; jti?: string | undefined }, text = 'a.b.c') => {
      const { issuer = iss, ...rest } = changes
      const jti = 'jti' in rest ? rest.jti : 'j1'
      return externalTokenId({ issuer, ...(jti === undefined ? {} : { jti }) }, text)
    }
    const first = await name({})
    expect(first).toMatch(/^[\w-]{43}$/)
    expect(await name({}, 'd.e.f')).toBe(first)
    expect(await name({ issuer: `${iss}j` })).not.toBe(first)
    expect(await name({ issuer: `${iss}"`, jti: 'j' })).not.toBe(await name({ jti: '"j' }))
    const [signed, twin, other] = await Promise.all(
      ['a.b.c', 'a.b.d', 'a.e.c'].map((text) => name({ jti: undefined }, text)),
    )
    expect([signed === twin, signed === other]).toEqual([true, false])
  })
})

const issuer: TrustedIssuerState = {
  status: 'active',
  issuer: iss,
  clientId: 'client_1',
  audience: orders,
  scope: 'orders:read orders:write invoices:read',
  rules: [],
  keys: [],
}
const apis: Readonly<Record<string, string>> = { api_1: orders, api_2: invoices }
const names: ApiNames = {
  apiIdOf: (audience) => Object.keys(apis).find((id) => apis[id] === audience),
  audienceOf: (id) => apis[id],
}

function given(
  rules: TrustedIssuerState['rules'],
  changes: object = {},
  of: Partial<TrustedIssuerState> = {},
  own?: string,
) {
  const claims = read(changes) as ExternalClaims
  const scopes = scopeByApi(claims, { ...issuer, rules, ...of }, names, own)
  return Object.fromEntries([...scopes].map(([id, scope]) => [id, formatScope(scope)]))
}

describe('the rules', () => {
  const acme = { sub: 'repo:acme/*' }

  it('add up, under the ceiling of the issuer', () => {
    const rules = [
      { when: acme, scope: 'orders:read' },
      { when: { ...acme, ref: 'main' }, scope: 'orders:write admin' },
      { when: { sub: 'repo:evil/*' }, scope: 'invoices:read' },
    ]
    expect(given(rules)).toEqual({ api_1: 'orders:read' })
    expect(given(rules, { ref: 'main' })).toEqual({ api_1: 'orders:read orders:write' })
    expect(given(rules, { ref: 'main' }, { scope: 'orders:write' })).toEqual({ api_1: 'orders:write' })
    expect(given(rules, {}, { scope: '' })).toEqual({ api_1: '' })
  })

  it('hold for nobody when they ask for nothing, and only when all that they ask for is there', () => {
    expect(given([{ when: {}, scope: 'orders:read' }])).toEqual({})
    expect(given([{ when: { ...acme, ref: 'main' }, scope: 'orders:read' }])).toEqual({})
  })

  it('give the scope of an API to a JWT for that API, and for no other', () => {
    const rules = [
      { when: acme, scope: 'orders:read' },
      { when: acme, scope: 'invoices:read', apiId: 'api_2' },
    ]
    expect(given(rules)).toEqual({ api_1: 'orders:read' })
    expect(given(rules, { aud: invoices })).toEqual({ api_2: 'invoices:read' })
    expect(given(rules, { aud: [orders, invoices] })).toEqual({ api_1: 'orders:read', api_2: 'invoices:read' })
    expect(given(rules, { aud: 'https://other.example' })).toEqual({})
    expect(given(rules, { aud: `${orders}/` })).toEqual({})
  })

  it('take a name of the issuer’s own for every API that they name, where no API has that name', () => {
    const rules = [{ when: acme, scope: 'invoices:read', apiId: 'api_2' }]
    const own = '6f1f7a1c-0f0e-4a7e-8a5e-3c1f7d5b9a10'
    expect(given(rules, { aud: own }, { audience: own })).toEqual({ api_2: 'invoices:read' })
    expect(given(rules, { aud: orders })).toEqual({})
    expect(given([{ when: acme, scope: 'orders:read' }], { aud: own }, { audience: own })).toEqual({})
  })

  it('take our issuer at the token endpoint alone', () => {
    const rules = [{ when: acme, scope: 'orders:read' }]
    const us = 'https://auth.example'
    expect(given(rules, { aud: us })).toEqual({})
    expect(given(rules, { aud: us }, {}, us)).toEqual({ api_1: 'orders:read' })
  })

  it('give nothing at an API that is gone', () => {
    expect(
      given([{ when: acme, scope: 'orders:read', apiId: 'api_9' }], { aud: [orders, 'x'] }, { audience: 'x' }),
    ).toEqual({})
  })
})

describe('the grant', () => {
  const client: ClientState = { status: 'active', access: { api_1: 'orders:read' }, cutOff: 0 }
  const clear = { tenant: undefined, api: undefined, client, own: undefined, ancestors: [] }

  function judge(changes: object = {}, standing: object = {}, of: object = {}, at = now) {
    const claims = read(changes) as ExternalClaims
    const credential = establishExternal(claims, {
      id: 'name',
      tenant: 'ten_1',
      apiId: 'api_1',
      audience: orders,
      scope: ['orders:read', 'orders:write'],
      status: 'active',
      clientId: 'client_1',
      client,
      ...of,
    })
    const effective = effectiveGrant(credential, { ...clear, ...standing })
    const expected = { audience: orders, requires: [[]], address: undefined, origin: undefined }
    return { grant: effective.grant, code: findRejection(effective, expected, at)?.code }
  }

  it('speaks for the foreign subject, as the client, within the client’s access', () => {
    expect(judge()).toMatchObject({
      code: undefined,
      grant: {
        kind: 'external_jwt',
        subject: good.sub,
        subjectIssuer: iss,
        clientId: 'client_1',
        scope: 'orders:read',
      },
    })
    expect(judge({}, {}, { client: { ...client, access: {} } }).code).toBe('wrong_audience')
    expect(judge({}, { client: { ...client, access: {} } }).code).toBe('wrong_audience')
  })

  it('has 10 s of leeway, and may end at most a day ahead', () => {
    expect(judge({}, {}, {}, now + 309).code).toBeUndefined()
    expect(judge({}, {}, {}, now + 310).code).toBe('expired')
    expect(judge({ iat: now + 10 }).code).toBeUndefined()
    expect(judge({ iat: now + 11 }).code).toBe('not_yet_valid')
    expect(judge({ iat: undefined, exp: now + 86_410 }).code).toBeUndefined()
    expect(judge({ iat: undefined, exp: now + 86_411 }).code).toBe('not_yet_valid')
  })

  it('ends with its issuer, its client and its own revocation', () => {
    expect(judge({}, {}, { status: 'disabled' }).code).toBe('disabled')
    expect(judge({}, { client: 'revoked' }).code).toBe('revoked')
    expect(judge({}, { client: { ...client, status: 'disabled' } }).code).toBe('disabled')
    expect(judge({}, { own: 'revoked' }).code).toBe('revoked')
    expect(judge({}, { hasLostRevoke: true }).code).toBe('revoked')
  })

  it('ends with a cut-off of its client or its subject that came at its iat or later, leeway included', () => {
    const cutAt = (at: number) => ({ cutOff: 7, cutOffs: { everything: { sequence: 7, at } } })
    for (const name of ['client', 'subject']) {
      const code = (at: number, changes: object = {}) => judge(changes, { [name]: { ...client, ...cutAt(at) } }).code
      expect([code(now - 11), code(now - 10), code(now)]).toEqual([undefined, 'revoked', 'revoked'])
      expect(code(now - 11, { iat: undefined })).toBe('revoked')
      expect(judge({}, { [name]: { ...client, cutOff: 7 } }).code).toBe('revoked')
    }
  })
})
