import {
  accessTokenTypes,
  type ClientState,
  externalTokenId,
  generateKeyPair,
  importSigningKey,
  type JwsAlgorithm,
  jwkThumbprint,
  neverDropAt,
  type PublicKeyRecord,
  publicKeyId,
  type SigningKey,
  signJwt,
  type TrustedIssuerState,
} from '@countersign/core'
import { type JWK, SignJWT } from 'jose'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  apiId,
  audience,
  clientId,
  createWorld,
  issuer as ownIssuer,
  tenant,
  type World,
} from '../authority.fixture.ts'

const iss = 'https://ci.example'
const issuerId = 'issuer_1'

interface Signer {
  readonly privateJwk: object
  readonly key: SigningKey
  readonly published: TrustedIssuerState['keys'][number]
}

async function makeSigner(kid: string, alg: Exclude<JwsAlgorithm, `HS${string}`> = 'ES256'): Promise<Signer> {
  const { privateJwk, publicJwk } = await generateKeyPair(alg)
  const thumbprint = await jwkThumbprint(publicJwk)
  return {
    privateJwk,
    key: importSigningKey({ ...privateJwk, kid }),
    published: { kid, alg, thumbprint, publicJwk: { ...publicJwk, kid } },
  }
}

const [first, second, stranger] = await Promise.all([makeSigner('a'), makeSigner('b'), makeSigner('a')])
const client: ClientState = { status: 'active', access: { [apiId]: 'orders:read orders:write' }, cutOff: 0 }

const trusted: TrustedIssuerState = {
  status: 'active',
  issuer: iss,
  clientId,
  audience,
  scope: 'orders:read orders:write',
  rules: [{ when: { sub: 'repo:acme/*' }, scope: 'orders:read' }],
  keys: [first.published],
}

let world: World
beforeEach(async () => {
  world = await createWorld()
  await world.say('client', clientId, client)
  await world.say('trusted_issuer', issuerId, trusted)
})

function claimsOf(changes: object = {}) {
  const { now } = world.authority
  return { iss, sub: 'repo:acme/api', aud: audience, jti: 'j1', iat: now, exp: now + 300, ...changes }
}

function jwt(changes: object = {}, { key }: Pick<Signer, 'key'> = first, typ = 'JWT'): Promise<string> {
  return signJwt({ typ, claims: claimsOf(changes), key }) as Promise<string>
}

const change = (changes: Partial<TrustedIssuerState>) =>
  world.say('trusted_issuer', issuerId, { ...trusted, ...changes })

describe('a JWT of a trusted issuer', () => {
  it('is verified by the same engine, and comes to the same record', async () => {
    const outcome = await world.verify(await jwt())
    expect(outcome).toMatchObject({
      outcome: 'verified',
      grant: {
        kind: 'external_jwt',
        credentialId: await externalTokenId({ issuer: iss, jti: 'j1' }, ''),
        tenant,
        clientId,
        subject: 'repo:acme/api',
        subjectIssuer: iss,
        audience,
        scope: 'orders:read',
        expiresAt: world.authority.now + 300,
        metadata: {},
      },
    })
    expect(world.authority.lookups).toBe(0)
  })

  it('may be of type at+jwt, or of none', async () => {
    expect(await world.codeOf(await jwt({}, first, 'at+jwt'))).toBe('verified')
    const none = await signJwt({ typ: undefined as unknown as string, claims: claimsOf(), key: first.key })
    expect(await world.codeOf(none)).toBe('verified')
    for (const typ of ['client-authentication+jwt', 'countersign-assertion+jwt', 'dpop+jwt'])
      expect(await world.codeOf(await jwt({ jti: typ }, first, typ))).toBe('malformed')
  })

  it('needs what the rules give it, and has no more', async () => {
    expect(await world.codeOf(await jwt(), 'orders:write')).toBe('insufficient_scope')
    await change({ rules: [{ when: { sub: 'repo:acme/*' }, scope: 'orders:write' }] })
    expect(await world.codeOf(await jwt(), 'orders:write')).toBe('verified')
    expect(await world.codeOf(await jwt({ sub: 'repo:evil/api' }))).toBe('wrong_audience')
  })

  it('is named by its first two parts where it has no jti, so that a twin of its signature is the same', async () => {
    const text = await jwt({ jti: undefined })
    const outcome = await world.verify(text)
    if (outcome.outcome !== 'verified') throw new Error('it is refused')
    await world.say('external_token', outcome.grant.credentialId, { status: 'revoked' }, neverDropAt)
    expect(await world.codeOf(text)).toBe('revoked')
    expect(await world.codeOf(twinOf(text))).toBe('revoked')
    expect(await world.codeOf(await jwt({ jti: undefined, sub: 'repo:acme/other' }))).toBe('verified')
  })

  it('is one credential however it was signed, where it has a jti', async () => {
    const [one, other] = [await jwt(), await jwt()]
    expect(one).not.toBe(other)
    await world.say('external_token', await externalTokenId({ issuer: iss, jti: 'j1' }, ''), { status: 'revoked' })
    expect([await world.codeOf(one), await world.codeOf(other)]).toEqual(['revoked', 'revoked'])
    expect(await world.codeOf(await jwt({ jti: 'j2' }))).toBe('verified')
  })
})

