import { describe, expect, it } from 'vitest'
import {
  apiId,
  audience,
  clientId,
  clientThumbprint,
  createWorld,
  issuer,
  ownPublicJwk,
  startAt,
  tenant,
  type World,
} from './authority.fixture.ts'

const kinds = ['an API key', 'a JWT of ours', 'an opaque token', 'a self-issued JWT'] as const
type Kind = (typeof kinds)[number]

/** A credential of the kind, and how its own revocation and disabling are said. */
async function make(world: World, kind: Kind, changes: { readonly scope?: string; readonly expiresAt?: number } = {}) {
  const { authority } = world
  const { scope = 'orders:read', expiresAt } = changes
  if (kind === 'a JWT of ours') {
    const jti = crypto.randomUUID()
    const ends = expiresAt === undefined ? {} : { expiresAt }
    return {
      text: await authority.issueJwt({ jti, scope: scope.split(' '), ...ends }),
      type: 'token',
      id: jti,
    } as const
  }
  if (kind === 'a self-issued JWT') {
    const jti = crypto.randomUUID()
    const ends = expiresAt === undefined ? {} : { iat: startAt, exp: expiresAt - 10 }
    return {
      text: await authority.selfIssue({ jti, scope, ...ends }),
      type: 'client_token',
      id: `${clientId} ${jti}`,
    } as const
  }
  const isKey = kind === 'an API key'
  const own = isKey ? {} : { kind: 'access_token' as const, environment: undefined, position: 3 }
  const { text, id } = authority.issueKey({ scope, expiresAt, ...own })
  return { text, type: isKey ? 'key' : 'opaque_token', id } as const
}

