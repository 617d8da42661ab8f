/** Records by id, or 404: unknown, foreign and deleted look the same. */
import type { Api, Client, Key, Token } from '@countersign/store'
import { ProblemError } from '../http/problem.ts'
import type { ReadContext, WriteContext } from './context.ts'

function reads(context: ReadContext | WriteContext) {
  return 'transaction' in context ? context.transaction : context.services.store.read
}

export function notFound(what: string): ProblemError {
  return new ProblemError(404, 'not_found', `There is no such ${what}.`)
}

export async function findClient(context: ReadContext | WriteContext, id: string): Promise<Client> {
  const client = await reads(context).clients.find(context.tenant.id, id)
  if (client === undefined) throw notFound('client')
  return client
}

export async function findKey(context: ReadContext | WriteContext, id: string): Promise<Key> {
  const key = await reads(context).keys.find(context.tenant.id, id)
  if (key === undefined) throw notFound('key')
  return key
}

export async function findToken(context: ReadContext | WriteContext, jti: string): Promise<Token> {
  const token = await reads(context).tokens.find(context.tenant.id, jti)
  if (token === undefined) throw notFound('token')
  return token
}

export async function findApi(context: ReadContext | WriteContext, id: string): Promise<Api> {
  const api = await reads(context).apis.find(context.tenant.id, id)
  if (api === undefined || api.status === 'revoked') throw notFound('API')
  return api
}

/** An audience named in a body. Unknown is 400 with a pointer to it. */
export async function findApiByAudience(
  context: ReadContext | WriteContext,
  audience: string,
  pointer: string,
): Promise<Api> {
  const api = await reads(context).apis.findByAudience(context.tenant.id, audience)
  if (api === undefined || api.status === 'revoked') throw invalid(pointer, 'is the audience of no API here')
  return api
}

/** The audience of an API that a credential refers to; it may be gone. */
export async function audienceOf(context: ReadContext | WriteContext, apiId: string): Promise<string> {
  const state = context.services.books.book(context.tenant.id)?.state('api', apiId)
  if (state !== undefined) return state.audience
  return (await reads(context).apis.find(context.tenant.id, apiId))?.audience ?? `urn:countersign:deleted:${apiId}`
}

export function invalid(pointer: string, detail: string): ProblemError {
  return new ProblemError(400, 'invalid_request', `The body does not hold: ${pointer} ${detail}.`, {
    errors: [{ pointer, detail }],
  })
}
