/** `POST /v1/verify`: a hot route, so its body is checked by hand rather than by schema; the contract describes it. */

import {
  type AskedOperation,
  andThen,
  type Check,
  explainCode,
  explainJudged,
  explainOperation,
  formatScope,
  isScopeToken,
  limits,
  type MaybePromise,
  parseAddress,
  type RateLimitOutcome,
  readScope,
  type Scope,
  unavailableAnswer,
  undescribedOperation,
  unionScope,
} from '@countersign/core'
import { routeOf } from '@countersign/openapi'
import { isCost, type Outcome, type Question } from '@countersign/verifier/engine'
import { authenticateCaller, type Caller } from '../caller/caller.ts'
import { isGuarded } from '../caller/client_facts.ts'
import type { GuardedServices } from '../caller/guarded.ts'
import type { Services, TenantContext } from '../context.ts'
import { type Answer, json } from '../http/answer.ts'
import { readJson } from '../http/body.ts'
import { grantView } from '../http/grant_view.ts'
import { requireNoQuery } from '../http/input.ts'
import { answerError, type FieldError, ProblemError, problem } from '../http/problem.ts'
import type { HttpRequest } from '../http/request.ts'

export function verify(
  services: GuardedServices & Pick<Services, 'books' | 'metrics' | 'requirements'>,
  tenant: TenantContext,
  request: HttpRequest,
): MaybePromise<Answer> {
  return andThen(authenticateCaller(services, tenant, request, 'credentials:verify'), (settled) => {
    if ('refusal' in settled) return problem(request, settled.refusal)
    // The body is the one thing that is waited for, as long as everything else is known.
    return readJson(request)
      .then((body) => {
        if (request.query !== '') requireNoQuery(request.query)
        if (body.explain === true) return explain(services, tenant, request, settled.caller, body)
        const question = readQuestion(body, request)
        const outcome = judge(services, tenant, settled.caller, question, operationOf(body))
        return andThen(outcome, (known) => answerOutcome(services, request, known))
      })
      .catch((error: unknown) =>
        answerError(request, error, (cause) =>
          services.log.error({ requestId: request.requestId, error: cause }, 'verify failed'),
        ),
      )
  })
}

/** The same, with its checks for whoever may see the credential: those who guard the audience that it is for. */
async function explain(
  services: Pick<Services, 'books' | 'metrics' | 'requirements'>,
  tenant: TenantContext,
  request: HttpRequest,
  caller: Caller,
  body: Record<string, unknown>,
): Promise<Answer> {
  let judged: { readonly checks: readonly Check[]; readonly audience: string } | undefined
  const question: Question = {
    ...readQuestion(body, request),
    onJudged(by, expected) {
      judged = { checks: explainJudged(by, expected), audience: by.effective.grant.audience }
    },
  }
  const operation = operationOf(body)
  let isDescribed: boolean | undefined
  const outcome = await judge(services, tenant, caller, question, operation, (known) => {
    isDescribed = known
  })
  const guards = await caller.guards()
  if (!isGuarded(guards, judged?.audience ?? question.audience)) return answerOutcome(services, request, outcome)
  const checks = judged?.checks ?? explainOutcome(outcome)
  return answerOutcome(services, request, outcome, explainOperation(checks, operation, isDescribed))
}

/** Only a refusal of what is no credential here was made without judging one. */
function explainOutcome(outcome: Outcome): readonly Check[] {
  return outcome.outcome === 'rejected' ? explainCode(outcome.rejection.code, { isEstablished: false }) : []
}

/** For an audience that the caller does not guard, every credential is unknown (docs/protocol/management.md §1). */
function judge(
  services: Pick<Services, 'books' | 'requirements'>,
  tenant: TenantContext,
  caller: Caller,
  question: Question,
  operation: AskedOperation | undefined,
  tellDescribed?: (isDescribed: boolean | undefined) => void,
): MaybePromise<Outcome> {
  return andThen(caller.guards(), (guards) => {
    if (!isGuarded(guards, question.audience)) return unknownHere
    if (operation === undefined) return tenant.engine.verify(question)
    return judgeOperation(services, tenant, question, operation, tellDescribed)
  })
}

function operationOf({ method, path }: Record<string, unknown>): AskedOperation | undefined {
  return typeof method === 'string' && typeof path === 'string' ? { method, uri: path } : undefined
}

/**
 * The question’s needs and those that the imported document gives the operation. An operation it does not describe is
 * refused.
 */
async function judgeOperation(
  services: Pick<Services, 'books' | 'requirements'>,
  tenant: TenantContext,
  question: Question,
  operation: AskedOperation,
  tellDescribed?: (isDescribed: boolean | undefined) => void,
): Promise<Outcome> {
  const api = services.books.book(tenant.id)?.apiByAudience(question.audience)
  if (api === undefined) return tenant.engine.verify(question)
  const requirement = await services.requirements.of(tenant, api.apiId, operation)
  tellDescribed?.(requirement.isDescribed)
  switch (requirement.kind) {
    case 'public':
      return tenant.engine.verify(question)
    case 'requires': {
      const { requires, cost, operation: described } = requirement
      const { method } = operation
      const { refusedAs: named } = question
      const route = described && routeOf(described)
      const refusedAs = named && (() => ({ ...named(), method, route }))
      const both = requires.flatMap((needed) => question.requires.map((asked) => unionScope(needed, asked)))
      const asked = { ...(cost === undefined ? {} : { cost }), ...question, requires: both, refusedAs }
      return tenant.engine.verify({ ...asked, operation: described })
    }
    case 'ambiguous':
      throw new ProblemError(400, 'invalid_request', requirement.detail, {
        errors: [{ pointer: '/path', detail: requirement.detail }],
      })
    case 'undescribed':
      return undescribedOutcome
  }
}

