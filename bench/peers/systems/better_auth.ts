/** better-auth over HTTP: its OAuth provider, and its API-key plugin, which has no endpoint for verifying, behind `node:http`. */
import { createServer, type RequestListener } from 'node:http'
import { listen, listenServer, readBody, send } from '../../bare_answers.ts'
import { answerQuestions } from '../answering.ts'
import { openBetterAuth } from '../better_auth.ts'
import type { Fixture } from '../fixture.ts'
import { importPeer } from '../peer.ts'
import { falsify, formTarget, refusingForm, type Target } from '../target.ts'
import { type IssuingTargets, issue } from './issuing.ts'

type Part = 'verify' | 'oauth'

interface OauthPlugins {
  jwt(options: object): object
  oauthProvider(options: object): object
}

interface Parameter {
  readonly fixture: Fixture
  readonly part: Part
  /** `sqlite:FILE` or a PostgreSQL for the OAuth provider. Default: memory. */
  readonly database?: string
}

answerQuestions(async ({ fixture, part, database }: Parameter) => ({
  told: part === 'verify' ? await startVerifying() : await startIssuing(fixture, database),
}))

/** `verifyApiKey` is for the server's own use: the thinnest server in front of it. */
async function startVerifying(): Promise<Target> {
  const { auth, userId } = await openBetterAuth({ baseUrl: 'http://127.0.0.1', storage: 'secondary' })
  const { key } = await auth.api.createApiKey({ body: { userId, name: 'bench' } })
  const answer: RequestListener = (request, response) =>
    readBody(request, async (text) => {
      const asked = JSON.parse(text) as { readonly key: string }
      send(response, JSON.stringify(await auth.api.verifyApiKey({ body: { key: asked.key } })))
    })
  return {
    url: await listen(answer),
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key }),
    holds: '"valid":true',
    refused: [{ body: JSON.stringify({ key: falsify(key) }) }],
  }
}

async function startIssuing({ audience, scope }: Fixture, database: string | undefined): Promise<IssuingTargets> {
  const server = createServer()
  const url = await listenServer(server)
  const trusted = new Set<string>()
  const plugins = await oauthPlugins({ audience, scope, trusted })
  const { auth, cookie } = await openBetterAuth({
    baseUrl: url,
    storage: 'memory',
    plugins,
    ...(database === undefined ? {} : { database }),
  })
  const { toNodeHandler } = await importPeer<{ toNodeHandler(auth: unknown): RequestListener }>('better-auth/node')
  server.on('request', toNodeHandler(auth))
  const { client_id, client_secret } = await auth.api.adminCreateOAuthClient({
    headers: new Headers({ cookie }),
    body: {
      client_name: 'bench',
      redirect_uris: ['https://client.bench.example/callback'],
      grant_types: ['client_credentials'],
      response_types: [],
      client_credentials_scopes: [scope],
      token_endpoint_auth_method: 'client_secret_post',
    },
  })
  trusted.add(client_id)
  const base = `${url}/api/auth`
  const asked = { client_id, client_secret, grant_type: 'client_credentials', scope }
  const jwt = formTarget(`${base}/oauth2/token`, { ...asked, resource: audience }, '"access_token":"ey')
  // Without a resource it issues opaque tokens.
  const opaque = formTarget(`${base}/oauth2/token`, asked, '"access_token":"')
  const token = await issue(opaque)
  const introspect = formTarget(`${base}/oauth2/introspect`, { client_id, client_secret, token }, '"active":true')
  return {
    jwt: refusingForm(jwt, 'client_secret', falsify(client_secret)),
    opaque: refusingForm(opaque, 'client_secret', falsify(client_secret)),
    introspect: refusingForm(introspect, 'token', falsify(token)),
    issuer: base,
    jwksUrl: `${base}/jwks`,
  }
}

/** Fair: client and resource from its caches, and its signing key not decrypted anew for every token. */
async function oauthPlugins(options: {
  readonly audience: string
  readonly scope: string
  readonly trusted: Set<string>
}): Promise<readonly object[]> {
  const { audience, scope, trusted } = options
  const { jwt } = await importPeer<Pick<OauthPlugins, 'jwt'>>('better-auth/plugins')
  const { oauthProvider } = await importPeer<Pick<OauthPlugins, 'oauthProvider'>>('@better-auth/oauth-provider')
  return [
    jwt({
      jwks: { keyPairConfig: { alg: 'ES256' }, disablePrivateKeyEncryption: true },
      disableSettingJwtHeader: true,
    }),
    oauthProvider({
      loginPage: '/login',
      consentPage: '/consent',
      scopes: [scope],
      resources: [audience],
      enforcePerClientResources: false,
      clientPrivileges: () => true,
      cachedTrustedClients: trusted,
      cachedResources: new Set([audience]),
    }),
  ]
}