describe.each(kinds)('%s', (kind) => {
  it('is verified with who, for what, until when', async () => {
    const world = await createWorld()
    const { text } = await make(world, kind, { expiresAt: startAt + 600 })
    const outcome = await world.verify(text)
    expect(outcome).toMatchObject({
      outcome: 'verified',
      grant: { tenant, clientId, subject: clientId, audience, scope: 'orders:read' },
    })
    if (outcome.outcome !== 'verified') throw new Error('not verified')
    expect(outcome.grant.has('orders:read')).toBe(true)
    expect(outcome.grant.has('orders:write')).toBe(false)
  })

  it('is revoked from the moment the entry is applied', async () => {
    const world = await createWorld()
    const { text, type, id } = await make(world, kind)
    expect(await world.codeOf(text)).toBe('verified')
    if (type === 'key') await world.say(type, id, { status: 'revoked', scope: '' })
    else await world.say(type, id, { status: 'revoked' })
    expect(await world.codeOf(text)).toBe('revoked')
  })

  it('is refused as revoked on its very first use too', async () => {
    const world = await createWorld()
    const { text, type, id } = await make(world, kind)
    if (type === 'key') await world.say(type, id, { status: 'revoked', scope: '' })
    else await world.say(type, id, { status: 'revoked' })
    expect(await world.codeOf(text)).toBe('revoked')
  })

  it.each(['tenant', 'api', 'client'] as const)('is disabled with its %s, and works again after', async (type) => {
    const world = await createWorld()
    const { text } = await make(world, kind)
    expect(await world.codeOf(text)).toBe('verified')
    const sayStatus = async (status: 'active' | 'disabled') => {
      if (type === 'tenant') await world.say(type, tenant, { status, slug: '' })
      if (type === 'api')
        await world.say(type, apiId, { status, audience, maxStalenessSeconds: 300, createdSequence: 0 })
      if (type === 'client') await world.say(type, clientId, { status, access: { [apiId]: 'orders:read' }, cutOff: 0 })
    }
    await sayStatus('disabled')
    expect(await world.codeOf(text)).toBe('disabled')
    await sayStatus('active')
    expect(await world.codeOf(text)).toBe('verified')
  })

  it('is refused for another audience', async () => {
    const world = await createWorld()
    const { text } = await make(world, kind)
    expect(await world.codeOf(text, 'orders:read', { audience: 'https://other.example.com' })).toBe('wrong_audience')
  })

  it('is refused without the scope, and says what is missing', async () => {
    const world = await createWorld()
    const { text } = await make(world, kind)
    const outcome = await world.verify(text, 'orders:read orders:write')
    expect(outcome).toMatchObject({
      rejection: {
        code: 'insufficient_scope',
        missingScope: ['orders:write'],
        neededScope: ['orders:read', 'orders:write'],
      },
    })
  })

  it('passes when one alternative holds, and never when there is none', async () => {
    const world = await createWorld()
    const { text } = await make(world, kind)
    expect(await world.codeOf(text, [['orders:write'], ['orders:read']])).toBe('verified')
    expect(await world.codeOf(text, [[]])).toBe('verified')
    expect(await world.codeOf(text, [])).toBe('insufficient_scope')
  })

  it('has no access with an empty scope, but is an active credential', async () => {
    const world = await createWorld()
    const { text } = await make(world, kind, { scope: '' })
    expect(await world.codeOf(text)).toBe('insufficient_scope')
    expect(await world.codeOf(text, '')).toBe('verified')
  })

  it('is refused at the very second it expires, on first use and in memory', async () => {
    const world = await createWorld()
    const { text } = await make(world, kind, { expiresAt: startAt + 100 })
    await world.time.advance(99_000)
    expect(await world.codeOf(text)).toBe('verified')
    await world.time.advance(1_000)
    expect(await world.codeOf(text)).toBe('expired')
    const { text: another } = await make(world, kind, { expiresAt: startAt + 100 })
    expect(await world.codeOf(another)).toBe('expired')
  })

  it('is unavailable, never verified, once the book is stale and nobody answers', async () => {
    const world = await createWorld()
    const { text } = await make(world, kind)
    expect(await world.codeOf(text)).toBe('verified')
    const { source } = world.authority
    Object.assign(source, { position: () => Promise.reject(new Error('down')) })
    await world.time.advance(9_000)
    expect(await world.codeOf(text)).toBe('verified')
    await world.time.advance(1_001)
    expect(await world.codeOf(text)).toBe('unavailable')
  })

  it('answers the same from memory as on first use', async () => {
    const world = await createWorld()
    const { text } = await make(world, kind)
    const first = await world.verify(text)
    const second = await world.verify(text)
    expect(second).toMatchObject(JSON.parse(JSON.stringify(first)))
  })

  it('is answered in the same turn from memory', async () => {
    const world = await createWorld()
    const { text } = await make(world, kind)
    await world.verify(text)
    expect(world.verify(text)).not.toBeInstanceOf(Promise)
  })
})