/** The other valid signature of the same ECDSA JWT: n - s for s. */
function twinOf(text: string): string {
  const [header, payload, signature = ''] = text.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const s = n - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const other = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')])
  return `${header}.${payload}.${other.toString('base64url')}`
}

describe('refused', () => {
  it('CVE-2026-48558: without a good signature of the issuer’s own key', async () => {
    const good = await jwt()
    const [header, payload] = good.split('.')
    expect(await world.codeOf(await jwt({}, stranger))).toBe('bad_signature')
    expect(await world.codeOf(await jwt({}, second))).toBe('bad_signature')
    expect(await world.codeOf(`${header}.${payload}.AAAA`)).toBe('bad_signature')
    expect(await world.codeOf(`${header}.${payload}.`)).toBe('malformed')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    expect(await world.codeOf(`${none}.${payload}.AAAA`)).toBe('malformed')
  })

  it('CVE-2015-9235: with HMAC under the text of a public key, and with another algorithm than the key’s', async () => {
    const payload = Buffer.from(JSON.stringify(claimsOf())).toString('base64url')
    for (const alg of ['HS256', 'ES384', 'RS256', 'EdDSA']) {
      const head = Buffer.from(JSON.stringify({ alg, kid: 'a' })).toString('base64url')
      expect(['bad_signature', 'malformed'], alg).toContain(await world.codeOf(`${head}.${payload}.${'A'.repeat(86)}`))
    }
  })

  it('CVE-2024-53861, CVE-2025-46647: for an issuer that is not the trusted one byte for byte', async () => {
    for (const other of [`${iss}/`, iss.toUpperCase(), 'https://ci.exampl', `${iss}x`, ` ${iss}`, 'x'])
      expect(['unknown', 'malformed'], other).toContain(await world.codeOf(await jwt({ iss: other })))
  })

  it('as ours: our own issuer is nobody else’s, whatever an entry says', async () => {
    await world.say('trusted_issuer', 'issuer_2', { ...trusted, issuer: ownIssuer })
    expect(await world.codeOf(await jwt({ iss: ownIssuer }, first, accessTokenTypes[0]))).toBe('bad_signature')
    const { text } = { text: await world.authority.issueJwt() }
    expect(await world.codeOf(text)).toBe('verified')
  })

  it('with claims of ours, and with a subject of ours', async () => {
    const claims = [{ cs_pos: 1 }, { cs_lineage: [] }, { cs_listed: true }, { sub: 'client_1' }, { sub: 'acct_1' }]
    for (const changes of claims)
      expect(await world.codeOf(await jwt(changes)), JSON.stringify(changes)).toBe('malformed')
  })

  it('without aud, exp or sub, with a cnf that nobody evaluates, and too far ahead', async () => {
    for (const changes of [{ aud: undefined }, { exp: undefined }, { sub: undefined }, { cnf: { jkt: 'x' } }])
      expect(await world.codeOf(await jwt(changes)), JSON.stringify(changes)).toBe('malformed')
    const { now } = world.authority
    expect(await world.codeOf(await jwt({ aud: 'https://other.example' }))).toBe('wrong_audience')
    expect(await world.codeOf(await jwt({ exp: now - 10 }))).toBe('expired')
    expect(await world.codeOf(await jwt({ exp: now + 86_460 }))).toBe('not_yet_valid')
  })

  it('for several APIs at once', async () => {
    const other = 'https://other.example'
    const api = { status: 'active', audience: other, maxStalenessSeconds: 300, createdSequence: 0 } as const
    await world.say('api', 'api_2', api)
    await change({ rules: [...trusted.rules, { when: { sub: 'repo:acme/*' }, scope: 'x', apiId: 'api_2' }] })
    expect(await world.codeOf(await jwt({ aud: [audience, other] }))).toBe('wrong_audience')
    expect(await world.codeOf(await jwt({ jti: 'j2' }))).toBe('verified')
  })

  it('for a client that the book does not know', async () => {
    await change({ clientId: 'client_9' })
    expect(await world.codeOf(await jwt())).toBe('revoked')
  })
})

