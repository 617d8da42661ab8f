/** The token endpoint of somebody's issuer, as strict as one may be: a code and a refresh token are good once. For tests only. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeBase64url } from '@countersign/core'

export interface ScriptedIssuer {
  readonly issuer: string
  /** The forms that came to the token endpoint. */
  readonly asked: Readonly<Record<string, string>>[]
  /** The tokens that were revoked. */
  readonly revoked: string[]
  /** A code that the next redemption may use, with the claims of its ID token. */
  giveCode(claims?: object): string
  /** Members that replace those of the next answers. */
  answers: object
  /** Instead of an answer. */
  fails: number | undefined
  close(): void
}

export const lifeSeconds = 300
const encode = (value: object): string => encodeBase64url(new TextEncoder().encode(JSON.stringify(value)))
export const idToken = (claims: object): string => `${encode({ alg: 'RS256', kid: 'k' })}.${encode(claims)}.c2ln`

export async function startIssuer(): Promise<ScriptedIssuer> {
  const codes = new Map<string, object | undefined>()
  let refreshToken: string | undefined
  let count = 0

  function answerTo(form: Readonly<Record<string, string>>): object {
    const { grant_type, code = '', refresh_token } = form
    if (grant_type === 'authorization_code' && codes.has(code)) {
      const claims = codes.get(code)
      codes.delete(code)
      return give(claims)
    }
    if (grant_type === 'refresh_token' && refresh_token !== undefined && refresh_token === refreshToken) return give()
    // A token that is used twice ends the family: this server has no tolerance.
    refreshToken = undefined
    return { error: 'invalid_grant' }
  }

  function give(claims?: object): object {
    count += 1
    refreshToken = `refresh-${count}`
    return {
      access_token: `access-${count}`,
      token_type: 'Bearer',
      expires_in: lifeSeconds,
      scope: 'orders:read',
      refresh_token: refreshToken,
      ...(claims === undefined ? {} : { id_token: idToken(claims) }),
    }
  }

  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const form = Object.fromEntries(new URLSearchParams(body))
      if (request.url === '/oauth/revoke') {
        scripted.revoked.push(String(form.token))
        response.end()
        return
      }
      scripted.asked.push(form)
      const answer = scripted.fails === undefined ? { ...answerTo(form), ...scripted.answers } : {}
      const status = scripted.fails ?? ('error' in answer ? 400 : 200)
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer))
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const scripted: ScriptedIssuer = {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    revoked: [],
    answers: {},
    fails: undefined,
    giveCode(claims) {
      const code = `code-${++count}`
      codes.set(code, claims)
      return code
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
  return scripted
}