describe('what is no credential of ours', () => {
  it.each([
    ['nothing', '', 'malformed'],
    ['one letter', 'x', 'malformed'],
    ['two parts', 'a.b', 'malformed'],
    ['three parts of nothing', 'a.b.c', 'malformed'],
    ['five parts, a JWE', 'a.b.c.d.e', 'malformed'],
    ['a wrong checksum', 'cs_live_0123456789AB_0123456789ABCDEFGHIJKLMNOPQRSTUV0hvK6L', 'malformed'],
    ['no ASCII', 'ü'.repeat(30), 'malformed'],
    ['a megabyte', 'x'.repeat(1_000_000), 'malformed'],
    ['a megabyte of dots', '.'.repeat(1_000_000), 'malformed'],
    ['a key nobody made', 'cs_test_0123456789AB_0123456789ABCDEFGHIJKLMNOPQRSTUV0hvK6L', 'unknown'],
  ])('%s', async (_, text, code) => {
    const { codeOf } = await createWorld()
    expect(await codeOf(text)).toBe(code)
  })

  it('a malformed credential is refused while the book is stale, and nobody is asked', async () => {
    const world = await createWorld()
    let asked = 0
    Object.assign(world.authority.source, { position: () => Promise.reject(new Error(`down ${asked++}`)) })
    await world.time.advance(20_000)
    asked = 0
    expect(await world.codeOf('nonsense')).toBe('malformed')
    expect(asked).toBe(0)
  })

  it('a client secret is no credential for an API', async () => {
    const { codeOf, authority } = await createWorld()
    const { text } = authority.issueKey()
    const { generateKey } = await import('@countersign/core')
    const secret = generateKey({ prefix: 'cs', marker: 'secret', randomBytes: (n) => new Uint8Array(n).fill(7) })
    expect(await codeOf(secret.text)).toBe('malformed')
    expect(await codeOf(text)).toBe('verified')
  })

  it('a record whose id, prefix or environment is another is unknown: the checksum is public', async () => {
    const { authority, codeOf } = await createWorld()
    for (const changes of [{ id: 'AAAAAAAAAAAA' }, { prefix: 'other' }, { environment: 'test' as const }]) {
      const { text } = authority.issueKey()
      authority.change(text, changes)
      expect(await codeOf(text)).toBe('unknown')
    }
  })

  it('a key that is looked up as revoked, disabled or expired is so', async () => {
    const { authority, codeOf } = await createWorld()
    expect(await codeOf(authority.issueKey({ status: 'revoked' }).text)).toBe('revoked')
    expect(await codeOf(authority.issueKey({ status: 'disabled' }).text)).toBe('disabled')
    expect(await codeOf(authority.issueKey({ clientStatus: 'disabled' }).text)).toBe('disabled')
    expect(await codeOf(authority.issueKey({ expiresAt: startAt }).text)).toBe('expired')
  })
})

