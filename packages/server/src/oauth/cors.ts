/**
 * Applications that run in a page: the CORS protocol of Fetch, for the origins of the tenant's own `spa` clients. A
 * preflight names no client, so the origin alone is asked for. Cookies never go along.
 */
import type { Services, TenantContext } from '../context.ts'
import type { Answer } from '../http/answer.ts'
import { headerValues } from '../http/header.ts'
import { anyOrigin } from '../http/kept_document.ts'
import type { HttpRequest } from '../http/request.ts'
import { serverLimits } from '../limits.ts'
import { answerOauth } from './oauth_endpoint.ts'

/** An endpoint that pages call. */
export type Endpoint = (tenant: TenantContext, request: HttpRequest) => Promise<Answer> | Answer

/** As a browser writes one, without a path. Nothing else is looked up. */
const originForm = /^https?:\/\/[a-z0-9.-]{1,253}(?::\d{1,5})?$|^https?:\/\/\[[0-9a-f:.]{2,45}\](?::\d{1,5})?$/

/**
 * Lets pages of the tenant's clients read the answers of an endpoint. The origin is looked up before the endpoint works:
 * where that cannot be done, no code and no refresh token has been used up.
 */
export function readableByPages(
  services: Pick<Services, 'store' | 'log'>,
  methods: readonly string[],
  endpoint: Endpoint,
): Endpoint {
  return (tenant, request) =>
    answerOauth(services.log, request.requestId, async () => {
      const origin = await ownOrigin(services, tenant, request)
      if (origin === undefined) return withFields(await endpoint(tenant, request), vary)
      if (isPreflight(request)) return { status: 204, headers: { ...preflightFields(methods), ...sharedWith(origin) } }
      return withFields(await endpoint(tenant, request), { ...sharedWith(origin), ...exposed })
    })
}

/** The answer to a page that wants to send a field of its own, such as `If-None-Match`, for a document of any origin. */
export function preflightOfAnyOrigin(): Answer {
  const methods = ['GET', 'HEAD']
  const headers = { Allow: methods.join(', '), ...preflightFields(methods), ...anyOrigin }
  return { status: 204, headers: { ...headers, 'Access-Control-Allow-Headers': '*' } }
}

async function ownOrigin(
  { store }: Pick<Services, 'store'>,
  { id }: TenantContext,
  request: HttpRequest,
): Promise<string | undefined> {
  const [origin, ...others] = headerValues(request, 'origin')
  if (origin === undefined || others.length > 0 || !originForm.test(origin)) return undefined
  return (await store.lookup.isClientOrigin(id, origin)) ? origin : undefined
}

/** Fetch, "CORS-preflight request". */
function isPreflight(request: HttpRequest): boolean {
  return request.method === 'OPTIONS' && headerValues(request, 'access-control-request-method').length === 1
}

/** An answer without an origin depends on its absence as well. */
const vary = { Vary: 'Origin' }

const exposed = { 'Access-Control-Expose-Headers': 'Retry-After, WWW-Authenticate, X-Request-Id' }

function sharedWith(origin: string): Readonly<Record<string, string>> {
  return { 'Access-Control-Allow-Origin': origin, ...vary }
}

function preflightFields(methods: readonly string[]): Readonly<Record<string, string>> {
  return {
    'Access-Control-Allow-Methods': methods.join(', '),
    'Access-Control-Allow-Headers': 'Authorization, Content-Type',
    'Access-Control-Max-Age': String(serverLimits.preflightMaxAgeSeconds),
  }
}

function withFields(answer: Answer, fields: Readonly<Record<string, string>>): Answer {
  return { ...answer, headers: { ...answer.headers, ...fields } }
}
