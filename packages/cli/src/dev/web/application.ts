/** The demo application of `dev`: it signs a person in by the code flow, and calls the API for them. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { ApiError, type Pending, type ServerSignIn, type TokenSet } from '@countersign/client'
import { isLoopbackHost } from '../bind.ts'
import { type Called, pageOf, policyOf } from './page.ts'
import { createWebSessions, type WebSession } from './sessions.ts'

export interface WebApplication {
  readonly issuer: string
  /** Its own URL. */
  readonly url: string
  readonly apiUrl: string
  readonly signIn: ServerSignIn
}

/** The application, not yet listening. */
export function createWebApplication(application: WebApplication): Server {
  const routes = createRoutes(application)
  return createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*$/s, '')
    const route = routes.get(`${request.method} ${path}`)
    if (!isLoopbackHost(request.headers.host ?? '')) refuse(response, 421)
    else if (route === undefined) refuse(response, 404)
    else if (request.method === 'POST' && !isFromHere(request, application.url)) refuse(response, 403)
    else route(request, response).catch(() => refuse(response, 500))
    request.resume()
  })
}

type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void>

function createRoutes(application: WebApplication): ReadonlyMap<string, Route> {
  const { issuer, url, signIn } = application
  const sessions = createWebSessions(new URL(url).port)

  const showCall =
    (method: string): Route =>
    async (request, response) => {
      const session = sessions.find(request)
      show(response, issuer, session, session === undefined ? [] : await call(application, session, method))
    }

  return new Map<string, Route>([
    ['GET /', showCall('GET')],
    ['POST /order', showCall('POST')],
    [
      'POST /sign-in',
      async (request, response) => {
        const { url: location, pending } = await signIn.begin()
        seeOther(response, location, sessions.begin(request, { pending }))
      },
    ],
    [
      'GET /callback',
      async (request, response) => {
        const session = sessions.find(request)
        const pending = session?.pending
        // Once: an answer that comes again finds nothing under way.
        if (session !== undefined) session.pending = undefined
        const next = await finish(application, request.url ?? '', pending)
        seeOther(response, '/', sessions.begin(request, next))
      },
    ],
    [
      'POST /sign-out',
      async (request, response) => {
        const tokens = sessions.find(request)?.tokens
        // It is over here, whether or not the server can be told.
        const cookie = sessions.begin(request, { notice: 'You are signed out of Ledgerly.' })
        if (tokens !== undefined) await signIn.end(tokens).catch(() => {})
        seeOther(response, '/', cookie)
      },
    ],
  ])
}

async function finish(
  { issuer, signIn }: WebApplication,
  address: string,
  pending: Pending | undefined,
): Promise<WebSession> {
  if (pending === undefined) return { notice: 'No sign-in was begun in this browser.' }
  try {
    const tokens = await signIn.finish(address, pending)
    return { tokens, name: await nameOf(issuer, tokens) }
  } catch (error) {
    return { notice: noticeOf(error) }
  }
}

/** Calls the API for the person. Where their permission has ended, so has the sign-in; any other fault may pass. */
async function call(
  { apiUrl, signIn }: WebApplication,
  session: WebSession,
  method: string,
): Promise<readonly Called[]> {
  if (session.tokens === undefined) return []
  try {
    session.tokens = await signIn.renew(session.tokens)
    const body = method === 'POST' ? { body: JSON.stringify({ item: 'a lantern', quantity: 1 }) } : {}
    const authorization = `Bearer ${session.tokens.accessToken}`
    const answer = await fetch(`${apiUrl}/orders`, { method, headers: { authorization }, ...body })
    if (answer.status === 401) {
      session.tokens = undefined
      session.notice = 'What you allowed has ended: the API answered 401.'
    }
    return [{ request: `${method} ${apiUrl}/orders`, status: answer.status, body: indented(await answer.text()) }]
  } catch (error) {
    const isOver = error instanceof ApiError && error.code === 'sign_in_required'
    if (isOver) session.tokens = undefined
    session.notice = isOver ? 'Your sign-in has ended.' : 'The API could not be called. Load this page again.'
    return []
  }
}

function show(
  response: ServerResponse,
  issuer: string,
  session: WebSession | undefined,
  calls: readonly Called[],
): void {
  const { tokens, notice, name = '' } = session ?? {}
  if (session !== undefined) session.notice = undefined
  const person = tokens && { name, scope: tokens.scope ?? '', calls }
  const headers = {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': policyOf(issuer),
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
  }
  response.writeHead(200, headers).end(pageOf({ issuer, notice, ...(person === undefined ? {} : { person }) }))
}

/** A page of elsewhere, another port of this machine even, changes nothing here. */
function isFromHere({ headers: { 'sec-fetch-site': site, origin } }: IncomingMessage, url: string): boolean {
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  return origin === undefined || origin === url
}

/** OpenID Connect Core §5.3. The account's id where there is no name, or no answer. */
async function nameOf(issuer: string, { accessToken, claims }: TokenSet): Promise<string> {
  const headers = { authorization: `Bearer ${accessToken}` }
  const answer = await fetch(`${issuer}/oauth/userinfo`, { headers }).catch(() => undefined)
  const { name, email } =
    answer?.ok === true ? ((await answer.json()) as { readonly name?: string; readonly email?: string }) : {}
  return [name ?? claims?.sub, email].filter(Boolean).join(', ')
}

function noticeOf(error: unknown): string {
  if (!(error instanceof ApiError)) return 'The sign-in could not be finished.'
  if (error.code === 'access_denied') return 'You said no, so there is nothing to show.'
  return `The sign-in could not be finished: ${error.detail}.`
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

function seeOther(response: ServerResponse, location: string, cookie: string): void {
  response.writeHead(303, { Location: location, 'Set-Cookie': cookie, 'Cache-Control': 'no-store' }).end()
}

function refuse(response: ServerResponse, status: number): void {
  if (response.headersSent) response.destroy()
  else response.writeHead(status, { 'Content-Type': 'text/plain' }).end(`${status}\n`)
}
