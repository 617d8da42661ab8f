import { describe, expect, it, vi } from 'vitest'
import { protect } from '../adapters/fetch.ts'
import { createTestIssuer, createTestTime, type TestCredential, type TestIssuer } from './index.ts'

const audience = 'https://api.example.com'

async function codeOf({ verifier }: TestIssuer, { text }: TestCredential, scope = 'orders:read'): Promise<string> {
  const outcome = await verifier.verify(text, { scope })
  return outcome.outcome === 'rejected' ? outcome.rejection.code : outcome.outcome
}

const kinds = {
  key: (issuer, options) => issuer.makeKey(options),
  'opaque token': (issuer, options) => issuer.makeOpaqueToken(options),
  JWT: (issuer, options) => issuer.makeJwt(options),
} satisfies Record<string, (issuer: TestIssuer, options: object) => TestCredential | Promise<TestCredential>>

describe.each(Object.entries(kinds))('a %s', (_, make) => {
  it('is verified for its scope, client and subject, and for no more', async () => {
    const issuer = await createTestIssuer({ audience })
    const options = { scope: 'orders:read', clientId: 'client_7', subject: 'somebody', metadata: { plan: 'free' } }
    const credential = await make(issuer, options)
    const grant = { clientId: 'client_7', subject: 'somebody', audience, metadata: { plan: 'free' } }
    expect(await issuer.verifier.verify(credential.text, { scope: 'orders:read' })).toMatchObject({
      outcome: 'verified',
      grant: { credentialId: credential.id, scope: 'orders:read', ...grant },
    })
    expect(await codeOf(issuer, credential, 'orders:write')).toBe('insufficient_scope')
  })

  it('has no scope unless one is given', async () => {
    const issuer = await createTestIssuer({ audience })
    expect(await codeOf(issuer, await make(issuer, {}))).toBe('insufficient_scope')
    expect(await codeOf(issuer, await make(issuer, {}), '')).toBe('verified')
  })

  it('is refused as soon as it is revoked, also when it was used before, and cannot be changed then', async () => {
    const issuer = await createTestIssuer({ audience })
    const credential = await make(issuer, { scope: 'orders:read' })
    expect(await codeOf(issuer, credential)).toBe('verified')
    await issuer.revoke(credential)
    expect(await codeOf(issuer, credential)).toBe('revoked')
    await expect(issuer.change(credential, { scope: '' })).rejects.toThrow('a revoked credential cannot be changed')
  })

  it('is narrowed, widened, disabled and enabled', async () => {
    const issuer = await createTestIssuer({ audience })
    const credential = await make(issuer, { scope: 'orders:read orders:write' })
    expect(await codeOf(issuer, credential, 'orders:write')).toBe('verified')
    await issuer.change(credential, { scope: 'orders:read' })
    expect(await codeOf(issuer, credential, 'orders:write')).toBe('insufficient_scope')
    await issuer.change(credential, { scope: ['orders:read', 'orders:delete'] })
    expect(await codeOf(issuer, credential, 'orders:delete')).toBe('verified')
    await issuer.change(credential, { isDisabled: true })
    expect(await codeOf(issuer, credential)).toBe('disabled')
    await issuer.change(credential, { isDisabled: false })
    expect(await codeOf(issuer, credential)).toBe('verified')
  })

  it('ends when its time has come, and earlier when that is said', async () => {
    const issuer = await createTestIssuer({ audience })
    const credential = await make(issuer, { scope: 'orders:read', expiresAt: issuer.time.now() + 600 })
    await issuer.time.advance(599_000)
    expect(await codeOf(issuer, credential)).toBe('verified')
    await issuer.time.advance(1_000)
    expect(await codeOf(issuer, credential)).toBe('expired')
    const other = await make(issuer, { scope: 'orders:read' })
    await issuer.change(other, { expiresAt: issuer.time.now() + 10 })
    expect(await codeOf(issuer, other)).toBe('verified')
    await issuer.time.advance(10_000)
    expect(await codeOf(issuer, other)).toBe('expired')
  })

  it('keeps to its addresses, origins and limits', async () => {
    const issuer = await createTestIssuer({ audience })
    const bound = await make(issuer, { ipAllow: ['192.0.2.0/24'], originAllow: ['https://app.example'] })
    const ask = (ip: string, origin: string) => issuer.verifier.verify(bound.text, { ip, origin })
    expect(await ask('192.0.2.7', 'https://app.example')).toMatchObject({ outcome: 'verified' })
    expect(await ask('192.0.3.7', 'https://app.example')).toMatchObject({ rejection: { code: 'address_not_allowed' } })
    expect(await ask('192.0.2.7', 'https://evil.example')).toMatchObject({ rejection: { code: 'origin_not_allowed' } })
    const limited = await make(issuer, { rateLimit: { limit: 1, windowSeconds: 60 } })
    expect(await codeOf(issuer, limited, '')).toBe('verified')
    expect(await codeOf(issuer, limited, '')).toBe('rate_limited')
  })

  it('is answered `unavailable` once nobody has answered for the bound, and learns on return what was said', async () => {
    const issuer = await createTestIssuer({ audience, maxStalenessSeconds: 5 })
    const credential = await make(issuer, { scope: 'orders:read' })
    expect(await codeOf(issuer, credential)).toBe('verified')
    issuer.disconnect()
    await issuer.revoke(credential)
    expect(await codeOf(issuer, credential)).toBe('verified')
    await issuer.time.advance(6_000)
    expect(await codeOf(issuer, credential)).toBe('unavailable')
    await issuer.reconnect()
    expect(await codeOf(issuer, credential)).toBe('revoked')
  })
})

