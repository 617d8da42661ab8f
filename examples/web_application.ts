/**
 * A web application on a server signs people in and calls an API for them. COUNTERSIGN_URL, CLIENT_ID and CLIENT_SECRET say at
 * whose server and as whom, API and AUDIENCE what is called. The client is of type `web`, with the redirect URI below.
 */
import { randomBytes } from 'node:crypto'
import { createServerSignIn, type Pending, type TokenSet } from '@countersign/client'
import express, { type Request, type Response } from 'express'

const { COUNTERSIGN_URL: issuer = '', CLIENT_ID: clientId = '', CLIENT_SECRET: clientSecret = '' } = process.env
const { AUDIENCE: audience = '', API = '', PORT = '3000' } = process.env
const redirectUri = `http://localhost:${PORT}/callback`
const scope = 'openid orders:read'
const signIn = createServerSignIn({ issuer, clientId, clientSecret, redirectUri, audience, scope })

/** Behind a cookie that script cannot read. A real application keeps these in its database. */
const sessions = new Map<string, { pending?: Pending; tokens?: TokenSet }>()
const idOf = (request: Request) => /(?:^|; )session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''

/** A new name for the session at each step, so that nobody can have set it before. */
function begin(request: Request, response: Response, session: { pending?: Pending; tokens?: TokenSet }): void {
  const id = randomBytes(32).toString('base64url')
  sessions.delete(idOf(request))
  sessions.set(id, session)
  response.cookie('session', id, { httpOnly: true, sameSite: 'lax' })
}

const app = express()
app.get('/', async (request, response) => {
  const session = sessions.get(idOf(request))
  if (session?.tokens === undefined) return response.send('<a href="/sign-in">Sign in</a>')
  session.tokens = await signIn.renew(session.tokens)
  const authorization = `Bearer ${session.tokens.accessToken}`
  const orders = await fetch(`${API}/orders`, { headers: { authorization } })
  return response.json({ person: session.tokens.claims?.sub, status: orders.status, orders: await orders.json() })
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
