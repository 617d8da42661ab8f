import {
  type IssuerKey,
  type IssuerRule,
  issuerIdPrefix,
  randomBase62,
  type Seconds,
  type Status,
} from '@countersign/core'
import type { Row } from '../columns.ts'
import { Columns, present } from '../columns.ts'
import { assertTouched } from '../errors.ts'
import { decodeSound, type Page, readPage } from '../page.ts'
import { writeNextVersion } from '../rows/next_version.ts'
import type { Session } from '../session.ts'
import { isIssuerKeys, isIssuerRules, isStatus } from '../stored_json.ts'

/** Another issuer whose JWTs are taken. */
export interface Issuer {
  readonly tenant: string
  readonly id: string
  /** `iss`, unique in the tenant. */
  readonly issuer: string
  /** The client that its JWTs act as. It may be gone. */
  readonly clientId: string
  readonly audience: string
  /** The most that its rules give. */
  readonly scope: string
  readonly rules: readonly IssuerRule[]
  readonly status: Status
  /** Where its keys are fetched from; absent where they were given. */
  readonly jwksUri?: string
  /** Its keys as they were given, or as they were fetched last. */
  readonly keys: readonly IssuerKey[]
  /** When the last fetch began; 0 before the first. */
  readonly askedAt: Seconds
  /** When the keys were fetched last; absent before the first success. */
  readonly fetchedAt?: Seconds
  /** When they are fetched next; absent where they were given. */
  readonly fetchAt?: Seconds
  /** Fetches that failed since the last success. */
  readonly failures: number
  /** Why the last fetch failed. */
  readonly fault?: string
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

/** The members of a new issuer that its maker chooses. */
export type IssuerDraft = Pick<Issuer, 'tenant' | 'issuer' | 'clientId' | 'audience' | 'scope' | 'rules' | 'keys'> & {
  readonly jwksUri?: string | undefined
}

/** The record of a new issuer, with a random id. Its keys are fetched at once. */
export function newIssuer(
  { jwksUri, ...draft }: IssuerDraft,
  { now, randomBytes }: { readonly now: Seconds; readonly randomBytes: (count: number) => Uint8Array },
): Issuer {
  const at = Math.floor(now)
  return {
    ...draft,
    id: `${issuerIdPrefix}${randomBase62(20, randomBytes)}`,
    status: 'active',
    ...(jwksUri === undefined ? {} : { jwksUri, fetchAt: at }),
    askedAt: 0,
    failures: 0,
    version: 1,
    createdAt: at,
    updatedAt: at,
  }
}

export interface IssuerReads {
  find(tenant: string, id: string): Promise<Issuer | undefined>
  list(tenant: string, page: Page): Promise<readonly Issuer[]>
  count(tenant: string): Promise<number>
  /** Lists the issuers of all tenants whose keys are to be fetched by now, the longest due first. */
  listDue(now: Seconds, limit: number): Promise<readonly Issuer[]>
  /** Lists the clients that issuers of all tenants act as. */
  listClients(): Promise<readonly { readonly tenant: string; readonly clientId: string }[]>
}

export interface IssuerWrites {
  insert(issuer: Issuer): Promise<void>
  update(issuer: Issuer): Promise<void>
  delete(tenant: string, id: string): Promise<void>
  /** Notes that a fetch begins. False where one began after `before`: of several processes, one asks. */
  beginFetch(tenant: string, id: string, now: Seconds, before: Seconds): Promise<boolean>
  /** Notes how a fetch ended that brought no other keys. It is no change of the issuer. */
  noteFetch(issuer: Pick<Issuer, 'tenant' | 'id' | 'fetchedAt' | 'fetchAt' | 'failures' | 'fault'>): Promise<void>
}

export function readIssuers(session: Session): IssuerReads {
  return {
    async find(tenant, id) {
      await session.enter(tenant)
      const row = await selectIssuers(session, tenant).where('id', '=', id).executeTakeFirst()
      return row && decodeIssuer(row)
    },
    async list(tenant, page) {
      await session.enter(tenant)
      return readPage(session, page, {
        table: 'issuers',
        of: { tenant },
        query: selectIssuers(session, tenant),
        decode: decodeIssuer,
      })
    },
    async count(tenant) {
      await session.enter(tenant)
      const row = await session.db
        .selectFrom('issuers')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('tenant', '=', tenant)
        .executeTakeFirst()
      return Number(row?.count ?? 0)
    },
    async listDue(now, limit) {
      const rows = await session.db
        .selectFrom('issuers')
        .selectAll()
        .where('fetch_at', '<=', now)
        .where('status', '=', 'active')
        .orderBy('fetch_at')
        .orderBy('id')
        .orderBy('tenant')
        .limit(limit)
        .execute()
      return decodeSound(session, rows, decodeIssuer)
    },
    async listClients() {
      const rows = await session.db
        .selectFrom('issuers')
        .select(['tenant', 'client_id'])
        .distinct()
        .orderBy('tenant')
        .orderBy('client_id')
        .execute()
      return rows.map((row) => ({ tenant: row.tenant, clientId: row.client_id }))
    },
  }
}

export function writeIssuers(session: Session): IssuerReads & IssuerWrites {
  return {
    ...readIssuers(session),
    async insert(issuer) {
      await session.enter(issuer.tenant)
      await session.db.insertInto('issuers').values(encodeIssuer(issuer)).execute()
    },
    update: (issuer) => writeNextVersion(session, 'issuers', encodeIssuer(issuer)),
    async delete(tenant, id) {
      await session.enter(tenant)
      const result = await session.db
        .deleteFrom('issuers')
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .executeTakeFirst()
      assertTouched('the deletion of an issuer', 1, result.numDeletedRows)
    },
    async beginFetch(tenant, id, now, before) {
      await session.enter(tenant)
      const result = await session.db
        .updateTable('issuers')
        .set({ asked_at: now })
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .where('asked_at', '<=', before)
        .executeTakeFirst()
      return Number(result.numUpdatedRows) === 1
    },
    async noteFetch(issuer) {
      const { tenant, id, fetchedAt, fetchAt, failures, fault } = issuer
      await session.enter(tenant)
      await session.db
        .updateTable('issuers')
        .set({ fetched_at: fetchedAt ?? null, fetch_at: fetchAt ?? null, failures, fault: fault ?? null })
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .execute()
    },
  }
}

function selectIssuers(session: Session, tenant: string) {
  return session.db.selectFrom('issuers').selectAll().where('tenant', '=', tenant)
}

function encodeIssuer(issuer: Issuer) {
  return {
    tenant: issuer.tenant,
    id: issuer.id,
    issuer: issuer.issuer,
    client_id: issuer.clientId,
    audience: issuer.audience,
    scope: issuer.scope,
    rules: JSON.stringify(issuer.rules),
    status: issuer.status,
    jwks_uri: issuer.jwksUri ?? null,
    keys: JSON.stringify(issuer.keys),
    asked_at: issuer.askedAt,
    fetched_at: issuer.fetchedAt ?? null,
    fetch_at: issuer.fetchAt ?? null,
    failures: issuer.failures,
    fault: issuer.fault ?? null,
    version: issuer.version,
    created_at: issuer.createdAt,
    updated_at: issuer.updatedAt,
  }
}

function decodeIssuer(row: Row): Issuer {
  const columns = new Columns('issuers', row.id, row)
  return present({
    tenant: columns.text('tenant'),
    id: columns.text('id'),
    issuer: columns.text('issuer'),
    clientId: columns.text('client_id'),
    audience: columns.text('audience'),
    scope: columns.text('scope'),
    rules: columns.json('rules', isIssuerRules),
    status: columns.word('status', isStatus),
    jwksUri: columns.optionalText('jwks_uri'),
    keys: columns.json('keys', isIssuerKeys),
    askedAt: columns.count('asked_at'),
    fetchedAt: columns.optionalCount('fetched_at'),
    fetchAt: columns.optionalCount('fetch_at'),
    failures: columns.count('failures'),
    fault: columns.optionalText('fault'),
    version: columns.version(),
    createdAt: columns.count('created_at'),
    updatedAt: columns.count('updated_at'),
  })
}
