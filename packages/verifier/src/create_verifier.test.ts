import { afterEach, describe, expect, it } from 'vitest'
import { apiId, audience, createAuthority, createFetch, issuer, realTime } from './authority.fixture.ts'
import { createVerifier, type Verifier, type VerifierOptions } from './create_verifier.ts'

const authority = createAuthority(realTime())
const good: VerifierOptions = { issuer, audience, credential: 'cs_live_x', fetch: createFetch(authority) }

const open: Verifier[] = []
afterEach(() => {
  for (const verifier of open.splice(0)) verifier.close()
})

function create(changes: Partial<VerifierOptions> = {}): Verifier {
  const verifier = createVerifier({ ...good, ...changes })
  open.push(verifier)
  return verifier
}

describe('options', () => {
  it.each(['issuer', 'audience', 'credential'] as const)('%s has no default: missing or empty throws', (name) => {
    for (const value of [undefined, '', 7, null, [audience]]) {
      expect(() => createVerifier({ ...good, [name]: value } as VerifierOptions)).toThrow(
        `createVerifier needs "${name}"`,
      )
    }
  })

  it('an unknown one throws, whatever its value', () => {
    expect(() => createVerifier({ ...good, audiences: undefined } as VerifierOptions)).toThrow('no option "audiences"')
  })

  it('usage is counted unless it is said not to be, in so many words', () => {
    expect(() => create({ usage: false })).not.toThrow()
    expect(() => createVerifier({ ...good, usage: 'no' as unknown as boolean })).toThrow('usage must be true or false')
  })

  it('the metadata of clients is looked up when it is asked for, with true or false', () => {
    expect(() => create({ clientMetadata: true })).not.toThrow()
    for (const wrong of ['yes', 1, null]) {
      const options = { ...good, clientMetadata: wrong as unknown as boolean }
      expect(() => createVerifier(options)).toThrow('clientMetadata must be true or false')
    }
  })

  it.each([0, 0.5, 301, -1, Number.NaN, Number.POSITIVE_INFINITY, '10'])('a bound of %s throws', (seconds) => {
    expect(() => createVerifier({ ...good, maxStalenessSeconds: seconds as number })).toThrow(TypeError)
  })

  it.each([1, 10, 300])('a bound of %s s is taken', (maxStalenessSeconds) => {
    expect(() => create({ maxStalenessSeconds })).not.toThrow()
  })

  it.each([
    'http://auth.example.com',
    'http://localhost.example.com',
    'http://127.0.0.1.example.com',
    'ftp://auth.example.com',
    'auth.example.com',
    'https://auth.example.com/',
    'https://auth.example.com?x=1',
    'https://auth.example.com#x',
  ])('the issuer %s throws', (other) => {
    expect(() => createVerifier({ ...good, issuer: other })).toThrow(TypeError)
  })

  it.each(['http://localhost:4800', 'http://127.0.0.1:4800', 'http://[::1]:4800', 'https://auth.example.com/t/acme'])(
    'the issuer %s is taken',
    (other) => {
      expect(() => create({ issuer: other })).not.toThrow()
    },
  )

  it('plain http beyond this machine must be asked for in so many words', () => {
    const options = { issuer: 'http://auth.example.com', dangerouslyAllowInsecureHttp: true }
    expect(() => create(options)).not.toThrow()
  })
})

