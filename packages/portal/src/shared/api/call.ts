/** Calls of the management API by the session's cookie. The types are the contract's; no schema comes along. */
import type { Answer, Input } from '@countersign/client'
import type { Routes } from '@countersign/contract'
import { pageData } from '../page_data.ts'
import { text } from '../text.ts'
import { ApiProblem } from './problem.ts'
import { sessionState } from './session_state.ts'

const places = {
  addTeamMember: ['POST', '/v1/teams/{id}/members'],
  callApi: ['POST', '/v1/apis/{id}/calls'],
  createAccessRequest: ['POST', '/v1/access-requests'],
  createClient: ['POST', '/v1/clients'],
  createClientSecret: ['POST', '/v1/clients/{clientId}/secrets'],
  createKey: ['POST', '/v1/keys'],
  createToken: ['POST', '/v1/tokens'],
  deleteClient: ['DELETE', '/v1/clients/{clientId}'],
  deleteInvitation: ['DELETE', '/v1/teams/{id}/invitations/{invitationId}'],
  disableKey: ['POST', '/v1/keys/{id}/disable'],
  enableKey: ['POST', '/v1/keys/{id}/enable'],
  getClient: ['GET', '/v1/clients/{clientId}'],
  getKey: ['GET', '/v1/keys/{id}'],
  getMe: ['GET', '/v1/me'],
  getOpenapi: ['GET', '/v1/apis/{id}/openapi'],
  getRevocation: ['GET', '/v1/revocations/{feedSequence}'],
  getTeam: ['GET', '/v1/teams/{id}'],
  getUsage: ['GET', '/v1/usage'],
  listAccessRequests: ['GET', '/v1/access-requests'],
  inspect: ['POST', '/v1/inspections'],
  listApis: ['GET', '/v1/apis'],
  listAudit: ['GET', '/v1/audit'],
  listClients: ['GET', '/v1/clients'],
  listConsents: ['GET', '/v1/consents'],
  listInvitations: ['GET', '/v1/teams/{id}/invitations'],
  listKeys: ['GET', '/v1/keys'],
  listOperations: ['GET', '/v1/apis/{id}/operations'],
  listTokens: ['GET', '/v1/tokens'],
  listTeams: ['GET', '/v1/teams'],
  listTeamMembers: ['GET', '/v1/teams/{id}/members'],
  removeTeamMember: ['DELETE', '/v1/teams/{id}/members/{accountId}'],
  revokeClientSecret: ['POST', '/v1/clients/{clientId}/secrets/{id}/revoke'],
  revokeConsent: ['POST', '/v1/consents/{id}/revoke'],
  listRefusals: ['GET', '/v1/refusals'],
  revokeKey: ['POST', '/v1/keys/{id}/revoke'],
  revokeToken: ['POST', '/v1/tokens/{jti}/revoke'],
  rollKey: ['POST', '/v1/keys/{id}/roll'],
  updateKey: ['PATCH', '/v1/keys/{id}'],
  updateClient: ['PATCH', '/v1/clients/{clientId}'],
  updateTeamMember: ['PATCH', '/v1/teams/{id}/members/{accountId}'],
  withdrawAccessRequest: ['POST', '/v1/access-requests/{id}/withdraw'],
} as const satisfies { readonly [O in keyof Routes]?: readonly [Routes[O]['method'], Routes[O]['path']] }

/** The operations that the portal calls. */
export type Called = keyof typeof places

interface AnyInput {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
  readonly idempotencyKey?: string
}

const timeoutMs = 30_000
/** The server gives an API 60 s. */
const apiTimeoutMs = 70_000

/** Rejects with `ApiProblem`. Once the session has ended nothing is sent but the question who is signed in. */
export async function call<O extends Called>(operation: O, input: Input<O>, signal?: AbortSignal): Promise<Answer<O>> {
  const response = await openCall(operation, input, signal)
  const said = await response.json().catch(() => undefined)
  if (said !== undefined) return said as Answer<O>
  throw new ApiProblem(response.status, { detail: text.problem.unreadable }, requestIdOf(response))
}

/** The same, with the answer unread. */
export async function openCall<O extends Called>(
  operation: O,
  input: Input<O>,
  signal?: AbortSignal,
): Promise<Response> {
  const state = sessionState.now()
  if (state !== 'live' && operation !== 'getMe') throw new ApiProblem(401, { code: state, detail: text.session[state] })
  const [method, path] = places[operation]
  const { params = {}, query = {}, body, idempotencyKey } = input as AnyInput
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
  const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`
  const timeout = AbortSignal.timeout(operation === 'callApi' ? apiTimeoutMs : timeoutMs)
  const lost = (error: unknown): never => {
    if (signal?.aborted) throw error
    throw new ApiProblem(0, {
      code: 'no_answer',
      detail: method === 'GET' ? text.problem.notRead : text.problem.noAnswer,
    })
  }
  const response = await fetch(`${pageData.base}${filled}${search}`, {
    method,
    ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
    headers: {
      // Another tab may have signed somebody else in: then it is refused, and neither shown here nor done in their name.
      'Countersign-Account': pageData.account,
      ...(method === 'GET' ? {} : { 'Content-Type': 'application/json' }),
      ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
    },
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  }).catch(lost)
  if (response.ok) {
    sessionState.set('live')
    return response
  }
  const said = await response.json().catch(() => undefined)
  const problem = new ApiProblem(response.status, said ?? { detail: text.problem.unreadable }, requestIdOf(response))
  if (problem.status === 401) sessionState.set('ended')
  if (problem.code === 'account_mismatch') sessionState.set('other')
  throw problem
}

function requestIdOf({ headers }: Response): string | undefined {
  return headers.get('X-Request-Id') ?? undefined
}
