/**
 * `ANY /v1/forward-auth`: a proxy asks whether a request may pass (docs/protocol/gateway.md §8). Only a proxy that
 * names itself, or one whose address is trusted, is answered; one family of headers is read, the one that `proxy`
 * names.
 */

import {
  type ApiState,
  type CredentialHeaders,
  credentialPlaces,
  type Grant,
  identityHeader,
  isTrustedAddress,
  metadataHeaderName,
  metadataOmittedName,
  parseAddress,
  rateLimitHeaders,
  readScope,
  rejectionAnswer,
  type Scope,
  scopeHeader,
  unavailableAnswer,
} from '@countersign/core'
import { type Operation, routeOf } from '@countersign/openapi'
import {
  credentialHeadersOf,
  mayFail,
  originOf,
  questionOf,
  readAgain,
  tooManyFailures,
} from '@countersign/verifier/engine'
import type { CallerServices } from '../caller/caller.ts'
import { isGuarded } from '../caller/client_facts.ts'
import type { Services, TenantContext } from '../context.ts'
import type { Answer } from '../http/answer.ts'
import { headerValues } from '../http/header.ts'
import { answerError, ProblemError, problem } from '../http/problem.ts'
import type { HttpRequest } from '../http/request.ts'
import { type ProxyName, proxies, readForwarded, splitQuery } from './forwarded.ts'
import { type GatewayAssertion, signAssertion } from './gateway_assertion.ts'

export type ForwardAuthServices = CallerServices &
  Pick<Services, 'books' | 'log' | 'metrics' | 'now' | 'requirements' | 'signingKeys'>

export async function forwardAuth(
  services: ForwardAuthServices,
  tenant: TenantContext,
  request: HttpRequest,
): Promise<Answer> {
  const { parameters } = splitQuery(request.query)
  const proxy = proxies.find((name) => name === parameters.get('proxy'))
  const settled = await answer(services, tenant, request, parameters, proxy).catch((error: unknown) =>
    answerError(request, error, (cause) =>
      services.log.error({ requestId: request.requestId, error: cause }, 'forward-auth failed'),
    ),
  )
  return proxy === 'nginx' ? withProblemHeader(settled) : settled
}

async function answer(
  services: ForwardAuthServices,
  tenant: TenantContext,
  request: HttpRequest,
  query: URLSearchParams,
  proxy: ProxyName | undefined,
): Promise<Answer> {
  for (const name of ['audience', 'scope', 'proxy']) {
    // A caller’s query parameter must not stand beside one that the operator wrote.
    if (query.getAll(name).length > 1) throw new ProblemError(400, 'invalid_request', `${name} must be given once.`)
  }
  const audience = query.get('audience') ?? ''
  const api = services.books.book(tenant.id)?.apiByAudience(audience)
  if (proxy === undefined) throw new ProblemError(400, 'invalid_request', `proxy must be one of ${proxies.join(', ')}.`)
  await requireProxy(services, tenant, request, audience)
  if (api === undefined) throw new ProblemError(400, 'invalid_request', 'audience must be that of an API here.')
  const forwarded = readForwarded(request, proxy, '/v1/forward-auth')
  const isPreflightHere = query.get('scope') === null && isPreflight(forwarded.method, request)
  if (isPreflightHere && (await services.requirements.isDescribed(tenant, api.apiId, forwarded.uri))) {
    return { status: 200, headers: anonymous }
  }
  const needed = await neededFor(services, tenant, api.apiId, query.get('scope'), forwarded)
  if (needed === 'public') return { status: 200, headers: anonymous }
  const question = questionOf(headersOf(request, api.state), {
    audience,
    requires: needed.requires,
    cost: needed.cost,
    ip: forwarded.ip,
    origin: originOf(request.rawHeaders),
    refusedAs: () => ({
      requestId: request.requestId,
      method: forwarded.method,
      route: needed.operation && routeOf(needed.operation),
      address: forwarded.ip,
    }),
    operation: needed.operation,
  })
  if ('rejection' in question) return problem(request, rejectionAnswer(question.rejection))
  const outcome = await tenant.engine.verify(question)
  services.metrics.verified(outcome.outcome === 'rejected' ? outcome.rejection.code : outcome.outcome)
  const { state: stateNow } = services.books.book(tenant.id)?.apiByAudience(audience) ?? api
  const isReadAlike = stateNow.credentialHeaders === api.state.credentialHeaders
  const rejection = isReadAlike ? undefined : readAgain(headersOf(request, stateNow), question)
  if (rejection !== undefined) return problem(request, rejectionAnswer(rejection))
  if (outcome.outcome === 'unavailable') return problem(request, unavailableAnswer(outcome.retryAfterSeconds))
  if (outcome.outcome === 'rejected') {
    const refused = rejectionAnswer(outcome.rejection)
    const isAnswered = refused.status !== 401 || mayFail(services.failures, `${tenant.id} ${audience}`, forwarded.ip)
    return problem(request, isAnswered ? refused : tooManyFailures)
  }
  const signed = await signAssertion(services, tenant, outcome.grant, api.apiId)
  const limit = rateLimitHeaders(outcome.rateLimits ?? [])
  return {
    status: 200,
    headers: { 'Cache-Control': 'no-store', ...identityHeaders(outcome.grant, signed), ...limit },
  }
}