describe('what ends it at every verifier', () => {
  const text = () => jwt()

  it('its issuer is switched off, and comes back when it is switched on', async () => {
    const it = await text()
    expect(await world.codeOf(it)).toBe('verified')
    await change({ status: 'disabled' })
    expect(await world.codeOf(it)).toBe('disabled')
    await change({})
    expect(await world.codeOf(it)).toBe('verified')
  })

  it('its issuer is deleted', async () => {
    const it = await text()
    expect(await world.codeOf(it)).toBe('verified')
    await change({ status: 'revoked' })
    expect(await world.codeOf(it)).toBe('unknown')
  })

  it('its key is removed, also where another key of that kid came', async () => {
    const it = await text()
    expect(await world.codeOf(it)).toBe('verified')
    await change({ keys: [second.published] })
    expect(await world.codeOf(it)).toBe('bad_signature')
    await change({ keys: [stranger.published] })
    expect(await world.codeOf(it)).toBe('bad_signature')
    expect(await world.codeOf(await jwt({}, stranger))).toBe('verified')
  })

  it('its rule, the ceiling, the client’s access are narrowed', async () => {
    const it = await text()
    expect(await world.codeOf(it)).toBe('verified')
    await change({ scope: 'orders:write' })
    expect(await world.codeOf(it)).toBe('insufficient_scope')
    await change({ rules: [{ when: { sub: 'repo:other/*' }, scope: 'orders:read' }] })
    expect(await world.codeOf(it)).toBe('wrong_audience')
    await change({})
    expect(await world.codeOf(it)).toBe('verified')
    await world.say('client', clientId, { ...client, access: { [apiId]: 'orders:write' } })
    expect(await world.codeOf(it)).toBe('insufficient_scope')
    await world.say('client', clientId, { ...client, access: {} })
    expect(await world.codeOf(it)).toBe('wrong_audience')
  })

  it('its client or its subject is ended', async () => {
    const it = await text()
    const at = Math.floor(world.authority.now)
    const sequence = world.authority.log.length + 1
    const cutOffs = { everything: { sequence, at } }
    await world.say('subject', 'repo:acme/api', { status: 'active', cutOff: sequence, cutOffs })
    expect(await world.codeOf(it)).toBe('revoked')
    await world.time.advance(20_000)
    await world.keeper.refresh()
    const later = await jwt({ jti: 'j2' })
    expect(await world.codeOf(later)).toBe('verified')
    await world.say('client', clientId, { ...client, status: 'revoked' })
    expect(await world.codeOf(later)).toBe('revoked')
  })

  it('a token that was made from it ends with it, its issuer and its key', async () => {
    const id = await externalTokenId({ issuer: iss, jti: 'j1' }, '')
    const lineage = [
      { type: 'external_token', id },
      { type: 'public_key', id: publicKeyId(issuerId, first.published.thumbprint) },
    ] as const
    const child = await world.authority.issueJwt({ subject: 'repo:acme/api', subjectIssuer: iss, lineage })
    const outcome = await world.verify(child)
    expect(outcome).toMatchObject({ outcome: 'verified', grant: { subjectIssuer: iss, parent: id } })
    await change({ status: 'disabled' })
    expect(await world.codeOf(child)).toBe('disabled')
    await change({})
    expect(await world.codeOf(child)).toBe('verified')
    await change({ keys: [second.published] })
    expect(await world.codeOf(child)).toBe('revoked')
    await change({ keys: [second.published, first.published] })
    expect(await world.codeOf(child)).toBe('verified')
    await world.say('external_token', id, { status: 'revoked' })
    expect(await world.codeOf(child)).toBe('revoked')
  })

  it('a token that was made from it ends when its issuer is deleted', async () => {
    const id = publicKeyId(issuerId, first.published.thumbprint)
    const child = await world.authority.issueJwt({
      lineage: [
        { type: 'external_token', id: 'x' },
        { type: 'public_key', id },
      ],
    })
    expect(await world.codeOf(child)).toBe('verified')
    await change({ status: 'revoked' })
    expect(await world.codeOf(child)).toBe('revoked')
  })
})

