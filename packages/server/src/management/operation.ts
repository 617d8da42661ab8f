/**
 * The management pipeline: one list of steps for every operation, so that none can leave one out. A handler is given what
 * has been parsed and allowed, and says what to change; the transaction around it also holds the feed entry, the audit
 * event and the idempotency record.
 */
import { createHash } from 'node:crypto'
import type { Route } from '@countersign/contract'
import type { Holder, Scope } from '@countersign/core'
import type { WriteTransaction } from '@countersign/store'
import type { z } from 'zod'
import { describeDocument } from '../apis/document.ts'
import { actorOf, type Caller, shareOf } from '../caller/caller.ts'
import { readCallerAgain } from '../caller/caller_again.ts'
import { guarded } from '../caller/guarded.ts'
import { heldWithin, reachOf } from '../caller/reach.ts'
import type { TenantContext } from '../context.ts'
import { countApplied } from '../feed/positions.ts'
import { toldToTeam } from '../feed/told_to_team.ts'
import { type Answer, json } from '../http/answer.ts'
import { readJson, readText } from '../http/body.ts'
import { parseInput } from '../http/input.ts'
import type { HttpRequest } from '../http/request.ts'
import { serverLimits } from '../limits.ts'
import { atOneMoment, type IssuingMoment } from '../oauth/issuing_moment.ts'
import { hasAdministrator, keepAdministrator, LastAdministratorError } from '../tenants/administrators.ts'
import { requireMayTouch } from './access.ts'
import type { ManagementServices, ReadContext, WriteContext } from './context.ts'
import { findTouched } from './find.ts'
import { findReplay, type Idempotency, inProgress, keepAnswer, readIdempotency } from './idempotency.ts'
import { requireStepUp } from './people/step_up.ts'
import { noRoomToKeep, requireScopes, toProblem } from './refusals.ts'
import { writeOptions } from './write_options.ts'

/** The body of a success, as the contract has it: a member that is left out does not compile. */
export type AnswerOf<R extends Route> = Frozen<z.input<R['answer']['schema']>>

type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Member in keyof T]: Frozen<T[Member]> }
    : T

/** A body, one that needs the sequence of the committed entry, or one that is yet to be made. */
export type Result<R extends Route = Route> =
  | { readonly status: number; readonly body: AnswerOf<R> }
  /** After the commit, since it writes by itself; not for what is given an Idempotency-Key. */
  | { readonly status: number; readonly afterwards: () => Promise<AnswerOf<R>> }
  | {
      readonly status: number
      /** `verifiers` is added. */
      readonly bodyOf: (feedSequence: number) => Omit<AnswerOf<R>, 'verifiers'>
      /** Nothing was changed: the entry that said so before. */
      readonly said?: number
    }

export interface Operation {
  readonly route: Route
  handle(
    services: ManagementServices,
    tenant: TenantContext,
    request: HttpRequest,
    params: Readonly<Record<string, string>>,
  ): Promise<Answer>
}

export function readOperation<R extends Route>(
  route: R,
  run: (context: ReadContext<R>) => Promise<AnswerOf<R>>,
): Operation {
  return textOperation(route, async (context) => json(route.answer.status, await run(context)))
}

/** One that makes its answer itself: a text that is not made from a value. */
export function textOperation<R extends Route>(
  route: R,
  run: (context: ReadContext<R>, request: HttpRequest) => Promise<Answer>,
): Operation {
  return {
    route,
    handle: (services, tenant, request, params) =>
      guarded(services, tenant, request, route, async (caller, query) => {
        const context = await readContext(route, services, tenant, request, params, caller, query)
        return run(context as ReadContext<R>, request).catch(toProblem)
      }),
  }
}

export function writeOperation<R extends Route>(
  route: R,
  run: (context: WriteContext<R>) => Promise<Result<R>>,
): Operation {
  return operation(route, (context, idempotency) => write(route, run, context, idempotency))
}

/** A write that first finds something out without holding the transaction, which waits for nothing outside. */
export function preparedOperation<R extends Route, Prepared>(
  route: R,
  prepare: (context: ReadContext<R>) => Promise<Prepared>,
  run: (context: WriteContext<R>, prepared: Prepared) => Promise<Result<R>>,
): Operation {
  return operation(route, async (context, idempotency) => {
    const prepared = await prepare(context)
    return write(route, (writing) => run(writing, prepared), context, idempotency)
  })
}

