/** Issuing access tokens: `client_credentials`, a JWT signed with ES256 for each request, `client_secret_post`. */
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { type Comparison, ratioOf } from '../comparison.ts'
import type { Fixture } from '../fixture.ts'
import { startSystem } from '../system_process.ts'
import type { IssuingTargets } from '../systems/issuing.ts'
import { falsify, formTarget, refusingForm, type Target } from '../target.ts'
import type { Context } from './context.ts'
import { measureOverHttp } from './over_http.ts'
import { startBare, withoutRefusal } from './verify_over_http.ts'

const limit = 'bare node:http that signs the same JWT'

export async function compareTokens({ server, pace }: Context): Promise<readonly Comparison[]> {
  const fixture = server.told
  const oidcProvider = await startSystem<IssuingTargets>('systems/oidc_provider', fixture)
  const betterAuth = await startSystem<IssuingTargets>('systems/better_auth', { fixture, part: 'oauth' })
  const bare = await startBare(fixture, 'token')
  const ours = ourTargets(fixture)
  for (const targets of [ours, oidcProvider.told, betterAuth.told]) await requireJwt(targets, fixture.audience)
  const systems = await measureOverHttp(
    [
      { name: 'Countersign', limit, target: ours.token, cpuMicros: server.cpuMicros },
      { name: 'oidc-provider', limit, target: oidcProvider.told.token, cpuMicros: oidcProvider.cpuMicros },
      { name: 'better-auth, OAuth provider', limit, target: betterAuth.told.token, cpuMicros: betterAuth.cpuMicros },
      { name: limit, limit, target: withoutRefusal(ours.token, bare.told), cpuMicros: bare.cpuMicros },
    ],
    pace,
  )
  await Promise.all([oidcProvider.stop(), betterAuth.stop(), bare.stop()])
  return [
    {
      title: 'Issuing tokens: client_credentials, ES256 JWT',
      systems,
      notes: ['Nobody stores a JWT that was issued. oidc-provider and better-auth keep their clients in memory.'],
      goals: [
        {
          name: 'tokens, of oidc-provider',
          unit: '×',
          value: ratioOf(systems, 'Countersign', 'oidc-provider'),
          atLeast: 3,
        },
      ],
    },
  ]
}

function ourTargets({ url, clientId, clientSecret, scope }: Fixture): Omit<IssuingTargets, 'introspect'> {
  const fields = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret, scope }
  const token = formTarget(`${url}/oauth/token`, fields, '"access_token":"ey')
  return {
    token: refusingForm(token, 'client_secret', falsify(clientSecret)),
    issuer: url,
    jwksUrl: `${url}/oauth/jwks`,
  }
}

/**
 * Each must issue what the others do: an ES256 JWT of RFC 9068 for the audience that its own published key verifies, and
 * another one for every request.
 */
async function requireJwt(targets: Omit<IssuingTargets, 'introspect'>, audience: string): Promise<void> {
  const { token, issuer, jwksUrl } = targets
  const requiredClaims = ['exp', 'jti', 'client_id']
  const options = { issuer, audience, algorithms: ['ES256'], typ: 'at+jwt', requiredClaims }
  const keys = createRemoteJWKSet(new URL(jwksUrl))
  const ids = new Set<string | undefined>()
  for (const text of [await issue(token), await issue(token)]) {
    const { payload } = await jwtVerify(text, keys, options)
    if (payload.scope !== 'orders:read') throw new Error(`${issuer} issued a token for another scope`)
    ids.add(payload.jti)
  }
  if (ids.size !== 2) throw new Error(`${issuer} issued the same token twice`)
}

async function issue({ url, headers, body }: Target): Promise<string> {
  const response = await fetch(url, { method: 'POST', headers, ...(body === undefined ? {} : { body }) })
  return ((await response.json()) as { readonly access_token: string }).access_token
}