describe('a kid that no key has', () => {
  it('CVE-2026-48524: is refused without a wait, and the server is told once in ten seconds, whatever the kids are', async () => {
    const told: string[] = []
    const asked: PublicKeyRecord['clientId'][] = []
    const directory: World['authority']['directory'] = {
      ...world.authority.directory,
      publicKey(owner, kid) {
        asked.push(owner)
        told.push(kid)
        return new Promise(() => {})
      },
    }
    world = await createWorld({ directory })
    await world.say('client', clientId, client)
    await world.say('trusted_issuer', issuerId, trusted)
    const [, payload] = (await jwt()).split('.')
    for (let count = 0; count < 1_000; count++) {
      const head = Buffer.from(JSON.stringify({ alg: 'ES256', kid: `x${count}` })).toString('base64url')
      const outcome = world.verify(`${head}.${payload}.${'A'.repeat(86)}`)
      expect(outcome).not.toBeInstanceOf(Promise)
      expect(outcome).toMatchObject({ rejection: { code: 'bad_signature' } })
    }
    expect({ told, asked }).toEqual({ told: ['x0'], asked: [issuerId] })
    await world.time.advance(10_000)
    await world.keeper.refresh()
    await world.codeOf(await jwt({}, { key: second.key }))
    expect(told).toEqual(['x0', 'b'])
  })

  it('may be left out where the issuer has one key of that algorithm', async () => {
    const unnamed = (key: Signer['privateJwk']) =>
      new SignJWT(claimsOf()).setProtectedHeader({ alg: 'ES256' }).sign(key as JWK)
    expect(await world.codeOf(await unnamed(first.privateJwk))).toBe('verified')
    expect(await world.codeOf(await unnamed(stranger.privateJwk))).toBe('bad_signature')
    await change({ keys: [first.published, second.published] })
    expect(await world.codeOf(await unnamed(first.privateJwk))).toBe('bad_signature')
  })

  it('is accepted once the feed brings its key', async () => {
    const text = await jwt({}, second)
    expect(await world.codeOf(text)).toBe('bad_signature')
    await change({ keys: [first.published, second.published] })
    expect(await world.codeOf(text)).toBe('verified')
  })
})
