import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { listenServer, readBody, send } from '../../bare_answers.ts'
import { formTarget } from '../target.ts'
import { type IssuingTargets, requireOpaque } from './issuing.ts'

interface Behaviour {
  readonly issue: () => string | undefined
  readonly introspect: (token: string, isIssued: boolean) => object
}

const honest: Behaviour = {
  issue: () => randomBytes(24).toString('base64url'),
  introspect: (_, active) => (active ? { active, scope: 'orders:read', exp: 2_000_000_000 } : { active }),
}

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

it('a system that issues opaque tokens and alone knows them is measured', async () => {
  await requireOpaque(await serve(honest))
})

it.each<readonly [problem: string, change: Partial<Behaviour>]>([
  ['answered 200 without a token', { issue: () => undefined }],
  ['issued a JWT instead', { issue: () => `eyJhbGciOiJFUzI1NiJ9.e30.${randomBytes(8).toString('base64url')}` }],
  ['issued the same token twice', { issue: () => 'a-token-that-is-always-the-same' }],
  ['does not know the token', { introspect: () => ({ active: false }) }],
  ['for another scope', { introspect: (_, active) => ({ active, scope: 'orders:write', exp: 2_000_000_000 }) }],
  ['without an end', { introspect: (_, active) => ({ active, scope: 'orders:read' }) }],
  ['that nobody issued', { introspect: () => ({ active: true, scope: 'orders:read', exp: 2_000_000_000 }) }],
])('a system that %s is not measured', async (problem, change) => {
  await expect(requireOpaque(await serve({ ...honest, ...change }))).rejects.toThrow(problem)
})

async function serve({ issue, introspect }: Behaviour): Promise<IssuingTargets> {
  const issued = new Set<string>()
  const server = createServer((request, response) =>
    readBody(request, (body) => {
      const asked = new URLSearchParams(body).get('token')
      if (asked !== null) return send(response, JSON.stringify(introspect(asked, issued.has(asked))))
      const token = issue()
      if (token !== undefined) issued.add(token)
      send(response, JSON.stringify({ access_token: token }))
    }),
  )
  servers.push(server)
  const url = await listenServer(server)
  const opaque = formTarget(`${url}/token`, { grant_type: 'client_credentials' }, '"access_token":"')
  const introspection = formTarget(`${url}/introspect`, { token: 'none' }, '"active":true')
  return { jwt: opaque, opaque, introspect: introspection, issuer: url, jwksUrl: `${url}/jwks` }
}