export interface Issuing {
  /** Taken before the transaction began: what is issued counts from here. */
  readonly moment: IssuingMoment
  /** The sequence that this process had applied when the request came, before caller and body were read. */
  readonly askedAt: number
}

/**
 * A write that issues a token. It begins again, once, when what it reads is newer than its moment
 * (docs/protocol/feed.md §2.3).
 */
export function issueOperation<R extends Route>(
  route: R,
  run: (context: WriteContext<R>, issuing: Issuing) => Promise<Result<R>>,
): Operation {
  return preparedIssueOperation<R, undefined>(route, (_, work) => work(undefined), run)
}

/** One that first takes something without holding the transaction. `around` gives it to the work, and then puts it back. */
export function preparedIssueOperation<R extends Route, Taken>(
  route: R,
  around: (context: ReadContext<R>, work: (taken: Taken) => Promise<Answer>) => Promise<Answer>,
  run: (context: WriteContext<R>, issuing: Issuing, taken: Taken) => Promise<Result<R>>,
): Operation {
  return operation(route, (context, idempotency, askedAt) =>
    around(context, (taken) =>
      atOneMoment(context.services, context.tenant, (moment) =>
        write(route, (writing) => run(writing, { moment, askedAt }, taken), context, idempotency),
      ).catch(toProblem),
    ),
  )
}

function operation<R extends Route>(
  route: R,
  work: (context: ReadContext<R>, idempotency: Idempotency | undefined, askedAt: number) => Promise<Answer>,
): Operation {
  return {
    route,
    handle(services, tenant, request, params) {
      const askedAt = services.books.book(tenant.id)?.place.sequence ?? 0
      return guarded(services, tenant, request, route, async (caller, query) => {
        // 1. The caller is known and has the scope; the input is read and holds.
        const context = await readContext(route, services, tenant, request, params, caller, query)
        const idempotency =
          route.isIdempotent === true ? readIdempotency(request, tenant, caller, bodyDigest(context.body)) : undefined
        // 2. Nobody else is at it with the same Idempotency-Key.
        const release = idempotency === undefined ? () => {} : services.running.begin(idempotency.name)
        if (release === undefined) throw inProgress()
        try {
          return await work(context as ReadContext<R>, idempotency, askedAt)
        } finally {
          release()
        }
      })
    },
  }
}

