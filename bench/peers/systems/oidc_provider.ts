/** oidc-provider with its own in-memory adapter, in production mode; a resource gets JWTs, another opaque tokens. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerQuestions } from '../answering.ts'
import type { Fixture } from '../fixture.ts'
import { importPeer } from '../peer.ts'
import { falsify, formTarget, refusingForm } from '../target.ts'
import { type IssuingTargets, issue } from './issuing.ts'

interface OidcProvider {
  readonly default: new (issuer: string, configuration: object) => { callback(): RequestListener }
}

const opaqueResource = 'https://opaque.bench.example'

answerQuestions(async ({ audience, scope }: Fixture) => {
  const { default: Provider } = await importPeer<OidcProvider>('oidc-provider')
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = { client_id: 'bench', client_secret: randomBytes(32).toString('base64url') }
  server.on('request', new Provider(url, configurationOf(client, scope)).callback())

  const asked = { ...client, grant_type: 'client_credentials', scope }
  const jwt = formTarget(`${url}/token`, { ...asked, resource: audience }, '"access_token":"ey')
  const opaque = formTarget(`${url}/token`, { ...asked, resource: opaqueResource }, '"access_token":"')
  const introspected = await issue(opaque)
  const introspect = formTarget(`${url}/token/introspection`, { ...client, token: introspected }, '"active":true')
  const targets: IssuingTargets = {
    jwt: refusingForm(jwt, 'client_secret', falsify(client.client_secret)),
    opaque: refusingForm(opaque, 'client_secret', falsify(client.client_secret)),
    introspect: refusingForm(introspect, 'token', falsify(introspected)),
    issuer: url,
    jwksUrl: `${url}/jwks`,
  }
  return { told: targets }
})

function configurationOf(client: object, scope: string): object {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = { ...privateKey.export({ format: 'jwk' }), kid: 'bench', alg: 'ES256', use: 'sig' }
  const registered = {
    ...client,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    id_token_signed_response_alg: 'ES256',
    token_endpoint_auth_method: 'client_secret_post',
  }
  return {
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    clients: [registered],
    scopes: [scope],
    ttl: { ClientCredentials: 3_600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_: unknown, resource: string) => ({
          audience: resource,
          scope,
          accessTokenTTL: 3_600,
          ...(resource === opaqueResource
            ? { accessTokenFormat: 'opaque' }
            : { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }),
        }),
      },
    },
  }
}
