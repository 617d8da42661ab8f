/** The holders of a scope of an API: asked for before the scope is retired. */
import type { Seconds } from '@countersign/core'
import { type RawBuilder, sql } from 'kysely'
import type { Session } from '../session.ts'

/** One that has the scope. */
export interface ScopeHolder {
  readonly type: 'client' | 'key' | 'token'
  /** Client id, key id or `jti`. */
  readonly id: string
}

export interface ScopeHolders {
  readonly count: number
  /** The first of them. */
  readonly holders: readonly ScopeHolder[]
}

export interface ScopeQuestion {
  readonly tenant: string
  readonly apiId: string
  readonly scopes: readonly string[]
  readonly now: Seconds
  readonly limit: number
}

export async function findScopeHolders(session: Session, question: ScopeQuestion): Promise<ScopeHolders> {
  const { tenant, apiId, scopes, now, limit } = question
  if (scopes.length === 0) return { count: 0, holders: [] }
  await session.enter(tenant)
  await session.flush()
  const at = Math.floor(now)
  const has = (column: RawBuilder<string>): RawBuilder<boolean> =>
    sql`(${sql.join(
      scopes.map((scope) => hasToken(session, column, scope)),
      sql` or `,
    )})`
  const found = sql`
    select 'client' as type, client_id as id from client_access
      where tenant = ${tenant} and api_id = ${apiId} and ${has(sql`scope`)}
    union all
    select 'key', id from keys
      where tenant = ${tenant} and api_id = ${apiId} and status <> 'revoked'
      and (expires_at is null or expires_at > ${at}) and ${has(sql`scope`)}
    union all
    select 'token', jti from tokens
      where tenant = ${tenant} and api_id = ${apiId} and status <> 'revoked'
      and coalesce(expires_at, issued_expires_at) > ${at} and ${has(sql`coalesce(scope, issued_scope)`)}`
  const { rows: counted } = await sql<{
    readonly count: number
  }>`select count(*) as count from (${found}) as found`.execute(session.db)
  const { rows: holders } = await sql<ScopeHolder>`
    select type, id from (${found}) as found order by type, id limit ${limit}`.execute(session.db)
  return { count: Number(counted[0]?.count ?? 0), holders }
}

/** Scopes are texts with a space between tokens; no pattern, since a token may hold any character of one. */
function hasToken({ dialect }: Session, column: RawBuilder<string>, token: string): RawBuilder<boolean> {
  const wanted = ` ${token} `
  return dialect === 'sqlite'
    ? sql`instr(' ' || ${column} || ' ', ${wanted}) > 0`
    : sql`strpos(' ' || ${column} || ' ', ${wanted}) > 0`
}
