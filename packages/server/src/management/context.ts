/** The values that a management operation is given: parsed, allowed, and of one tenant. */
import type { Route } from '@countersign/contract'
import type { Scope } from '@countersign/core'
import type { AuditActor, WriteTransaction } from '@countersign/store'
import type { z } from 'zod'
import type { ReadDocument } from '../apis/document.ts'
import type { Caller } from '../caller/caller.ts'
import type { GuardedServices, QueryOf } from '../caller/guarded.ts'
import type { Reach } from '../caller/reach.ts'
import type { Services, TenantContext } from '../context.ts'

type BodyOf<R extends Route> = R['body'] extends z.ZodType
  ? z.output<R['body']>
  : R['takesDocument'] extends true
    ? ReadDocument
    : undefined

/** The services that operations and the pipeline around them need. */
export type ManagementServices = GuardedServices &
  Pick<
    Services,
    | 'baseUrl'
    | 'books'
    | 'callRoom'
    | 'idempotencyRoom'
    | 'issuerKeys'
    | 'keyPrefix'
    | 'lastUsedFrom'
    | 'master'
    | 'mailer'
    | 'metrics'
    | 'now'
    | 'openness'
    | 'operationLists'
    | 'outbound'
    | 'passwords'
    | 'positions'
    | 'randomBytes'
    | 'refreshTokens'
    | 'refusalRoom'
    | 'requirements'
    | 'running'
    | 'signing'
    | 'signingKeys'
    | 'store'
    | 'usageNames'
  >

export interface ReadContext<R extends Route = Route> {
  readonly services: ManagementServices
  readonly tenant: TenantContext
  readonly caller: Caller
  /** Look-ups find nothing beyond it; in a write it is read again in the transaction. */
  readonly reach: Reach
  readonly params: Readonly<Record<string, string>>
  readonly body: BodyOf<R>
  readonly query: QueryOf<R>
  readonly now: number
  readonly requestId: string
}

export interface WriteContext<R extends Route = Route> extends ReadContext<R> {
  readonly transaction: WriteTransaction
  readonly actor: AuditActor
  /** The caller's management scopes, as read in this transaction; of a member of teams, those held in any of them. */
  readonly held: Scope
  /** The audiences that the caller guards, as read in this transaction. */
  readonly guards: readonly string[]
  /** Ids of the clients that the call touches: a replay is judged by what they are then. */
  readonly touched: Set<string>
  /** Ids of the teams whose objects the call touches. */
  readonly teams: Set<string>
  /** Done once the change is committed, and not for a replayed answer: what leaves this process cannot be taken back. */
  afterCommit(work: () => void): void
  /** The call may end credentials with all management scopes: somebody must be left who has them. */
  mayEndAdministrators(which: 'credentials' | 'jwts'): void
  /**
   * Throws 403 unless the caller, as it is in this transaction, holds all of them (docs/security/invariants.md §11). A
   * member of teams holds what the role in the team gives; without a team, what is held in each that is in reach.
   */
  requireHeld(scopes: Scope, teamId?: string): void
}
