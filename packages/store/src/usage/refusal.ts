/** Examples of refusals, for the holder of the credential: of each client the latest, for a day. No decision reads them. */
import { randomBase62, type Seconds } from '@countersign/core'
import { sql } from 'kysely'
import type { Row } from '../columns.ts'
import { Columns, present } from '../columns.ts'
import { decodeSound } from '../page.ts'
import { clientsOfTeams } from '../records/client.ts'
import { jsonRows } from '../rows/json_rows.ts'
import type { Session } from '../session.ts'

export interface Refusal {
  readonly tenant: string
  /** Its time and a random text: ids rise with time. */
  readonly id: string
  readonly at: Seconds
  readonly requestId: string
  /** Empty where nobody knows the credential, and for tokens that stand in no list. */
  readonly credentialId: string
  /** Empty where nobody knows it. */
  readonly clientId: string
  readonly method?: string
  /** The path of the operation as a template. */
  readonly route?: string
  readonly code: string
  readonly missingScope: string
  /** The required scope: tokens with a space, alternatives with ` | ` between them. */
  readonly scope: string
  readonly address?: string
}

export interface RefusalFilter {
  readonly credentialId?: string
  readonly requestId?: string
  /** Only of credentials of clients of these teams. */
  readonly teamIds?: readonly string[]
  /** Only those after this time. */
  readonly since: Seconds
  readonly limit: number
  /** Only those before this id. */
  readonly after?: string
}

/** So many of a tenant are kept ... */
const refusalsMax = 1_000
/** ... and so many of each of its clients. What nobody knows has the share of one client. */
const refusalsOfClientMax = 100
/** So long each is kept. */
export const refusalSeconds = 86_400

type RefusalDraft = { readonly [Member in keyof Omit<Refusal, 'id'>]: Refusal[Member] | undefined } & Pick<
  Refusal,
  'tenant' | 'at' | 'requestId' | 'credentialId' | 'clientId' | 'code' | 'missingScope' | 'scope'
>

/** Members of the draft that are `undefined` are left out. */
export function newRefusal(draft: RefusalDraft, randomBytes: (count: number) => Uint8Array): Refusal {
  return present({ ...draft, at: Math.floor(draft.at), id: `${timePart(draft.at)}${randomBase62(12, randomBytes)}` })
}

/** Twelve digits, so that text orders as time does. */
function timePart(at: Seconds): string {
  return String(Math.max(0, Math.floor(at))).padStart(12, '0')
}

/** The latest first. */
export async function listRefusals(
  session: Session,
  tenant: string,
  filter: RefusalFilter,
): Promise<readonly Refusal[]> {
  const { credentialId, requestId, teamIds, since, limit, after } = filter
  let query = session.db
    .selectFrom('refusals')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('id', '>', timePart(since + 1))
    .orderBy('id', 'desc')
    .limit(limit)
  if (after !== undefined) query = query.where('id', '<', after)
  if (credentialId !== undefined) query = query.where('credential_id', '=', credentialId)
  if (requestId !== undefined) query = query.where('request_id', '=', requestId)
  if (teamIds !== undefined) query = query.where('client_id', 'in', clientsOfTeams(session, tenant, teamIds))
  return decodeSound(session, await query.execute(), decodeRefusal)
}

/**
 * Adds them, and removes what is then too much, the oldest of the client that has the most. So a client in a loop pushes out
 * no example of another.
 */
export async function addRefusals(
  session: Pick<Session, 'db' | 'dialect'>,
  tenant: string,
  refusals: readonly Refusal[],
): Promise<void> {
  if (refusals.length === 0) return
  const rows = refusals.map((each) => [
    each.id,
    each.at,
    each.requestId,
    each.credentialId,
    each.clientId,
    each.method ?? null,
    each.route ?? null,
    each.code,
    each.missingScope,
    each.scope,
    each.address ?? null,
  ])
  const given = jsonRows(
    session.dialect,
    {
      id: 'text',
      at: 'bigint',
      request_id: 'text',
      credential_id: 'text',
      client_id: 'text',
      method: 'text',
      route: 'text',
      code: 'text',
      missing_scope: 'text',
      scope: 'text',
      address: 'text',
    },
    rows,
  )
  const columns = sql.raw(
    'id, at, request_id, credential_id, client_id, method, route, code, missing_scope, scope, address',
  )
  await sql`insert into refusals (tenant, ${columns}) select ${tenant}, ${columns} from ${given} as given`.execute(
    session.db,
  )
  const ofClient = sql`select id, row_number() over (partition by client_id order by id desc) as place
    from refusals where tenant = ${tenant}`
  // The newest of every client come first, then the second of every client, and so on: the first thousand stay.
  const ofTenant = sql`select id, place, row_number() over (order by place, id desc) as turn from (${ofClient}) as counted`
  await sql`delete from refusals where tenant = ${tenant} and id in (select id from (${ofTenant}) as ordered
    where place > ${refusalsOfClientMax} or turn > ${refusalsMax})`.execute(session.db)
}

function decodeRefusal(row: Row): Refusal {
  const columns = new Columns('refusals', row.id, row)
  return present({
    tenant: columns.text('tenant'),
    id: columns.text('id'),
    at: columns.count('at'),
    requestId: columns.text('request_id'),
    credentialId: columns.text('credential_id'),
    clientId: columns.text('client_id'),
    method: columns.optionalText('method'),
    route: columns.optionalText('route'),
    code: columns.text('code'),
    missingScope: columns.text('missing_scope'),
    scope: columns.text('scope'),
    address: columns.optionalText('address'),
  })
}
