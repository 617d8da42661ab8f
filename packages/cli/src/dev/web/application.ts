/** The demo application of `dev`: it signs a person in by the code flow, and calls the API for them. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { ApiError, type ServerSignIn, type TokenSet } from '@countersign/client'
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
export function createWebApplication({ issuer, url, apiUrl, signIn }: WebApplication): Server {
  const sessions = createWebSessions()
  const headers = {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': policyOf(issuer),
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
  }

  const show = (response: ServerResponse, session: WebSession | undefined, calls: readonly Called[]): void => {
    const { tokens, notice } = session ?? {}
    if (session !== undefined) session.notice = undefined
    const person = tokens && { name: nameOf(tokens), scope: tokens.scope ?? '', calls }
    response.writeHead(200, headers).end(pageOf({ issuer, notice, ...(person === undefined ? {} : { person }) }))
  }

  /** Calls the API for the person. Where their permission has ended, so has the sign-in. */
  async function call(session: WebSession, method: string): Promise<readonly Called[]> {
    if (session.tokens === undefined) return []
    try {
      session.tokens = await signIn.renew(session.tokens)
      const body = method === 'POST' ? { body: JSON.stringify({ item: 'a lantern', quantity: 1 }) } : {}
      const authorization = `Bearer ${session.tokens.accessToken}`
      const answer = await fetch(`${apiUrl}/orders`, { method, headers: { authorization }, ...body })
      const called = {
        request: `${method} ${apiUrl}/orders`,
        status: answer.status,
        body: indented(await answer.text()),
      }
      if (answer.status === 401) session.tokens = undefined
      if (answer.status === 401) session.notice = 'What you allowed has ended: the API answered 401.'
      return [called]
    } catch (error) {
      session.tokens = undefined
      session.notice = noticeOf(error)
      return []
    }
  }

  const routes: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => Promise<void>>> = {
    async 'GET /'(request, response) {
      const session = sessions.find(request)
      show(response, session, session === undefined ? [] : await call(session, 'GET'))
    },
    async 'POST /sign-in'(request, response) {
      const { url: location, pending } = await signIn.begin()
      seeOther(response, location, sessions.begin(request, { pending }))
    },
    async 'GET /callback'(request, response) {
      const session = sessions.find(request)
      const pending = session?.pending
      // Once: an answer that comes again finds nothing under way.
      if (session !== undefined) session.pending = undefined
      const next: WebSession = pending === undefined ? { notice: 'No sign-in was begun in this browser.' } : {}
      if (pending !== undefined) {
        try {
          next.tokens = await signIn.finish(request.url ?? '', pending)
        } catch (error) {
          next.notice = noticeOf(error)
        }
      }
      seeOther(response, '/', sessions.begin(request, next))
    },
    async 'POST /order'(request, response) {
      const session = sessions.find(request)
      show(response, session, session === undefined ? [] : await call(session, 'POST'))
    },
    async 'POST /sign-out'(request, response) {
      const tokens = sessions.find(request)?.tokens
      // It is over here, whether or not the server can be told.
      const cookie = sessions.begin(request, { notice: 'You are signed out of Ledgerly.' })
      if (tokens !== undefined) await signIn.end(tokens).catch(() => {})
      seeOther(response, '/', cookie)
    },
  }

  return createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*$/s, '')
    const route = routes[`${request.method} ${path}`]
    if (!isLoopbackHost(request.headers.host ?? '')) refuse(response, 421)
    else if (route === undefined) refuse(response, 404)
    else if (request.method === 'POST' && !isFromHere(request, url)) refuse(response, 403)
    else route(request, response).catch(() => refuse(response, 500))
    request.resume()
  })
}

/** A page of elsewhere, another port of this machine even, changes nothing here. */
function isFromHere({ headers: { 'sec-fetch-site': site, origin } }: IncomingMessage, url: string): boolean {
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  return origin === undefined || origin === url
}

function nameOf({ claims, scope: _ }: TokenSet): string {
  return claims?.sub ?? 'yours'
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
