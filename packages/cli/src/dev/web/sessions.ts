/** Who is signed in at the demo application, by a cookie of its own: in memory, and gone with the process. */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Pending, TokenSet } from '@countersign/client'

export interface WebSession {
  /** A sign-in under way. */
  pending?: Pending | undefined
  tokens?: TokenSet | undefined
  /** The person, as userinfo named them when they signed in. */
  name?: string
  /** A line that the next page shows. */
  notice?: string | undefined
}

/** Beyond this number, the oldest are forgotten. */
const sessionsMax = 1_000

export interface WebSessions {
  find(request: IncomingMessage): WebSession | undefined
  /** Begins another, under a new name, and ends the one that the browser had. Gives the `Set-Cookie` field. */
  begin(request: IncomingMessage, session: WebSession): string
}

/** Cookies are of a host, whatever the port: `port` keeps those of two applications on one machine apart. */
export function createWebSessions(port: string): WebSessions {
  const cookieName = `ledgerly_${port}`
  const pattern = new RegExp(`(?:^|; )${cookieName}=([\\w-]{43})(?:;|$)`)
  const idOf = ({ headers }: IncomingMessage): string => pattern.exec(headers.cookie ?? '')?.[1] ?? ''
  const sessions = new Map<string, WebSession>()
  return {
    find: (request) => sessions.get(idOf(request)),
    begin(request, session) {
      sessions.delete(idOf(request))
      const id = randomBytes(32).toString('base64url')
      sessions.set(id, session)
      if (sessions.size > sessionsMax) sessions.delete([...sessions.keys()][0] ?? '')
      return `${cookieName}=${id}; Path=/; HttpOnly; SameSite=Lax`
    },
  }
}