it('a credential that is used first while nobody answers is neither verified nor refused', async () => {
  const issuer = await createTestIssuer({ audience })
  issuer.disconnect()
  expect(await codeOf(issuer, issuer.makeKey({ scope: 'orders:read' }))).toBe('unavailable')
})

it('guarded routes are tested through their adapter', async () => {
  const { verifier, makeKey } = await createTestIssuer({ audience })
  const route = protect({ verifier, scope: 'orders:read' })((request) => new Response(request.auth.clientId))
  const ask = async (text: string) => {
    const headers = { authorization: `Bearer ${text}` }
    return (await route(new Request('https://api.example.com/orders', { headers }))).status
  }
  expect(await ask(makeKey({ scope: 'orders:read' }).text)).toBe(200)
  expect(await ask(makeKey().text)).toBe(403)
  expect(await ask('nonsense')).toBe(401)
})

it('credentials are read from the headers that the API under test names', async () => {
  const issuer = await createTestIssuer({ audience, credentialHeaders: ['X-Partner-Key'] })
  const request = new Request(audience, { headers: { 'X-Partner-Key': issuer.makeKey().text } })
  expect(await issuer.verifier.verifyRequest(request)).toMatchObject({ outcome: 'verified' })
  await issuer.close()
})

it('time is the one that is passed in, and goes on under replaced timers', async () => {
  vi.useFakeTimers()
  try {
    const time = createTestTime(2_000_000_000)
    const issuer = await createTestIssuer({ audience, time })
    const token = await issuer.makeJwt({ scope: 'orders:read' })
    expect(issuer.time).toBe(time)
    await time.advance(3_600_000)
    expect(time.now()).toBe(2_000_003_600)
    expect(await codeOf(issuer, token)).toBe('expired')
    await issuer.close()
  } finally {
    vi.useRealTimers()
  }
})

it('a mistake in what is asked for throws', async () => {
  await expect(createTestIssuer({} as never)).rejects.toThrow('createTestIssuer needs "audience"')
  await expect(createTestIssuer({ audience, now: 1 } as never)).rejects.toThrow('no option "now"')
  await expect(createTestIssuer({ audience, maxStalenessSeconds: 0 })).rejects.toThrow('between 1 and 300')
  for (const credentialHeaders of [['Cookie'], ['A', 'B', 'C', 'D', 'E'], 'X-Partner-Key'] as never[]) {
    await expect(createTestIssuer({ audience, credentialHeaders })).rejects.toThrow('at most 4 headers')
  }
  const [issuer, other] = await Promise.all([createTestIssuer({ audience }), createTestIssuer({ audience })])
  expect(() => issuer.makeKey({ scope: 'a"b' })).toThrow(TypeError)
  await expect(issuer.revoke(other.makeKey())).rejects.toThrow('did not make that credential')
})