/** The fields in which this API's callers present credentials. */
function headersOf({ rawHeaders }: HttpRequest, { credentialHeaders }: ApiState): CredentialHeaders {
  return credentialHeadersOf(rawHeaders, credentialPlaces(credentialHeaders))
}

interface Needed {
  readonly requires: readonly Scope[]
  readonly cost?: number | undefined
  readonly operation?: Operation | undefined
}

/**
 * The scope in the query, else what the API's imported document says of this request; what it costs, from there always.
 */
async function neededFor(
  services: Pick<Services, 'requirements'>,
  tenant: TenantContext,
  apiId: string,
  scope: string | null,
  forwarded: { readonly method: string; readonly uri: string },
): Promise<Needed | 'public'> {
  if (scope !== null) {
    const read = readScope(scope)
    if ('problem' in read) throw new ProblemError(400, 'invalid_request', read.problem)
    const described = await services.requirements.of(tenant, apiId, forwarded)
    const { cost, operation } = described.kind === 'requires' ? described : {}
    return { requires: [read.scope], cost, operation }
  }
  const requirement = await services.requirements.of(tenant, apiId, forwarded)
  switch (requirement.kind) {
    case 'requires':
      return requirement
    case 'public':
      return 'public'
    case 'ambiguous':
      throw new ProblemError(400, 'invalid_request', requirement.detail)
    case 'undescribed':
      // A proxy can carry 401 and 403 only: what is not described is forbidden.
      throw new ProblemError(403, 'forbidden', 'No operation of the API is described here.')
  }
}

/**
 * A CORS preflight carries no credential by its nature (Fetch, CORS protocol): on a described path the API answers it.
 */
function isPreflight(method: string, request: HttpRequest): boolean {
  const has = (name: string): boolean => headerValues(request, name).length > 0
  return method === 'OPTIONS' && has('origin') && has('access-control-request-method')
}

/**
 * nginx's auth_request throws the body of a refusal away: for nginx it stands in a header too, on one line of ASCII.
 */
function withProblemHeader(answer: Answer): Answer {
  if (answer.status < 400 || typeof answer.body !== 'string') return answer
  const line = answer.body.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return { ...answer, headers: { ...answer.headers, 'X-Countersign-Problem': line } }
}

/** A verifier's key in `X-Countersign-Verifier`, or an address that the operator trusts. */
async function requireProxy(
  services: Pick<Services, 'clientFacts' | 'trustedProxies'>,
  tenant: TenantContext,
  request: HttpRequest,
  audience: string,
): Promise<void> {
  const [credential, second] = headerValues(request, 'x-countersign-verifier')
  if (credential === undefined && isTrustedAddress(request.peer, services.trustedProxies)) return
  if (credential === undefined || second !== undefined) throw notAProxy()
  const outcome = await tenant.engine.verify({
    credential,
    audience: tenant.managementAudience,
    requires: [['credentials:verify']],
    address: request.peer === undefined ? undefined : parseAddress(request.peer),
    origin: undefined,
  })
  if (outcome.outcome !== 'verified') throw notAProxy()
  if (!isGuarded(await services.clientFacts.guards(tenant, outcome.grant.clientId), audience)) throw notAProxy()
}

/** 400, not 401: a 401 would reach the caller as if it had been about the caller's credential. */
function notAProxy(): ProblemError {
  return new ProblemError(
    400,
    'unknown_proxy',
    'Only a known proxy may ask here: send X-Countersign-Verifier, or list its address as trusted.',
  )
}

const anonymous = {
  'Cache-Control': 'no-store',
  'X-Countersign-Kind': 'anonymous',
  'X-Countersign-Client': '-',
  'X-Countersign-Subject': '-',
  'X-Countersign-External-Subject': '-',
  'X-Countersign-Scope': '-',
  'X-Countersign-Credential': '-',
  'X-Countersign-Assertion': '-',
  [metadataHeaderName]: '-',
  [metadataOmittedName]: '-',
}

/** Every one, never empty: a proxy that copies a missing header would let the caller's own through (Caddy). */
function identityHeaders(grant: Grant, { assertion, metadata }: GatewayAssertion): Record<string, string> {
  return {
    'X-Countersign-Kind': grant.kind,
    'X-Countersign-Client': identityHeader(grant.clientId),
    'X-Countersign-Subject': identityHeader(grant.subject),
    'X-Countersign-External-Subject': identityHeader(grant.externalSubject ?? ''),
    'X-Countersign-Scope': scopeHeader(grant.scope),
    'X-Countersign-Credential': identityHeader(grant.credentialId),
    'X-Countersign-Assertion': assertion,
    [metadataHeaderName]: metadata ?? '-',
    [metadataOmittedName]: metadata === undefined ? 'size' : '-',
  }
}