async function write<R extends Route>(
  route: R,
  run: (context: WriteContext<R>) => Promise<Result<R>>,
  context: ReadContext<R>,
  idempotency: Idempotency | undefined,
): Promise<Answer> {
  const { services, tenant, caller } = context
  const isForced = isForcedBy(context)
  let afterCommit: (() => void)[] = []
  const attempt = (mayLeaveNone: boolean) =>
    services.store.write(
      async (transaction) => {
        // 3. The caller is read again here: what it could do a moment ago it may have lost.
        const { reach: whole, session, ...again } = await readCallerAgain(services, tenant, caller, transaction)
        const { orScope } = route
        const scope = orScope !== undefined && again.held.includes(orScope) ? orScope : route.scope
        if (scope !== undefined) requireScopes(again.held, [scope])
        const reach = reachOf(whole, [route.scope, orScope])
        const requireHeld = (scopes: Scope, teamId?: string): void =>
          requireScopes(heldWithin(reach, again.held, teamId), scopes)
        afterCommit = []
        const needed = new Set<string>()
        const touched = new Set<string>()
        const teams = new Set<string>()
        const ending = new Set<'credentials' | 'jwts'>()
        const writing: WriteContext<R> = {
          ...context,
          transaction: toldToTeam(transaction, () => onlyTeam(teams)),
          ...again,
          reach,
          touched,
          teams,
          afterCommit: (work) => void afterCommit.push(work),
          mayEndAdministrators: (which) => void ending.add(which),
          actor: actorOf(caller),
          requireHeld(scopes, teamId) {
            requireHeld(scopes, teamId)
            for (const scope of scopes) needed.add(scope)
          },
        }
        // 4. The person of a session has proven lately to be it, where that is needed.
        await requireStepUp(route, writing, session)
        // 5. An answer that was given is given again, to whoever may still have it.
        const replay = idempotency === undefined ? undefined : await findReplay(services, idempotency, transaction)
        if (replay !== undefined) {
          requireScopes(again.held, replay.needed)
          for (const id of replay.teams) requireHeld([...neededBy(route), ...replay.needed], id)
          for (const id of replay.touched) {
            const client = await findTouched({ reach, transaction }, id)
            const replaying = { tenant, guards: again.guards, touched, requireHeld, mayEndAdministrators: () => {} }
            if (client !== undefined) requireMayTouch(replaying, client)
          }
          return { status: replay.status, body: replay.body }
        }
        // 6. The change itself.
        const result = await run(writing)
        // 7. Whatever it ended, somebody is left who can do everything.
        if (ending.size > 0 && !mayLeaveNone) {
          const isLeft = await hasAdministrator(transaction, tenant, context.now, { withoutJwts: ending.has('jwts') })
          if (!isLeft && !isForced) throw new LastAdministratorError()
          if (!isLeft) appendLockOut(transaction, context, route)
        }
        // 8. The answer is kept with it, or neither is.
        if (idempotency !== undefined && 'body' in result) {
          const holder = { tenant: tenant.id, credential: caller.grant.credentialId }
          if (!services.idempotencyRoom.take(holder, services.now())) throw noRoomToKeep()
          await keepAnswer(
            services,
            idempotency,
            {
              status: result.status,
              body: result.body as object,
              needed: [...needed],
              touched: [...touched],
              teams: [...teams],
            },
            transaction,
          )
        }
        return result
      },
      writeOptions(context, route),
    )
  const { value, entries } = await keepAdministrator(services, tenant, attempt).catch(toProblem)
  // 9. This process refuses what was revoked before anybody is told that it was.
  await services.books.settle(entries)
  services.metrics.written(route.operationId, 'done')
  for (const work of afterCommit) work()
  if ('body' in value) return json(value.status, value.body)
  if ('afterwards' in value) return json(value.status, await value.afterwards().catch(toProblem))
  const { sequence = value.said ?? 0, at = context.now } = entries[0] ?? {}
  const epoch = services.books.book(tenant.id)?.place.epoch ?? ''
  const verifiers = await countApplied(services.positions, tenant.id, { epoch, sequence, at })
  return json(value.status, { ...value.bodyOf(sequence), verifiers })
}

/** The scope that an operation asks for before it begins: one of them where it takes either. */
function neededBy({ scope, orScope }: Route): Scope {
  return scope === undefined || orScope !== undefined ? [] : [scope]
}

/** The team that the operation touched, where it touched one. */
function onlyTeam(teams: ReadonlySet<string>): string | undefined {
  const [teamId] = teams
  return teams.size === 1 ? teamId : undefined
}

/** In the body, or in the query where there is none. */
function isForcedBy({ body, query }: ReadContext): boolean {
  const { force } = { ...query, ...(body as object | undefined) } as { readonly force?: boolean | 'true' | 'false' }
  return force === true || force === 'true'
}

function appendLockOut(transaction: WriteTransaction, { tenant, caller, requestId }: ReadContext, route: Route): void {
  const audit = { action: 'tenant.last_administrator', objectType: 'tenant', objectId: tenant.id, requestId }
  const after = { operation: route.operationId, forced: true }
  transaction.append({ tenant: tenant.id, audit: { ...audit, actor: actorOf(caller), after } })
}

async function readContext(
  route: Route,
  services: ManagementServices,
  tenant: TenantContext,
  request: HttpRequest,
  params: Readonly<Record<string, string>>,
  caller: Caller,
  query: object,
): Promise<ReadContext> {
  const body = await readBody(route, request, shareOf(tenant, caller))
  return {
    services,
    tenant,
    caller,
    reach: reachOf(caller.reach, [route.scope, route.orScope]),
    params,
    body,
    query,
    now: services.now(),
    requestId: request.requestId,
  } as ReadContext
}

async function readBody(route: Route, request: HttpRequest, holder: Holder): Promise<unknown> {
  // Before the transaction: nobody's write waits for a large document.
  if (route.takesDocument === true)
    return describeDocument(await readText(request, serverLimits.documentBytesMax), holder).catch(toProblem)
  return route.body === undefined ? undefined : parseInput(route.body, await readJson(request), 'body')
}

function bodyDigest(body: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(body) ?? '')
    .digest('base64url')
}
