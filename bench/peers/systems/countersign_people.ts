/** Countersign's server as `serve` runs it, with somebody who is signed in and has let an application in. */
import { randomBytes } from 'node:crypto'
import { openBrowser } from '../../../conformance/plain_browser.fixture.ts'
import { audience, startInstallation } from '../../installation.ts'
import { answerQuestions } from '../answering.ts'
import { pkce, redirectUri, type SigningIn } from './signing_in.ts'

answerQuestions(async () => {
  const installation = await startInstallation({})
  const { url, call } = installation
  const { data } = (await call('GET', '/v1/apis')) as unknown as {
    readonly data: readonly { id: string; audience: string }[]
  }
  const api = data.find((each) => each.audience === audience)
  await call('PATCH', `/v1/apis/${api?.id}`, { accountScope: 'orders:read' })
  const { clientId = '', clientSecret = '' } = await call('POST', '/v1/clients', {
    name: 'bench',
    type: 'web',
    access: [{ audience, scope: 'orders:read' }],
    redirectUris: [redirectUri],
    offlineAccess: true,
  })
  const email = `${randomBytes(4).toString('hex')}@bench.example`
  const account = await call('POST', '/v1/accounts', { email, emailVerified: true, name: 'Ann', role: 'operator' })
  const link = await call('POST', `/v1/accounts/${account.id}/links`)
  const browser = openBrowser(url)
  const opened = await browser.open('/login/link')
  await browser.submit(opened, '/login/link', { code: new URL(link.url ?? '').hash.slice(1) })
  const { challenge, verifier } = pkce()
  const asking = (scope: string): string => {
    const proof = { code_challenge: challenge, code_challenge_method: 'S256', scope }
    const fields = { response_type: 'code', client_id: clientId, redirect_uri: redirectUri, ...proof }
    return `${url}/oauth/authorize?${new URLSearchParams(fields)}`
  }
  const told: SigningIn & { readonly key: string } = {
    url,
    cookie: browser.cookie(),
    client: { client_id: clientId, client_secret: clientSecret },
    authorize: asking('openid offline_access orders:read'),
    authorizeUserinfo: asking('openid profile'),
    token: `${url}/oauth/token`,
    userinfo: `${url}/oauth/userinfo`,
    verifier,
    key: installation.adminKey,
  }
  for (const target of [told.authorize, told.authorizeUserinfo]) {
    await browser.submit(await browser.follow(target), '/oauth/consent', { decision: 'allow' })
  }
  return { told, stop: installation.stop }
})
