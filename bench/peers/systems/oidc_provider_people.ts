/** oidc-provider with its own in-memory adapter, in production mode, with somebody who is signed in and has let an application in. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openBrowser } from '../../../conformance/plain_browser.fixture.ts'
import { audience } from '../../installation.ts'
import { answerQuestions } from '../answering.ts'
import { importPeer } from '../peer.ts'
import { pkce, redirectUri, type SigningIn } from './signing_in.ts'

interface Grant {
  addOIDCScope(scope: string): void
  addResourceScope(resource: string, scope: string): void
  save(): Promise<string>
}

interface Provider {
  readonly Grant: new (of: { readonly accountId: string; readonly clientId: string }) => Grant
  callback(): RequestListener
  interactionDetails(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<{ readonly prompt: { readonly name: string }; readonly params: { readonly client_id: string } }>
  interactionFinished(
    request: IncomingMessage,
    response: ServerResponse,
    result: object,
    options?: object,
  ): Promise<void>
}

interface OidcProvider {
  readonly default: new (issuer: string, configuration: object) => Provider
}

answerQuestions(async () => {
  const { default: Provider } = await importPeer<OidcProvider>('oidc-provider')
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = { client_id: 'bench', client_secret: randomBytes(32).toString('base64url') }
  const provider = new Provider(url, configurationOf(client))
  const answer = provider.callback()
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/interaction/') !== true) return answer(request, response)
    interact(provider, request, response).catch((error) => response.writeHead(500).end(String(error)))
  })
  const { challenge, verifier } = pkce()
  const asking = (scope: string, more: object = {}): string => {
    const proof = { code_challenge: challenge, code_challenge_method: 'S256', scope }
    const fields = { response_type: 'code', client_id: client.client_id, redirect_uri: redirectUri, ...proof, ...more }
    return `${url}/auth?${new URLSearchParams(fields as Record<string, string>)}`
  }
  const browser = openBrowser(url)
  const authorize = asking('openid orders:read', { resource: audience })
  await browser.follow(authorize)
  const authorizeUserinfo = asking('openid profile')
  await browser.follow(authorizeUserinfo)
  const told: SigningIn = {
    url,
    cookie: browser.cookie(),
    client,
    authorize,
    authorizeUserinfo,
    token: `${url}/token`,
    userinfo: `${url}/me`,
    verifier,
  }
  return { told }
})

/** Says at once who is signed in, and that everything is allowed. */
async function interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { prompt, params } = await provider.interactionDetails(request, response)
  if (prompt.name === 'login') return provider.interactionFinished(request, response, { login: { accountId: 'ann' } })
  const grant = new provider.Grant({ accountId: 'ann', clientId: params.client_id })
  grant.addOIDCScope('openid profile orders:read')
  grant.addResourceScope(audience, 'orders:read')
  const consent = { grantId: await grant.save() }
  await provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true })
}

function configurationOf(client: object): object {
  const jwk = (alg: string, key: ReturnType<typeof generateKeyPairSync>['privateKey']) => ({
    ...(key as unknown as { export(how: object): object }).export({ format: 'jwk' }),
    kid: alg,
    alg,
    use: 'sig',
  })
  const keys = [
    jwk('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey as never),
    jwk('RS256', generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey as never),
  ]
  const registered = {
    ...client,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: [redirectUri],
    token_endpoint_auth_method: 'client_secret_post',
  }
  return {
    jwks: { keys },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    clients: [registered],
    scopes: ['openid', 'profile', 'orders:read'],
    claims: { openid: ['sub'], profile: ['name'] },
    pkce: { required: () => true },
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    findAccount: (_: unknown, accountId: string) => ({
      accountId,
      claims: async () => ({ sub: accountId, name: 'Ann' }),
    }),
    interactions: { url: (_: unknown, { uid }: { readonly uid: string }) => `/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_: unknown, resource: string) => ({
          audience: resource,
          scope: 'orders:read',
          accessTokenTTL: 3_600,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  }
}
