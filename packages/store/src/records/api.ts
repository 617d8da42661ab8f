import {
  type Limited,
  limits,
  randomBase62,
  type ScopeClaim,
  type Seconds,
  type Status,
  type TokenFormat,
} from '@countersign/core'
import { type RawBuilder, sql } from 'kysely'
import { isText, listOf, oneOf, shape } from '../check.ts'
import type { Row } from '../columns.ts'
import { Columns, jsonOrNull, present, rowName } from '../columns.ts'
import { assertTouched } from '../errors.ts'
import { nameOrder, type Page, readPage } from '../page.ts'
import { isAmong, isSelected } from '../rows/among.ts'
import { deleteNames, findNamedId, replaceNames } from '../rows/api_resources.ts'
import { writeNextVersion } from '../rows/next_version.ts'
import type { Session } from '../session.ts'
import { isRateLimit, isRateLimits, isStatus } from '../stored_json.ts'
import { type ApiDocument, type DocumentReads, readDocuments, saveDocument } from './api_document.ts'
import { findScopeHolders, type ScopeHolders } from './scope_holders.ts'

/** A resource server: its audience, its scopes and how its tokens are made. */
export interface Api extends Limited {
  readonly tenant: string
  readonly id: string
  readonly audience: string
  readonly name: string
  readonly status: Status
  readonly tokenTtlSeconds: number
  readonly tokenTtlSecondsMax: number
  readonly tokenFormat: TokenFormat
  readonly signingAlg: string
  readonly scopeClaim: ScopeClaim
  readonly maxStalenessSeconds: number
  /** Made by the system, like the management API: it cannot be deleted or renamed. */
  readonly isBuiltIn: boolean
  /** The feed sequence of its creation. */
  readonly createdSequence: number
  readonly scopes: readonly ApiScope[]
  /** Scope tokens that it had and no longer has. They are in tokens that are still out. Default none. */
  readonly retiredScopes?: readonly string[]
  /** The most that an account without access of its own may give there. */
  readonly accountScope: string
  /** The scope that a new team of one's own gets there. */
  readonly selfServiceScope: string
  /** The scope that a team may ask for there. */
  readonly onRequestScope: string
  /** Where its callers reach it, from the server. */
  readonly callUrl?: string
  /** Its further names, in the forms that were given (RFC 8707). Absent: its audience alone names it. */
  readonly resources?: readonly string[]
  /** Headers in which its callers may present credentials besides the usual ones. Absent where nobody has set any. */
  readonly credentialHeaders?: readonly string[]
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

/** One scope that an API defines. */
export interface ApiScope {
  readonly name: string
  readonly description: string
  /** `document` scopes come and go with the OpenAPI document; `declared` ones were named by hand. */
  readonly source: 'declared' | 'document'
}

/** The members of a new API that its maker chooses. */
export interface ApiDraft extends Limited, Pick<Api, 'tenant' | 'audience' | 'name' | 'tokenTtlSeconds' | 'scopes'> {
  /** Id of an API that the system makes for itself. Default: a random id, and the API is not built in. */
  readonly builtInId?: string
  /** Default `limits.jwtLifeSecondsMax`: 90 days. */
  readonly tokenTtlSecondsMax?: number | undefined
  /** Default `jwt`. */
  readonly tokenFormat?: TokenFormat | undefined
  /** Default `ES256`. */
  readonly signingAlg?: string | undefined
  /** Default `string`: no claim beside `scope`. */
  readonly scopeClaim?: ScopeClaim | undefined
  /** Default `limits.maxStalenessSecondsMax`: 5 minutes. */
  readonly maxStalenessSeconds?: number | undefined
  /** Default: nobody has set any. */
  readonly credentialHeaders?: readonly string[]
  /** Default: nothing. */
  readonly accountScope?: string | undefined
  /** Default: nothing. */
  readonly selfServiceScope?: string | undefined
  /** Default: nothing. */
  readonly onRequestScope?: string | undefined
  /** Default: not known. */
  readonly callUrl?: string
  /** Default: none. */
  readonly resources?: readonly string[]
}

/** The record of a new API. Its `createdSequence` is 0 until the feed has numbered it. */
export function newApi(
  { builtInId, ...draft }: ApiDraft,
  { now, randomBytes }: { readonly now: Seconds; readonly randomBytes: (count: number) => Uint8Array },
): Api {
  const at = Math.floor(now)
  return {
    ...draft,
    id: builtInId ?? `api_${randomBase62(16, randomBytes)}`,
    status: 'active',
    tokenTtlSecondsMax: draft.tokenTtlSecondsMax ?? limits.jwtLifeSecondsMax,
    tokenFormat: draft.tokenFormat ?? 'jwt',
    signingAlg: draft.signingAlg ?? 'ES256',
    scopeClaim: draft.scopeClaim ?? 'string',
    accountScope: draft.accountScope ?? '',
    selfServiceScope: draft.selfServiceScope ?? '',
    onRequestScope: draft.onRequestScope ?? '',
    maxStalenessSeconds: draft.maxStalenessSeconds ?? limits.maxStalenessSecondsMax,
    isBuiltIn: builtInId !== undefined,
    createdSequence: 0,
    version: 1,
    createdAt: at,
    updatedAt: at,
  }
}

export interface ApiReads extends DocumentReads {
  find(tenant: string, id: string): Promise<Api | undefined>
  findByAudience(tenant: string, audience: string): Promise<Api | undefined>
  /** The API that has it as its audience or as one of its resources. */
  findByResource(tenant: string, resource: string): Promise<Api | undefined>
  /** `among`: only APIs of these ids, and those that are offered to every team. */
  list(tenant: string, page: Page, among?: readonly string[]): Promise<readonly Api[]>
  /** Clients, keys and stored tokens with one of these scopes for the API that are alive at `now`: `limit` at most. */
  scopeHolders(
    tenant: string,
    apiId: string,
    scopes: readonly string[],
    now: Seconds,
    limit: number,
  ): Promise<ScopeHolders>
}

export interface ApiWrites {
  insert(api: Api): Promise<void>
  /** Replaces the scopes by those of the record. */
  update(api: Api): Promise<void>
  setCreatedSequence(tenant: string, id: string, sequence: number): Promise<void>
  saveDocument(document: ApiDocument): Promise<void>
  /** Removes its scopes, its document and every client's access to it, and revokes its keys and tokens. */
  delete(tenant: string, id: string): Promise<{ readonly clientIds: readonly string[] }>
}

const isScopes = listOf(
  shape<ApiScope>({ name: isText, description: isText, source: oneOf({ declared: true, document: true }) }),
)

const isScopeClaim = oneOf<ScopeClaim>({ string: true, array: true, structured: true })

export const isTokenFormat = oneOf<TokenFormat>({ jwt: true, opaque: true })

export function readApis(session: Session): ApiReads {
  return {
    ...readDocuments(session),
    async find(tenant, id) {
      await session.enter(tenant)
      return session.recall('api', rowName('id', tenant, id), async () => {
        const row = await selectApis(session, tenant).where('id', '=', id).executeTakeFirst()
        return row && decodeApi(row)
      })
    },
    async findByAudience(tenant, audience) {
      await session.enter(tenant)
      return session.recall('api', rowName('audience', tenant, audience), async () => {
        const row = await selectApis(session, tenant).where('audience', '=', audience).executeTakeFirst()
        return row && decodeApi(row)
      })
    },
    async findByResource(tenant, resource) {
      const id = await findNamedId(session, tenant, resource)
      if (id === undefined) return undefined
      const row = await selectApis(session, tenant).where('id', '=', id).executeTakeFirst()
      return row && decodeApi(row)
    },
    list: (tenant, page, among) => listApis(session, tenant, page, among),
    scopeHolders: (tenant, apiId, scopes, now, limit) =>
      findScopeHolders(session, { tenant, apiId, scopes, now, limit }),
  }
}

export function writeApis(session: Session): ApiReads & ApiWrites {
  return {
    ...readApis(session),
    async insert(api) {
      await session.enter(api.tenant)
      await session.db.insertInto('apis').values(encodeApi(api)).execute()
      await replaceNames(session, api, true)
    },
    async update(api) {
      await session.enter(api.tenant)
      session.forget('api')
      await writeNextVersion(session, 'apis', encodeApi(api))
      await replaceNames(session, api, false)
    },
    async setCreatedSequence(tenant, id, sequence) {
      await session.enter(tenant)
      session.forget('api')
      const result = await session.db
        .updateTable('apis')
        .set({ created_sequence: sequence })
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .executeTakeFirst()
      assertTouched('the numbering of an API', 1, result.numUpdatedRows)
    },
    saveDocument: (document) => saveDocument(session, document),
    delete: (tenant, id) => deleteApi(session, tenant, id),
  }
}

export function selectApis(session: Session, tenant: string) {
  return session.db.selectFrom('apis').selectAll().where('tenant', '=', tenant)
}

async function listApis(session: Session, tenant: string, page: Page, among?: readonly string[]) {
  await session.enter(tenant)
  const all = selectApis(session, tenant)
  return readPage(session, page, {
    table: 'apis',
    of: { tenant },
    query: among === undefined ? all : all.where(isAmongOrOffered(session, tenant, among)),
    isNarrow: among !== undefined,
    sorts: { name: nameOrder },
    searched: ['name', 'id', 'audience'],
    decode: decodeApi,
  })
}

/** In the words of the index `apis_offered`: as parameters they would not be. */
function isAmongOrOffered(session: Session, tenant: string, ids: readonly string[]): RawBuilder<boolean> {
  const both = sql`select id from apis where tenant = ${tenant} and ${isAmong(session, 'id', ids)}
    union select id from apis where tenant = ${tenant} and (self_service_scope <> '' or on_request_scope <> '')`
  return isSelected(session, 'id', both)
}

/** Raises the version of every row that it touches, like any other change. */
async function deleteApi(session: Session, tenant: string, id: string): Promise<{ readonly clientIds: string[] }> {
  await session.enter(tenant)
  await session.flush()
  session.forget()
  const { db } = session
  const updatedAt = session.now()
  const removed = await db
    .deleteFrom('client_access')
    .where('tenant', '=', tenant)
    .where('api_id', '=', id)
    .returning('client_id')
    .execute()
  const clientIds = removed.map((row) => row.client_id).sort()
  for (const clientId of clientIds) {
    const result = await db
      .updateTable('clients')
      .set((eb) => ({ version: eb('version', '+', 1), updated_at: updatedAt }))
      .where('tenant', '=', tenant)
      .where('id', '=', clientId)
      .executeTakeFirst()
    assertTouched('the removal of access', 1, result.numUpdatedRows)
  }
  for (const table of ['keys', 'tokens'] as const) {
    await db
      .updateTable(table)
      .set((eb) => ({ status: 'revoked', version: eb('version', '+', 1), updated_at: updatedAt }))
      .where('tenant', '=', tenant)
      .where('api_id', '=', id)
      .where('status', '!=', 'revoked')
      .execute()
  }
  await db.deleteFrom('api_documents').where('tenant', '=', tenant).where('api_id', '=', id).execute()
  await deleteNames(session, tenant, id)
  const result = await db.deleteFrom('apis').where('tenant', '=', tenant).where('id', '=', id).executeTakeFirst()
  assertTouched('the deletion of an API', 1, result.numDeletedRows)
  return { clientIds }
}

function encodeApi(api: Api) {
  return {
    tenant: api.tenant,
    id: api.id,
    audience: api.audience,
    name: api.name,
    status: api.status,
    token_ttl_seconds: api.tokenTtlSeconds,
    token_ttl_seconds_max: api.tokenTtlSecondsMax,
    token_format: api.tokenFormat,
    signing_alg: api.signingAlg,
    scope_claim: api.scopeClaim,
    max_staleness_seconds: api.maxStalenessSeconds,
    is_built_in: api.isBuiltIn ? 1 : 0,
    created_sequence: api.createdSequence,
    scopes: JSON.stringify(api.scopes),
    retired_scopes: jsonOrNull(api.retiredScopes),
    account_scope: api.accountScope,
    self_service_scope: api.selfServiceScope,
    on_request_scope: api.onRequestScope,
    call_url: api.callUrl ?? null,
    resources: jsonOrNull(api.resources),
    credential_headers: jsonOrNull(api.credentialHeaders),
    rate_limit: jsonOrNull(api.rateLimit),
    rate_limits: jsonOrNull(api.rateLimits),
    version: api.version,
    created_at: api.createdAt,
    updated_at: api.updatedAt,
  }
}

export function decodeApi(row: Row): Api {
  const columns = new Columns('apis', row.id, row)
  return present({
    tenant: columns.text('tenant'),
    id: columns.text('id'),
    audience: columns.text('audience'),
    name: columns.text('name'),
    status: columns.word('status', isStatus),
    tokenTtlSeconds: columns.count('token_ttl_seconds'),
    tokenTtlSecondsMax: columns.count('token_ttl_seconds_max'),
    tokenFormat: columns.word('token_format', isTokenFormat),
    signingAlg: columns.text('signing_alg'),
    scopeClaim: columns.word('scope_claim', isScopeClaim),
    maxStalenessSeconds: columns.count('max_staleness_seconds'),
    isBuiltIn: columns.flag('is_built_in'),
    createdSequence: columns.count('created_sequence'),
    scopes: columns.json('scopes', isScopes),
    retiredScopes: columns.optionalJson('retired_scopes', listOf(isText)),
    accountScope: columns.text('account_scope'),
    selfServiceScope: columns.text('self_service_scope'),
    onRequestScope: columns.text('on_request_scope'),
    callUrl: columns.optionalText('call_url'),
    resources: columns.optionalJson('resources', listOf(isText)),
    credentialHeaders: columns.optionalJson('credential_headers', listOf(isText)),
    rateLimit: columns.optionalJson('rate_limit', isRateLimit),
    rateLimits: columns.optionalJson('rate_limits', isRateLimits),
    version: columns.version(),
    createdAt: columns.count('created_at'),
    updatedAt: columns.count('updated_at'),
  })
}
