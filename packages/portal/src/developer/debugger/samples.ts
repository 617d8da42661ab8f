/** Samples of what can be pasted: made in the page at each press, and valid nowhere. */
import { keyChecksum } from '../../shared/pasted_key.ts'

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export const samples = {
  key: makeKey,
  token: makeToken,
  curl: () => `curl -X POST https://api.example/orders -H 'Authorization: Bearer ${makeKey()}'`,
} as const

function makeKey(): string {
  const body = `sample_test_${random(12)}_${random(32)}`
  return body + keyChecksum(body)
}

/** With two things that are worth a look: many audiences, and a month of life. */
function makeToken(): string {
  const now = Math.floor(Date.now() / 1000)
  const header = { alg: 'ES256', typ: 'at+jwt', kid: 'sample' }
  const claims = {
    iss: 'https://issuer.example',
    sub: 'customer-17',
    aud: ['https://orders.example', 'https://stock.example'],
    client_id: 'client_sample',
    jti: random(12),
    iat: now,
    exp: now + 30 * 86_400,
    scope: 'orders:read orders:write',
  }
  const signature = String.fromCharCode(...crypto.getRandomValues(new Uint8Array(64)))
  return [JSON.stringify(header), JSON.stringify(claims), signature].map(base64url).join('.')
}

function base64url(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

function random(length: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => letters[byte % 62]).join('')
}