const undescribedOutcome: Outcome = { outcome: 'rejected', rejection: undescribedOperation }

const unknownHere: Outcome = { outcome: 'rejected', rejection: { code: 'unknown', detail: 'no such credential here' } }

function answerOutcome(
  services: Pick<Services, 'metrics'>,
  request: HttpRequest,
  outcome: Outcome,
  checks?: readonly Check[],
): Answer {
  const explained = checks === undefined ? {} : { checks }
  switch (outcome.outcome) {
    case 'verified': {
      const { grant } = outcome
      services.metrics.verified('verified')
      return json(200, { active: true, grant: grantView(grant), ...rateLimitView(outcome), ...explained })
    }
    case 'rejected': {
      const { rejection } = outcome
      services.metrics.verified(rejection.code)
      return json(200, {
        active: false,
        code: rejection.code,
        detail: rejection.detail,
        ...(rejection.code === 'insufficient_scope' ? scopeView(rejection) : {}),
        ...(rejection.code === 'rate_limited' ? rateLimitView(rejection) : {}),
        ...explained,
      })
    }
    case 'unavailable':
      services.metrics.verified('unavailable')
      return problem(request, unavailableAnswer(outcome.retryAfterSeconds))
  }
}

function scopeView({ missingScope, requires }: { readonly missingScope: Scope; readonly requires: readonly Scope[] }) {
  return { missingScope: formatScope(missingScope), requires }
}

/** The tightest, and all of them; nothing where nothing limits. */
function rateLimitView({ rateLimit, rateLimits = [] }: Taken): object {
  return rateLimit === undefined ? {} : { rateLimit: policyView(rateLimit), rateLimits: rateLimits.map(policyView) }
}

interface Taken {
  readonly rateLimit?: RateLimitOutcome
  readonly rateLimits?: readonly RateLimitOutcome[]
}

/** Where waiting does not help, there is nothing to retry after. */
function policyView({ allowed, retryAfterSeconds, ...outcome }: RateLimitOutcome): object {
  return allowed || !Number.isFinite(retryAfterSeconds) ? outcome : { ...outcome, retryAfterSeconds }
}

const textLimits: Readonly<Record<string, number>> = { method: 32, path: 8_192, ip: 64, origin: 255 }
const members = new Set([
  'credential',
  'audience',
  'scope',
  'anyScope',
  'minSequence',
  'cost',
  'explain',
  ...Object.keys(textLimits),
])

/** Strict: an unknown member is an error, so that a misspelt `scope` cannot ask for nothing. */
function readQuestion(body: Record<string, unknown>, { requestId }: Pick<HttpRequest, 'requestId'>): Question {
  const errors: FieldError[] = []
  const add = (name: string, detail: string): void => void errors.push({ pointer: `/${name}`, detail })
  for (const name of Object.keys(body)) if (!members.has(name)) add(name, 'is not a known member')
  const { credential, audience, minSequence, cost } = body
  if (typeof credential !== 'string' || credential === '' || credential.length > 16_384)
    add('credential', 'must be a string of 1 to 16384 characters')
  if (typeof audience !== 'string' || audience === '' || audience.length > 255)
    add('audience', 'must be a string of 1 to 255 characters')
  if (minSequence !== undefined && (!Number.isSafeInteger(minSequence) || (minSequence as number) < 0))
    add('minSequence', 'must be a whole number')
  if (cost !== undefined && !isCost(cost)) add('cost', `must be a whole number from 0 to ${limits.costMax}`)
  for (const [name, lengthMax] of Object.entries(textLimits)) {
    const value = body[name]
    if (value !== undefined && (typeof value !== 'string' || value.length > lengthMax))
      add(name, `must be a string of at most ${lengthMax} characters`)
  }
  if ((body.method === undefined) !== (body.path === undefined))
    add(body.method === undefined ? 'method' : 'path', 'is missing: method and path together name an operation')
  if (body.explain !== undefined && typeof body.explain !== 'boolean') add('explain', 'must be true or false')
  const { ip, origin } = body as { readonly ip?: string; readonly origin?: string }
  const address = typeof ip === 'string' ? parseAddress(ip) : undefined
  if (typeof ip === 'string' && address === undefined) add('ip', 'must be an IP address')
  const scope = readMember(body.scope, 'scope', add)
  const anyScope = readMember(body.anyScope, 'anyScope', add)
  if (errors.length > 0)
    throw new ProblemError(400, 'invalid_request', 'The request body is invalid; see errors.', { errors })
  return {
    credential: credential as string,
    audience: audience as string,
    requires: anyScope === undefined ? [scope ?? []] : anyScope.map((token) => [...(scope ?? []), token]),
    address,
    origin,
    // Under the id that this answer has: whoever asked passes it on, or not.
    refusedAs: () => ({ requestId, address: ip }),
    ...(minSequence === undefined ? {} : { minSequence: minSequence as number }),
    ...(cost === undefined ? {} : { cost: cost as number }),
  }
}

function readMember(value: unknown, name: string, add: (name: string, detail: string) => void): Scope | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && value !== '' && isScopeToken(value)) return [value]
  const read = readScope(value)
  if ('scope' in read) return read.scope
  add(name, read.problem)
  return undefined
}
