import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { applicationsText } from '../../shared/text/applications.ts'
import { startOf } from './quick_start_samples.ts'

const { start } = applicationsText
const target = {
  issuer: 'https://id.example',
  audience: "urn:o'rders",
  scope: 'orders:read orders:write',
  callUrl: undefined,
}

/** The words that curl is given, as a shell splits them, and what else was written. */
function run(script: string): readonly string[] {
  const curl = 'curl() { for word in "$@"; do printf "%s\\n" "$word"; done; }'
  const environment = { ...process.env, COUNTERSIGN_CLIENT_SECRET: 'cs_secret_1' }
  return execFileSync('/bin/sh', ['-c', `${curl}\n${script}`], { env: environment, encoding: 'utf8' })
    .trimEnd()
    .split('\n')
}

it('a server asks for a token with its secret, for the API and the scopes that it may have', () => {
  const samples = startOf({ clientId: 'client_1', type: 'service', redirectUris: [] }, target)
  expect(run(samples?.[start.token] ?? '')).toEqual([
    'https://id.example/oauth/token',
    ...['-u', 'client_1:cs_secret_1', '-d', 'grant_type=client_credentials'],
    ...['--data-urlencode', "audience=urn:o'rders", '--data-urlencode', 'scope=orders:read orders:write'],
  ])
})

it('who signs people in begins with PKCE, whose verifier fits, and redeems the code, with a secret where it has one', async () => {
  const redirectUris = ['com.example.app:/back?a=1&b=2']
  const samples = startOf({ clientId: 'client_1', type: 'native', redirectUris }, target) ?? {}
  const exchange = samples[start.exchange] ?? ''
  const [address = '', ...words] = run(`${samples[start.ask]}\n${exchange}`)
  const asked = new URL(address)
  expect(Object.fromEntries(asked.searchParams)).toMatchObject({
    response_type: 'code',
    client_id: 'client_1',
    redirect_uri: redirectUris[0],
    audience: target.audience,
    scope: target.scope,
    code_challenge_method: 'S256',
    state: expect.stringMatching(/^[0-9a-f]{32}$/),
  })
  const verifier = words.find((word) => word.startsWith('code_verifier='))?.slice('code_verifier='.length) ?? ''
  expect(verifier).toMatch(/^[\w-]{43}$/)
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
  expect(asked.searchParams.get('code_challenge')).toBe(Buffer.from(digest).toString('base64url'))
  expect(words).toContain('client_id=client_1')
  expect(words).not.toContain('-u')
  const web = startOf({ clientId: 'client_1', type: 'web', redirectUris }, target) ?? {}
  expect(run(web[start.exchange] ?? '')).toContain('client_1:cs_secret_1')
})

it('without a redirect URI there is nothing to begin with', () => {
  expect(startOf({ clientId: 'client_1', type: 'spa', redirectUris: [] }, target)).toBeUndefined()
})
