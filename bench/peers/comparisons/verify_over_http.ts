/** Asking a server whether a credential holds: `POST /v1/verify` and RFC 7662 introspection. */
import { type Comparison, halfLoadP99, ratioOf } from '../comparison.ts'
import type { Fixture } from '../fixture.ts'
import { startSystem } from '../system_process.ts'
import type { BareAnswer } from '../systems/bare.ts'
import type { IssuingTargets } from '../systems/issuing.ts'
import { falsify, formTarget, refusingForm, type Target } from '../target.ts'
import type { Context } from './context.ts'
import { measureOverHttp } from './over_http.ts'

const bareVerify = 'bare node:http that parses the same JSON'
const bareIntrospect = 'bare node:http that parses the same form'
const key = 'Countersign, POST /v1/verify, API key'

export async function compareVerify({ server, pace }: Context): Promise<readonly Comparison[]> {
  const fixture = server.told
  const betterAuth = await startSystem<Target>('systems/better_auth', { fixture, part: 'verify' })
  const bare = await startBare(fixture, 'verify')
  const limit = bareVerify
  const ours = verifyTarget(fixture, fixture.apiKey, [falsify(fixture.apiKey)])
  const systems = await measureOverHttp(
    [
      { name: key, limit, target: ours, cpuMicros: server.cpuMicros },
      {
        name: 'Countersign, POST /v1/verify, JWT',
        limit,
        target: verifyTarget(fixture, fixture.jwt, fixture.refusedJwts),
        cpuMicros: server.cpuMicros,
      },
      {
        name: 'better-auth, verifyApiKey behind node:http',
        limit,
        target: betterAuth.told,
        cpuMicros: betterAuth.cpuMicros,
      },
      { name: bareVerify, limit, target: withoutRefusal(ours, bare.told), cpuMicros: bare.cpuMicros },
    ],
    pace,
  )
  await Promise.all([betterAuth.stop(), bare.stop()])
  return [
    {
      title: 'Verifying over HTTP',
      systems,
      notes: ['better-auth has no endpoint that verifies API keys: its function stands behind a server of ten lines.'],
      goals: [
        { name: 'POST /v1/verify, of bare node:http', unit: '×', value: ratioOf(systems, key, limit), atLeast: 0.6 },
        { name: 'POST /v1/verify, p99 at half load', unit: 'ms', value: halfLoadP99(systems, key), atMost: 5 },
      ],
    },
  ]
}

export async function compareIntrospect({ server, pace }: Context): Promise<readonly Comparison[]> {
  const fixture = server.told
  const oidcProvider = await startSystem<IssuingTargets>('systems/oidc_provider', fixture)
  const betterAuth = await startSystem<IssuingTargets>('systems/better_auth', { fixture, part: 'oauth' })
  const bare = await startBare(fixture, 'introspect')
  const limit = bareIntrospect
  const ours = introspectTarget(fixture)
  const systems = await measureOverHttp(
    [
      { name: 'Countersign', limit, target: ours, cpuMicros: server.cpuMicros },
      { name: 'oidc-provider', limit, target: oidcProvider.told.introspect, cpuMicros: oidcProvider.cpuMicros },
      {
        name: 'better-auth, OAuth provider',
        limit,
        target: betterAuth.told.introspect,
        cpuMicros: betterAuth.cpuMicros,
      },
      { name: bareIntrospect, limit, target: withoutRefusal(ours, bare.told), cpuMicros: bare.cpuMicros },
    ],
    pace,
  )
  await Promise.all([oidcProvider.stop(), betterAuth.stop(), bare.stop()])
  return [
    {
      title: 'Introspection of an opaque token (RFC 7662), client_secret_post',
      systems,
      notes: [
        'oidc-provider and better-auth keep the token in memory; ours is in SQLite, and known after its first use.',
      ],
      goals: [],
    },
  ]
}

export function startBare(fixture: Fixture, answer: BareAnswer) {
  const { url: issuer, clientId, audience } = fixture
  return startSystem<string>('systems/bare', { answer, claims: { issuer, clientId, audience } })
}

/** The same question to a server that verifies nothing. */
export function withoutRefusal({ refused: _, ...target }: Target, url: string): Target {
  return { ...target, url }
}

function verifyTarget(fixture: Fixture, credential: string, refused: readonly string[]): Target {
  const { url, verifierKey, audience, scope } = fixture
  const question = (asked: string): string => JSON.stringify({ credential: asked, audience, scope })
  return {
    url: `${url}/v1/verify`,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${verifierKey}` },
    body: question(credential),
    holds: '"active":true',
    refused: refused.map((each) => ({ body: question(each) })),
  }
}

export function introspectTarget({ url, opaque: { clientId, clientSecret, token } }: Fixture): Target {
  const fields = { client_id: clientId, client_secret: clientSecret, token }
  return refusingForm(formTarget(`${url}/oauth/introspect`, fields, '"active":true'), 'token', falsify(token))
}
