/** Calls of the management API by the session's cookie. The types are the contract's; no schema comes along. */
import type { Answer, Input } from '@countersign/client'
import type { Routes } from '@countersign/contract'
import { pageData } from '../page_data.ts'
import { text } from '../text.ts'
import { ApiProblem } from './problem.ts'
import { sessionState } from './session_state.ts'

const places = {
  createClient: ['POST', '/v1/clients'],
  createKey: ['POST', '/v1/keys'],
  disableKey: ['POST', '/v1/keys/{id}/disable'],
  enableKey: ['POST', '/v1/keys/{id}/enable'],
  getKey: ['GET', '/v1/keys/{id}'],
  getMe: ['GET', '/v1/me'],
  getRevocation: ['GET', '/v1/revocations/{feedSequence}'],
  getTeam: ['GET', '/v1/teams/{id}'],
  getUsage: ['GET', '/v1/usage'],
  listApis: ['GET', '/v1/apis'],
  listAudit: ['GET', '/v1/audit'],
  listClients: ['GET', '/v1/clients'],
  listKeys: ['GET', '/v1/keys'],
  revokeKey: ['POST', '/v1/keys/{id}/revoke'],
  rollKey: ['POST', '/v1/keys/{id}/roll'],
} as const satisfies { readonly [O in keyof Routes]?: readonly [Routes[O]['method'], Routes[O]['path']] }

/** The operations that the portal calls. */
export type Called = keyof typeof places

interface AnyInput {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
  readonly idempotencyKey?: string
}

/** Rejects with `ApiProblem`. */
export async function call<O extends Called>(operation: O, input: Input<O>, signal?: AbortSignal): Promise<Answer<O>> {
  const [method, path] = places[operation]
  const { params = {}, query = {}, body, idempotencyKey } = input as AnyInput
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
  const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`
  const response = await fetch(`${pageData.base}${filled}${search}`, {
    method,
    ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
    headers: {
      ...(method === 'GET' ? {} : { 'Content-Type': 'application/json' }),
      ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
    },
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error
    throw new ApiProblem(0, { code: 'no_answer', detail: text.problem.noAnswer })
  })
  return read<Answer<O>>(response)
}

async function read<T>(response: Response): Promise<T> {
  const requestId = response.headers.get('X-Request-Id') ?? undefined
  const said = await response.json().catch(() => undefined)
  if (response.ok && said !== undefined) return said as T
  const problem = new ApiProblem(response.status, said ?? { detail: text.problem.unreadable }, requestId)
  if (problem.status === 401) sessionState.end()
  throw problem
}

/** Names one attempt to make something: a retry after a lost answer finds what was made. `crypto.randomUUID` wants https. */
export function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