describe('a JWT of ours', () => {
  it('of another issuer is unknown, CVE-2021-21378 and CVE-2025-46647', async () => {
    const { authority, codeOf } = await createWorld()
    const text = await authority.issueJwt({ issuer: 'https://evil.example.com' })
    const [, payload, signature] = text.split('.')
    const header = Buffer.from('{"alg":"ES256","typ":"at+jwt","kid":"k9"}').toString('base64url')
    expect(await codeOf(`${header}.${payload}.${signature}`)).toBe('unknown')
  })

  it('of a former issuer, signed with a key of ours, is wrong_issuer', async () => {
    const { authority, codeOf } = await createWorld()
    expect(await codeOf(await authority.issueJwt({ issuer: 'http://localhost:4800' }))).toBe('wrong_issuer')
  })

  it.each(['', '/', 'x', `${issuer}/`, issuer.toUpperCase(), issuer.slice(0, -1)])(
    'is for an issuer compared byte for byte: %s is another, CVE-2024-53861',
    async (other) => {
      const { authority, codeOf } = await createWorld()
      expect(['wrong_issuer', 'malformed']).toContain(await codeOf(await authority.issueJwt({ issuer: other })))
    },
  )

  it('without an issuer is malformed', async () => {
    const { authority, codeOf } = await createWorld()
    expect(await codeOf(await authority.issueJwt({}, { iss: undefined }))).toBe('malformed')
  })

  it('with a signature changed is bad_signature, and so it is with an unknown kid, and nobody is asked', async () => {
    const { authority, codeOf } = await createWorld()
    const text = await authority.issueJwt()
    const [header, payload, signature] = text.split('.') as [string, string, string]
    const flipped = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`
    expect(await codeOf(`${header}.${payload}.${flipped}`)).toBe('bad_signature')
    for (let index = 0; index < 1_000; index++) {
      const other = Buffer.from(`{"alg":"ES256","typ":"at+jwt","kid":"kid-${index}"}`).toString('base64url')
      expect(await codeOf(`${other}.${payload}.${signature}`)).toBe('bad_signature')
    }
    expect(authority.lookups).toBe(0)
  })

  it('whose time has not come is not_yet_valid, 10 s allowed', async () => {
    const { authority, codeOf } = await createWorld()
    expect(await codeOf(await authority.issueJwt({ issuedAt: startAt + 10 }))).toBe('verified')
    expect(await codeOf(await authority.issueJwt({ issuedAt: startAt + 11 }))).toBe('not_yet_valid')
    expect(await codeOf(await authority.issueJwt({}, { nbf: startAt + 11 }))).toBe('not_yet_valid')
  })

  it('for an audience that is no API is wrong_audience', async () => {
    const { authority, codeOf } = await createWorld()
    expect(await codeOf(await authority.issueJwt({ audience: 'https://nobody.example.com' }))).toBe('wrong_audience')
    expect(await codeOf(await authority.issueJwt({}, { aud: [audience] }))).toBe('wrong_audience')
  })

  it.each([{ cs_pos: undefined }, { cs_pos: -1 }, { cs_pos: '3' }, { jti: undefined }, { client_id: undefined }])(
    'without a claim that must be there is malformed: %o',
    async (extra) => {
      const { authority, codeOf } = await createWorld()
      expect(await codeOf(await authority.issueJwt({}, extra))).toBe('malformed')
    },
  )

  it('with cnf is refused: nobody here can check the proof', async () => {
    const { authority, codeOf } = await createWorld()
    expect(await codeOf(await authority.issueJwt({}, { cnf: { jkt: 'x' } }))).toBe('malformed')
  })

  it.each(['JWT', 'client-authentication+jwt', 'countersign-assertion+jwt'])('of typ %s is none', async (typ) => {
    const { authority, codeOf } = await createWorld()
    expect(await codeOf(await authority.issueJwt({}, {}, typ))).toBe('malformed')
  })

  it('that was revoked stays revoked as its ES256 twin, s replaced by n - s', async () => {
    const world = await createWorld()
    const jti = 'tok_twin'
    const text = await world.authority.issueJwt({ jti })
    const twin = twinOf(text)
    expect(twin).not.toBe(text)
    expect(await world.codeOf(twin)).toBe('verified')
    await world.say('token', jti, { status: 'revoked' })
    expect(await world.codeOf(text)).toBe('revoked')
    expect(await world.codeOf(twin)).toBe('revoked')
  })

  it('signed with a key that was removed is refused, from memory too, and no kid brings it back', async () => {
    const world = await createWorld()
    const text = await world.authority.issueJwt()
    expect(await world.codeOf(text)).toBe('verified')
    await world.say('signing_key', 'k1', { status: 'revoked', alg: 'ES256', purpose: 'access_token' })
    expect(await world.codeOf(text)).toBe('bad_signature')
    const again = { status: 'active', alg: 'ES256', purpose: 'access_token', publicJwk: {} } as const
    await world.say('signing_key', 'k1', again)
    expect(await world.codeOf(text)).toBe('bad_signature')
  })

  it('signed with the key for gateway assertions is none', async () => {
    const world = await createWorld()
    const publicJwk = ownPublicJwk
    const state = { status: 'active', alg: 'ES256', purpose: 'gateway_assertion', publicJwk } as const
    await world.say('signing_key', 'k1', state)
    expect(await world.codeOf(await world.authority.issueJwt())).toBe('bad_signature')
  })

  it('of an API that was deleted is not for the next one of the same audience', async () => {
    const world = await createWorld()
    const text = await world.authority.issueJwt()
    expect(await world.codeOf(text)).toBe('verified')
    const state = { audience, maxStalenessSeconds: 300 }
    await world.say('api', apiId, { ...state, status: 'revoked', createdSequence: 0 })
    expect(await world.codeOf(text)).toBe('wrong_audience')
    const createdSequence = world.authority.log.length + 1
    await world.say('api', 'api_2', { ...state, status: 'active', createdSequence })
    expect(await world.codeOf(text)).toBe('revoked')
    expect(await world.codeOf(await world.authority.issueJwt({ position: createdSequence }))).toBe('verified')
  })
})

describe('a self-issued JWT', () => {
  it.each([
    ['sub is another', { sub: 'client_2' }, 'malformed'],
    ['client_id is another', { client_id: 'client_2' }, 'malformed'],
    ['client_id is its own', { client_id: clientId }, 'verified'],
    ['aud is an array of one', { aud: [audience] }, 'verified'],
    ['aud is an array of two', { aud: [audience, audience] }, 'malformed'],
    ['aud is an array of none', { aud: [] }, 'malformed'],
    ['aud is an array of another', { aud: ['https://nobody.example.com'] }, 'wrong_audience'],
    ['its times have fractions', { iat: startAt - 0.25, nbf: startAt - 0.5, exp: startAt + 60.75 }, 'verified'],
    ['it lives for an hour of fractions', { iat: startAt - 0.1, exp: startAt - 0.1 + 3_600 }, 'verified'],
    ['it lives a fraction longer', { iat: startAt - 0.1, exp: startAt + 3_600 }, 'malformed'],
    ['it ended 9.9 s ago', { iat: startAt - 100, exp: startAt - 9.9 }, 'verified'],
    ['it ended 10.1 s ago', { iat: startAt - 100, exp: startAt - 10.1 }, 'expired'],
    ['iat is 10.1 s ahead', { iat: startAt + 10.1 }, 'not_yet_valid'],
    ['aud is missing', { aud: undefined }, 'malformed'],
    ['aud is nobody', { aud: 'https://nobody.example.com' }, 'wrong_audience'],
    ['jti is missing', { jti: undefined }, 'malformed'],
    ['jti is empty', { jti: '' }, 'malformed'],
    ['jti is too long', { jti: 'x'.repeat(256) }, 'malformed'],
    ['iat is missing', { iat: undefined }, 'malformed'],
    ['exp is missing', { exp: undefined }, 'malformed'],
    ['exp is not after iat', { exp: startAt }, 'malformed'],
    ['it lives for an hour', { exp: startAt + 3_600 }, 'verified'],
    ['it lives a second longer', { exp: startAt + 3_601 }, 'malformed'],
    ['iat is 10 s ahead', { iat: startAt + 10 }, 'verified'],
    ['iat is 11 s ahead', { iat: startAt + 11 }, 'not_yet_valid'],
    ['nbf is 11 s ahead', { nbf: startAt + 11 }, 'not_yet_valid'],
    ['it ended 9 s ago', { iat: startAt - 100, exp: startAt - 9 }, 'verified'],
    ['it ended 10 s ago', { iat: startAt - 100, exp: startAt - 10 }, 'expired'],
    ['scope is missing', { scope: undefined }, 'insufficient_scope'],
    ['scope is an array', { scope: ['orders:read'] }, 'verified'],
    ['scopes is a string', { scope: undefined, scopes: 'orders:read' }, 'verified'],
    ['scopes is an array', { scope: undefined, scopes: ['orders:read'] }, 'verified'],
    ['scope is structured as its access has it', { scope: { orders: { actions: ['read'] } } }, 'verified'],
    ['scopes is structured otherwise', { scope: undefined, scopes: { read: { actions: ['orders'] } } }, 'verified'],
    ['scope and scopes stand together', { scope: 'orders:read', scopes: ['orders:read'] }, 'malformed'],
    ['scope is no structure', { scope: { orders: ['read'] } }, 'malformed'],
    ['scopes holds no token', { scope: undefined, scopes: ['a b'] }, 'malformed'],
    ['scope is beyond its access', { scope: 'admin' }, 'insufficient_scope'],
    ['it makes cs_ claims', { cs_pos: 9 }, 'malformed'],
    ['it has cnf', { cnf: {} }, 'malformed'],
    ['its client is nobody', { iss: 'client_9', sub: 'client_9' }, 'unknown'],
  ])('when %s', async (_, changes, code) => {
    const { authority, codeOf } = await createWorld()
    expect(await codeOf(await authority.selfIssue(changes))).toBe(code)
  })

  it('of typ application/at+jwt is taken, of typ JWT never: that is a client assertion', async () => {
    const { authority, codeOf } = await createWorld()
    expect(await codeOf(await authority.selfIssue({}, 'application/at+jwt'))).toBe('verified')
    expect(await codeOf(await authority.selfIssue({}, 'JWT'))).toBe('malformed')
  })

  it('is cut to what its client may have, and not refused for the rest', async () => {
    const { authority, verify } = await createWorld()
    const outcome = await verify(await authority.selfIssue({ scope: 'orders:read admin' }))
    expect(outcome).toMatchObject({ outcome: 'verified', grant: { scope: 'orders:read' } })
  })

  it('costs one look-up for all that its client signs', async () => {
    const { authority, codeOf } = await createWorld()
    for (let index = 0; index < 10; index++) expect(await codeOf(await authority.selfIssue())).toBe('verified')
    expect(authority.lookups).toBe(1)
  })

  it('ends with the key that signed it, in memory and anew', async () => {
    const world = await createWorld()
    const text = await world.authority.selfIssue()
    expect(await world.codeOf(text)).toBe('verified')
    await world.say('public_key', `${clientId} ${clientThumbprint}`, { status: 'revoked' })
    // Revoked beats every record: even a directory that still has it cannot bring it back.
    expect(await world.codeOf(text)).toBe('unknown')
    world.authority.publicKey = undefined
    expect(await world.codeOf(text)).toBe('unknown')
    expect(await world.codeOf(await world.authority.selfIssue())).toBe('unknown')
  })

  it('of another client may have the same jti: one is revoked, the other is not', async () => {
    const world = await createWorld()
    const text = await world.authority.selfIssue({ jti: 'same' })
    await world.say('client_token', 'client_2 same', { status: 'revoked' })
    await world.say('token', 'same', { status: 'revoked' })
    expect(await world.codeOf(text)).toBe('verified')
    await world.say('client_token', `${clientId} same`, { status: 'revoked' })
    expect(await world.codeOf(text)).toBe('revoked')
  })
})

describe('constraints', () => {
  const cidr = { ipAllow: ['192.0.2.0/24', '2001:db8::/32'] }

  it.each([
    ['192.0.2.7', 'verified'],
    ['::ffff:192.0.2.7', 'verified'],
    ['2001:db8::1', 'verified'],
    ['192.0.3.1', 'address_not_allowed'],
    ['::1', 'address_not_allowed'],
    [undefined, 'address_not_allowed'],
  ])('an address %s is %s', async (ip, code) => {
    const { parseAddress } = await import('@countersign/core')
    const { authority, codeOf } = await createWorld()
    const address = ip === undefined ? undefined : parseAddress(ip)
    expect(await codeOf(authority.issueKey(cidr).text, '', { address })).toBe(code)
    expect(await codeOf(await authority.issueJwt({ constraints: [cidr] }), '', { address })).toBe(code)
  })

  it('a range that cannot be read, and an empty list, let nobody in', async () => {
    const { parseAddress } = await import('@countersign/core')
    const { authority, codeOf } = await createWorld()
    const address = parseAddress('192.0.2.7')
    for (const ipAllow of [[], ['nonsense'], ['192.0.2.7/33']]) {
      expect(await codeOf(authority.issueKey({ ipAllow }).text, '', { address })).toBe('address_not_allowed')
    }
  })

  it('an origin is compared byte for byte, and without one the key is refused', async () => {
    const { authority, codeOf } = await createWorld()
    const { text } = authority.issueKey({ originAllow: ['https://app.example.com'] })
    expect(await codeOf(text, '', { origin: 'https://app.example.com' })).toBe('verified')
    for (const origin of ['https://app.example.com/', 'https://APP.example.com', 'null', '', undefined]) {
      expect(await codeOf(text, '', { origin })).toBe('origin_not_allowed')
    }
  })

  it('a child keeps the constraints of its ancestors beside its own', async () => {
    const { parseAddress } = await import('@countersign/core')
    const { authority, codeOf } = await createWorld()
    const { text } = authority.issueKey({ ipAllow: ['192.0.2.0/24'], inherited: [{ ipAllow: ['192.0.2.7'] }] })
    expect(await codeOf(text, '', { address: parseAddress('192.0.2.7') })).toBe('verified')
    expect(await codeOf(text, '', { address: parseAddress('192.0.2.8') })).toBe('address_not_allowed')
  })
})

describe('limits', () => {
  it('are spent by what would pass, and by nothing else', async () => {
    const { authority, codeOf } = await createWorld()
    const { text } = authority.issueKey({ rateLimit: { limit: 2, windowSeconds: 60 } })
    expect(await codeOf(text, 'admin')).toBe('insufficient_scope')
    expect(await codeOf(text, '', { audience: 'https://other.example.com' })).toBe('wrong_audience')
    expect(await codeOf(text)).toBe('verified')
    expect(await codeOf(text, 'admin')).toBe('insufficient_scope')
    expect(await codeOf(text)).toBe('verified')
    expect(await codeOf(text)).toBe('rate_limited')
  })

  it('say what is left, and are there again after the window', async () => {
    const { authority, verify, time } = await createWorld()
    const { text } = authority.issueKey({ rateLimit: { limit: 2, windowSeconds: 60 } })
    expect(await verify(text)).toMatchObject({ rateLimit: { limit: 2, remaining: 1, windowSeconds: 60 } })
    expect(await verify(text)).toMatchObject({ rateLimit: { remaining: 0 } })
    const refused = await verify(text)
    expect(refused).toMatchObject({ rejection: { code: 'rate_limited', rateLimit: { retryAfterSeconds: 30 } } })
    await time.advance(60_000)
    expect(await verify(text)).toMatchObject({ outcome: 'verified' })
  })

  it('of the oldest ancestor are shared by its children, as they are now', async () => {
    const world = await createWorld()
    const rateLimit = { limit: 2, windowSeconds: 60 }
    const key = world.authority.issueKey({ rateLimit })
    const lineage = [{ type: 'key', id: key.id }] as const
    const child = await world.authority.issueJwt({ lineage, rateLimit, limitId: key.id })
    expect(await world.codeOf(key.text)).toBe('verified')
    expect(await world.codeOf(child)).toBe('verified')
    expect(await world.codeOf(key.text)).toBe('rate_limited')
    expect(await world.codeOf(child)).toBe('rate_limited')
    await world.say('key', key.id, { status: 'active', scope: 'orders:read' })
    expect(await world.codeOf(child)).toBe('verified')
  })

  it('are not spent by what is judged again', async () => {
    const { authority, codeOf } = await createWorld()
    const { text } = authority.issueKey({ rateLimit: { limit: 1, windowSeconds: 60 } })
    expect(await codeOf(text)).toBe('verified')
    for (let index = 0; index < 3; index++) expect(await codeOf(text, '', { isRepeat: true })).toBe('verified')
  })

  it('that wait are followed by a second look at the book', async () => {
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { memoryLimiter } = await import('./limiter.ts')
    const memory = memoryLimiter()
    const world = await createWorld({
      limiter: { take: (spends, now) => gate.then(() => memory.take(spends, now)) },
    })
    const { text, id } = world.authority.issueKey({ rateLimit: { limit: 5, windowSeconds: 60 } })
    const pending = world.codeOf(text)
    await world.say('key', id, { status: 'revoked', scope: '' })
    release()
    expect(await pending).toBe('revoked')
  })

  it('that cannot be told make it unavailable, never a pass', async () => {
    const world = await createWorld({ limiter: { take: () => Promise.reject(new Error('down')) } })
    const { text } = world.authority.issueKey({ rateLimit: { limit: 5, windowSeconds: 60 } })
    expect(await world.codeOf(text)).toBe('unavailable')
  })

  it('all hold at once, its own, its client’s and its API’s, and what one refuses is spent from none', async () => {
    const world = await createWorld()
    const rate = (limit: number) => ({ limit, windowSeconds: 60 })
    const state = { status: 'active', audience, maxStalenessSeconds: 300, createdSequence: 0 } as const
    await world.say('api', apiId, { ...state, rateLimit: rate(4) })
    const clientRateLimits = [{ name: 'day', ...rate(3) }]
    const one = world.authority.issueKey({ rateLimit: rate(2), clientRateLimits })
    const other = world.authority.issueKey({ rateLimits: [{ name: 'burst', ...rate(9) }], clientRateLimits })
    expect(await world.verify(one.text)).toMatchObject({
      rateLimit: { name: 'default', remaining: 1 },
      rateLimits: [{ remaining: 1 }, { name: 'day', remaining: 2 }, { name: 'api:default', remaining: 3 }],
    })
    expect(await world.codeOf(one.text)).toBe('verified')
    expect(await world.verify(one.text)).toMatchObject({
      rejection: { rateLimit: { name: 'default' }, rateLimits: [{ remaining: 0 }, { remaining: 1 }, { remaining: 2 }] },
    })
    expect(await world.verify(other.text)).toMatchObject({ rateLimits: [{ name: 'burst' }, { name: 'day' }, {}] })
    expect(await world.verify(other.text)).toMatchObject({ rejection: { rateLimit: { name: 'day' } } })
    const elsewhere = world.authority.issueKey({ clientId: 'client_2' })
    expect(await world.codeOf(elsewhere.text)).toBe('verified')
    expect(await world.verify(elsewhere.text)).toMatchObject({
      rejection: { rateLimit: { name: 'default', limit: 4 } },
    })
  })

  it('of a client are signed with a JWT, and are others as soon as the feed says so', async () => {
    const world = await createWorld()
    const rate = { limit: 1, windowSeconds: 60 }
    const jwt = await world.authority.issueJwt({ clientRateLimits: [{ name: 'default', ...rate }] })
    expect(await world.codeOf(jwt)).toBe('verified')
    expect(await world.codeOf(jwt)).toBe('rate_limited')
    const another = await world.authority.issueJwt({ clientRateLimits: [{ name: 'default', ...rate }] })
    expect(await world.codeOf(another)).toBe('rate_limited')
    const access = { [apiId]: 'orders:read' }
    await world.say('client', clientId, { status: 'active', access, cutOff: 0 })
    expect(await world.codeOf(jwt)).toBe('verified')
    await world.say('client', clientId, { status: 'active', access, cutOff: 0, rateLimit: { ...rate, limit: 0 } })
    expect(await world.codeOf(jwt)).toBe('rate_limited')
  })

  it('are spent by what a call costs, and never by one that costs more than they allow', async () => {
    const { authority, verify, codeOf } = await createWorld()
    const { text } = authority.issueKey({ rateLimit: { limit: 10, windowSeconds: 60 } })
    expect(await verify(text, '', { cost: 7 })).toMatchObject({ rateLimit: { remaining: 3 } })
    expect(await verify(text, '', { cost: 0 })).toMatchObject({ rateLimit: { remaining: 3 } })
    expect(await codeOf(text, '', { cost: 4 })).toBe('rate_limited')
    expect(await codeOf(text, '', { cost: 3 })).toBe('verified')
    expect(await verify(text, '', { cost: 11 })).toMatchObject({
      rejection: { detail: expect.stringContaining('costs more'), rateLimit: { retryAfterSeconds: Infinity } },
    })
  })
})

describe('inspection', () => {
  it('tells what is known without judging it: revoked ones too, and what signed it', async () => {
    const world = await createWorld()
    const text = await world.authority.issueJwt({ jti: 'tok_1' })
    await world.say('token', 'tok_1', { status: 'revoked' })
    expect(await world.engine.inspect(text)).toMatchObject({
      effective: { fault: 'revoked', grant: { credentialId: 'tok_1' } },
      signedBy: { type: 'signing_key', id: 'k1' },
    })
    expect(await world.engine.inspect('nonsense')).toMatchObject({
      outcome: 'rejected',
      rejection: { code: 'malformed' },
    })
  })
})

/** The other signature that holds as well: r and n - s (docs/decisions/0002-digest.md). */
function twinOf(text: string): string {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const [header, payload, signature] = text.split('.') as [string, string, string]
  const bytes = Buffer.from(signature, 'base64url')
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const other = Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')
  return `${header}.${payload}.${Buffer.concat([bytes.subarray(0, 32), other]).toString('base64url')}`
}