describe('verifyRequest', () => {
  const request = (headers: Record<string, string>) => new Request('https://api.example.com/orders', { headers })

  it('verifies over HTTP and says what the contract shows', async () => {
    const { text, id } = authority.issueKey()
    const outcome = await create().verifyRequest(request({ authorization: `Bearer ${text}` }), { scope: 'orders:read' })
    expect(outcome).toMatchObject({
      outcome: 'verified',
      grant: { kind: 'api_key', credentialId: id, audience, scope: 'orders:read orders:write', environment: 'live' },
    })
  })

  it('takes scopes in all their forms, and throws for what is no scope', async () => {
    const verifier = create()
    const one = request({ 'x-api-key': authority.issueKey({ scope: 'read:orders', access: 'read:orders' }).text })
    for (const scope of ['read:orders', ['read:orders'], { orders: { actions: ['read'] } }]) {
      expect(await verifier.verifyRequest(one, { scope })).toMatchObject({ outcome: 'verified' })
    }
    expect(await verifier.verifyRequest(one, { anyScope: ['admin', 'read:orders'] })).toMatchObject({
      outcome: 'verified',
    })
    const refused = await verifier.verifyRequest(one, { scope: 'read:orders admin' })
    expect(refused).toMatchObject({ rejection: { code: 'insufficient_scope', missingScope: ['admin'] } })
    await expect(verifier.verifyRequest(one, { scope: 'a"b' })).rejects.toThrow(TypeError)
  })

  it('spends what the call costs, shows every limit, and throws for what no call can cost', async () => {
    const verifier = create()
    const rate = { limit: 10, windowSeconds: 60 }
    const { text } = authority.issueKey({ rateLimit: rate, rateLimits: [{ name: 'burst', ...rate, limit: 8 }] })
    const asked = request({ authorization: `Bearer ${text}` })
    expect(await verifier.verifyRequest(asked, { cost: 4 })).toMatchObject({
      rateLimit: { name: 'burst', remaining: 4 },
      rateLimits: [
        { name: 'default', remaining: 6 },
        { name: 'burst', remaining: 4 },
      ],
    })
    expect(await verifier.verify(text, { cost: 5 })).toMatchObject({ rejection: { code: 'rate_limited' } })
    for (const cost of [-1, 0.5, 1_000_001, Number.NaN, '1' as never, null as never]) {
      await expect(verifier.verifyRequest(asked, { cost }), String(cost)).rejects.toThrow(TypeError)
      expect(() => verifier.verify(text, { cost }), String(cost)).toThrow(TypeError)
    }
  })

  it('reads the origin from the request and the address from the caller', async () => {
    const verifier = create()
    const { text } = authority.issueKey({ originAllow: ['https://app.example.com'], ipAllow: ['192.0.2.1'] })
    const headers = { authorization: `Bearer ${text}`, origin: 'https://app.example.com' }
    expect(await verifier.verifyRequest(request(headers), { ip: '192.0.2.1' })).toMatchObject({ outcome: 'verified' })
    expect(await verifier.verifyRequest(request(headers))).toMatchObject({ rejection: { code: 'address_not_allowed' } })
    expect(await verifier.verifyRequest(request(headers), { ip: 'nonsense' })).toMatchObject({
      rejection: { code: 'address_not_allowed' },
    })
    const raw = ['Authorization', `Bearer ${text}`, 'Origin', 'https://app.example.com']
    expect(await verifier.verifyRawHeaders(raw, { ip: '192.0.2.1' })).toMatchObject({ outcome: 'verified' })
    const two = [...raw, 'Origin', 'https://evil.example.com']
    expect(await verifier.verifyRawHeaders(two, { ip: '192.0.2.1' })).toMatchObject({
      rejection: { code: 'origin_not_allowed' },
    })
  })

  it('is unavailable when the server cannot be reached, and its error holds no credential', async () => {
    const verifier = create({ fetch: () => Promise.reject(new Error('with a secret')) })
    const outcome = await verifier.verifyRequest(request({ 'x-api-key': authority.issueKey().text }))
    expect(outcome).toEqual({ outcome: 'unavailable', retryAfterSeconds: 1 })
  })

  it('reads the headers that the API comes to name, and those that it ceases to name no more, within a question', async () => {
    const naming = createAuthority(realTime())
    const verifier = create({ fetch: createFetch(naming), maxStalenessSeconds: 1 })
    await verifier.ready()
    const one = request({ 'X-Partner-Key': naming.issueKey().text })
    const raw = [...one.headers].flat()
    const codes = async () =>
      (await Promise.all([verifier.verifyRequest(one), verifier.verifyRawHeaders(raw)])).map((outcome) =>
        outcome.outcome === 'rejected' ? outcome.rejection.code : outcome.outcome,
      )
    expect(await codes()).toEqual(['missing_credential', 'missing_credential'])
    naming.nameHeaders(['X-Partner-Key'])
    await expect.poll(codes, { timeout: 3_000 }).toEqual(['verified', 'verified'])
    naming.nameHeaders([])
    await expect.poll(codes, { timeout: 3_000 }).toEqual(['missing_credential', 'missing_credential'])
  })

  it('waits for the first book before it says that a request has no credential', async () => {
    const naming = createAuthority(realTime())
    naming.nameHeaders(['X-Partner-Key'])
    const verifier = create({ fetch: createFetch(naming) })
    expect(await verifier.verifyRequest(request({ 'X-Partner-Key': naming.issueKey().text }))).toMatchObject({
      outcome: 'verified',
    })
  })

  it('knows a change within a question, over HTTP', async () => {
    const verifier = create({ maxStalenessSeconds: 1 })
    const text = await authority.issueJwt({ jti: 'tok_http' })
    expect(await verifier.verify(text)).toMatchObject({ outcome: 'verified' })
    authority.say('token', 'tok_http', { status: 'revoked' })
    await expect.poll(async () => (await verifier.verify(text)).outcome, { timeout: 3_000 }).toBe('rejected')
  })

  it('a snapshot that is cut off in the middle is none', async () => {
    const whole = createFetch(authority)
    const cut: typeof fetch = async (input, init) => {
      const response = await whole(input, init)
      if (!String(input).endsWith('/snapshot')) return response
      const text = await response.text()
      return new Response(text.slice(0, text.lastIndexOf('{"end"')))
    }
    const verifier = create({ fetch: cut })
    expect(await verifier.verify(authority.issueKey().text)).toMatchObject({ outcome: 'unavailable' })
    expect(apiId).toBe('api_1')
  })
})
