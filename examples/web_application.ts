/**
 * A web application on a server signs people in and calls an API for them. COUNTERSIGN_URL, CLIENT_ID and CLIENT_SECRET say at
 * whose server and as whom, API and AUDIENCE what is called. The client is of type `web`, with the redirect URI below.
 */
import { randomBytes } from 'node:crypto'
import { ApiError, createServerSignIn, type Pending, type TokenSet } from '@countersign/client'
import express, { type Request, type Response } from 'express'

const { COUNTERSIGN_URL: issuer = '', CLIENT_ID: clientId = '', CLIENT_SECRET: clientSecret = '' } = process.env
const { AUDIENCE: audience = '', API = '', PORT = '3000' } = process.env
const redirectUri = `http://localhost:${PORT}/callback`
const scope = 'openid orders:read'
const signIn = createServerSignIn({ issuer, clientId, clientSecret, redirectUri, audience, scope })

interface Session {
  pending?: Pending
  tokens?: TokenSet | undefined
}

/** Behind a cookie that script cannot read. A real application keeps these in its database. */
const sessions = new Map<string, Session>()
const idOf = (request: Request) => /(?:^|; )session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''

/** A new name for the session at each step, so that nobody can have set it before. */
function begin(request: Request, response: Response, session: Session): void {
  const id = randomBytes(32).toString('base64url')
  sessions.delete(idOf(request))
  sessions.set(id, session)
  response.cookie('session', id, { httpOnly: true, sameSite: 'lax' })
}

/** Gives tokens that have not ended, or nothing where the person must sign in again. */
async function tokensOf(session: Session | undefined): Promise<TokenSet | undefined> {
  if (session?.tokens === undefined) return undefined
  try {
    session.tokens = await signIn.renew(session.tokens)
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'sign_in_required')) throw error
    session.tokens = undefined
  }
  return session.tokens
}

const app = express()
app.get('/', async (request, response) => {
  const tokens = await tokensOf(sessions.get(idOf(request)))
  if (tokens === undefined) return response.send('<a href="/sign-in">Sign in</a>')
  const authorization = `Bearer ${tokens.accessToken}`
  const orders = await fetch(`${API}/orders`, { headers: { authorization } })
  return response.json({ person: tokens.claims?.sub, status: orders.status, orders: await orders.json() })
})
app.get('/sign-in', async (request, response) => {
  const { url, pending } = await signIn.begin()
  begin(request, response, { pending })
  response.redirect(303, url)
})
app.get('/callback', async (request, response) => {
  const { pending } = sessions.get(idOf(request)) ?? {}
  if (pending === undefined) return response.status(400).send('No sign-in was begun in this browser.')
  sessions.delete(idOf(request))
  begin(request, response, { tokens: await signIn.finish(request.url, pending) })
  return response.redirect(303, '/')
})

const server = app.listen(Number(PORT), '127.0.0.1', () => console.log(JSON.stringify(server.address())))
