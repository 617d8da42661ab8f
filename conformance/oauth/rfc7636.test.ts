/** RFC 7636, Proof Key for Code Exchange, with S256 alone (RFC 9700 §2.1.1). */
import { beforeAll, describe, expect, it } from 'vitest'
import { type Client, challengeOf, type Instance, verifier } from './instance.fixture.ts'
import { client, instance, person, useInstance } from './one_instance.fixture.ts'

useInstance()
const clients: Record<string, Client> = {}
beforeAll(async () => {
  clients.web = client
  clients.spa = { ...(await instance.client({ type: 'spa' })), clientSecret: '' }
  clients.without = await instance.client({ requirePkce: false })
})

const error = async (client: string, more: Parameters<Instance['authorize']>[2]) =>
  (await instance.authorize(person, clients[client]!, more)).searchParams.get('error')
const code = async (client: string, more?: Parameters<Instance['authorize']>[2]) =>
  (await instance.authorize(person, clients[client]!, more)).searchParams.get('code')

describe('§4.3 the request', () => {
  it.each(['web', 'spa'])('of a %s client needs a challenge', async (client) => {
    expect(await error(client, { code_challenge: undefined, code_challenge_method: undefined })).toBe('invalid_request')
    expect(await error(client, { code_challenge: undefined })).toBe('invalid_request')
  })

  it.each([
    ['plain', verifier],
    ['S512', challengeOf(verifier)],
    ['s256', challengeOf(verifier)],
    ['none', challengeOf(verifier)],
    [undefined, challengeOf(verifier)],
  ])('with the method %s is refused', async (code_challenge_method, code_challenge) => {
    for (const client of ['web', 'spa', 'without'])
      expect(await error(client, { code_challenge_method, code_challenge })).toBe('invalid_request')
  })

  it.each([
    'x',
    challengeOf(verifier).slice(1),
    `${challengeOf(verifier)}x`,
    `${challengeOf(verifier)}=`,
    '+'.repeat(43),
  ])('with the challenge %j is refused', async (code_challenge) => {
    expect(await error('web', { code_challenge })).toBe('invalid_request')
  })
})

describe('§4.6 the verifier', () => {
  it.each([
    ['is another', 'w'.repeat(43)],
    ['is missing', undefined],
    ['is empty', ''],
    ['is the challenge', challengeOf(verifier)],
    ['is one character longer', `${verifier}x`],
    ['is one character shorter', verifier.slice(1)],
    ['is in another case', verifier.toUpperCase()],
  ])('that %s is invalid_grant, and spends nothing', async (_, code_verifier) => {
    for (const client of ['web', 'spa']) {
      const own = clients[client]!
      const named = client === 'spa' ? { client_id: own.clientId } : {}
      const as = client === 'spa' ? undefined : own
      const given = await code(client)
      const fields = { grant_type: 'authorization_code', code: String(given), ...named }
      const refused = await instance.post('/oauth/token', { ...fields, code_verifier }, as)
      expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant'])
      expect((await instance.post('/oauth/token', { ...fields, code_verifier: verifier }, as)).status).toBe(200)
    }
  })

  it.each([
    ['of 42 characters', 'a'.repeat(42)],
    ['of 129 characters', 'a'.repeat(129)],
    ['with other characters', `${'a'.repeat(42)}+`],
  ])('§4.1: %s is refused, though its challenge fits', async (_, text) => {
    const given = await code('web', { code_challenge: challengeOf(text) })
    expect((await instance.redeem(clients.web!, given, { code_verifier: text })).body.error).toBe('invalid_grant')
  })

  it.each([43, 128])('§4.1: of %i characters is taken', async (length) => {
    const text = '-._~aZ09'.repeat(16).slice(0, length)
    const given = await code('web', { code_challenge: challengeOf(text) })
    expect((await instance.redeem(clients.web!, given, { code_verifier: text })).status).toBe(200)
  })

  it('RFC 9700 §4.8.2: for a code that was asked for without a challenge is refused', async () => {
    const given = await code('without', { code_challenge: undefined, code_challenge_method: undefined })
    expect((await instance.redeem(clients.without!, given)).body.error).toBe('invalid_grant')
    expect((await instance.redeem(clients.without!, given, { code_verifier: undefined })).status).toBe(200)
  })
})
