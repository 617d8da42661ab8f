import { afterEach, beforeEach, expect, it } from 'vitest'
import { createServerSignIn, type ServerSignIn } from './server_sign_in.ts'
import { lifeSeconds, type ScriptedIssuer, startIssuer } from './sign_in/issuer.fixture.ts'

let server: ScriptedIssuer
let signIn: ServerSignIn
let now = 1_000_000
const redirectUri = 'https://app.example/callback'
const postLogoutRedirectUri = 'https://app.example/'

beforeEach(async () => {
  server = await startIssuer()
  now = 1_000_000
  const { issuer } = server
  const credentials = { clientId: 'client_1', clientSecret: 'secret' }
  signIn = createServerSignIn({ issuer, ...credentials, redirectUri, postLogoutRedirectUri, now: () => now })
})
afterEach(() => server.close())

async function signedIn() {
  const { url, pending } = await signIn.begin()
  const asked = new URL(url).searchParams
  const answer = { code: server.giveCode(), state: asked.get('state') ?? '', iss: server.issuer }
  return signIn.finish(`/callback?${new URLSearchParams(answer)}`, pending)
}

it('an answer becomes tokens, which are renewed when they are due and ended at the server', async () => {
  const set = await signedIn()
  expect(set).toMatchObject({ accessToken: 'access-2', refreshToken: 'refresh-2', scope: 'orders:read' })
  expect(await signIn.renew(set)).toBe(set)
  now += lifeSeconds * 0.8
  const next = await signIn.renew(set)
  expect(next).toMatchObject({ accessToken: 'access-3', refreshToken: 'refresh-3' })
  await signIn.end(next)
  expect(server.revoked).toEqual(['refresh-3'])
  expect(new URL(signIn.signOutUrl(next)).searchParams.get('post_logout_redirect_uri')).toBe(postLogoutRedirectUri)
})

it('calls at once for the same tokens share one request, and calls for others do not', async () => {
  const set = await signedIn()
  now += lifeSeconds * 0.8
  const [one, same] = await Promise.all([signIn.renew(set), signIn.renew({ ...set })])
  expect([one.accessToken, same.accessToken, server.asked.length]).toEqual(['access-3', 'access-3', 2])
  const { refreshToken: _, ...theirs } = { ...set, accessToken: 'of another person' }
  const answers = await Promise.all([signIn.renew(one), signIn.renew(theirs)])
  expect(answers.map(({ accessToken }) => accessToken)).toEqual(['access-3', 'of another person'])
})

it('tokens of another issuer or client, and those that have ended, ask for another sign-in', async () => {
  const set = await signedIn()
  now += lifeSeconds
  for (const foreign of [{ issuer: 'https://auth.example' }, { clientId: 'client_2' }]) {
    await expect(signIn.renew({ ...set, ...foreign })).rejects.toMatchObject({ code: 'sign_in_required' })
    await signIn.end({ ...set, ...foreign })
  }
  expect(server.revoked).toEqual([])
  const { refreshToken: _, ...short } = set
  await expect(signIn.renew(short)).rejects.toMatchObject({ code: 'sign_in_required' })
  await signIn.renew(set)
  await expect(signIn.renew(set)).rejects.toMatchObject({ code: 'sign_in_required' })
})

it('the answer of another browser is refused, and asks the server nothing', async () => {
  const { pending } = await signIn.begin()
  const answer = { code: 'x', state: 'of another', iss: server.issuer }
  const foreign = { ...pending, issuer: 'https://auth.example' }
  const theirs = `?code=x&state=${pending.state}&iss=https://auth.example`
  await expect(signIn.finish(theirs, foreign)).rejects.toMatchObject({ code: 'unexpected_answer' })
  await expect(signIn.finish(`?${new URLSearchParams(answer)}`, pending)).rejects.toMatchObject({
    code: 'unexpected_answer',
  })
  expect(server.asked).toEqual([])
})
