import {
  type CutOffs,
  clientIdPrefix,
  type Limited,
  limits,
  type Metadata,
  randomBase62,
  type Seconds,
  type Status,
} from '@countersign/core'
import type { Kysely } from 'kysely'
import { isText, listOf, oneOf, recordOf, shape } from '../check.ts'
import type { Row } from '../columns.ts'
import { Columns, jsonOrNull, present, rowName } from '../columns.ts'
import { assertTouched } from '../errors.ts'
import { nameOrder, type Page, readPage } from '../page.ts'
import { isAmong } from '../rows/among.ts'
import { writeNextVersion } from '../rows/next_version.ts'
import type { Schema } from '../schema.ts'
import type { Session } from '../session.ts'
import { isCutOffs, isMetadata, isRateLimit, isRateLimits, isStatus, isTextList } from '../stored_json.ts'
import { decodeAccess, deleteAccess, insertAccess } from './client_access.ts'
import { type ClientJwkReads, type ClientJwkWrites, readClientJwks, writeClientJwks } from './client_jwk.ts'
import { deleteOrigins, insertOrigins } from './client_origin.ts'
import {
  type ClientSecretReads,
  type ClientSecretWrites,
  readClientSecrets,
  writeClientSecrets,
} from './client_secret.ts'
import { type ClientSignIn, isClientSignIn } from './client_sign_in.ts'

/** The kind of program. `service`, `web` and `agent` can keep a secret; `spa` and `native` cannot (RFC 6749 §2.1). */
export type ClientType = 'service' | 'web' | 'spa' | 'native' | 'agent'

/** Whether it can keep no secret, and proves nothing at the token endpoint. */
export function isPublicClient({ type }: Pick<Client, 'type'>): boolean {
  return type === 'spa' || type === 'native'
}

/** The party that holds credentials and asks for tokens. */
export interface Client extends Limited {
  readonly tenant: string
  readonly id: string
  readonly name: string
  readonly type: ClientType
  /** The team that it is of. Absent: it is the tenant's own. */
  readonly teamId?: string
  /** The status and access that it has by itself: `status` and `access` are what its team leaves. Absent: it is of no team. */
  readonly own?: Pick<Client, 'status' | 'access'>
  readonly status: Status
  /** Scope text by API id. An API that is not here is no access. */
  readonly access: { readonly [apiId: string]: string }
  /** Audiences whose credentials it may ask about. `['*']` is every audience (the bootstrap admin). */
  readonly guards: readonly string[]
  /** The widest management scope and all guards since its last revoke, since credentials made then are still alive. */
  readonly authority: { readonly scope: string; readonly guards: readonly string[] }
  readonly metadata: Metadata
  /** How it signs people in; absent for a client that signs nobody in. */
  readonly signIn?: ClientSignIn
  /** The picture that people see, and where it was fetched from. */
  readonly logo?: { readonly uri: string; readonly digest: string }
  readonly homepageUri?: string
  readonly selfIssuedLifeSecondsMax: number
  /** Feed sequence of the last cut-off; 0 when there was none. */
  readonly cutOff: number
  /** Every cut-off with its own number. `cutOff` may be above them all. */
  readonly cutOffs?: CutOffs
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

/** The members of a new client that its maker chooses. */
export interface ClientDraft
  extends Limited,
    Pick<Client, 'tenant' | 'name' | 'type' | 'teamId' | 'access' | 'guards' | 'authority'> {
  /** Default: none. */
  readonly metadata?: Metadata | undefined
  /** Default: it signs nobody in. */
  readonly signIn?: ClientSignIn
  /** Default: none. */
  readonly logo?: NonNullable<Client['logo']>
  /** Default: none. */
  readonly homepageUri?: string
  /** Default `limits.selfIssuedLifeSecondsDefault`: an hour. */
  readonly selfIssuedLifeSecondsMax?: number | undefined
}

/** The record of a new client, with a random id. */
export function newClient(
  { metadata = {}, selfIssuedLifeSecondsMax = limits.selfIssuedLifeSecondsDefault, ...draft }: ClientDraft,
  { now, randomBytes }: { readonly now: Seconds; readonly randomBytes: (count: number) => Uint8Array },
): Client {
  const at = Math.floor(now)
  return {
    ...draft,
    id: `${clientIdPrefix}${randomBase62(20, randomBytes)}`,
    status: 'active',
    metadata,
    selfIssuedLifeSecondsMax,
    cutOff: 0,
    version: 1,
    createdAt: at,
    updatedAt: at,
  }
}

export interface ClientFilter {
  /** Only clients whose access names the API. */
  readonly apiId?: string
  /** Only clients of these teams. */
  readonly teamIds?: readonly string[]
}

export interface ClientReads extends ClientSecretReads, ClientJwkReads {
  find(tenant: string, id: string): Promise<Client | undefined>
  list(tenant: string, page: Page, filter?: ClientFilter): Promise<readonly Client[]>
  /** How many clients the team has. */
  countByTeam(tenant: string, teamId: string): Promise<number>
  /** Lists the clients whose access names the API. */
  listByApi(tenant: string, apiId: string, page: Page): Promise<readonly Client[]>
}

export interface ClientWrites extends ClientSecretWrites, ClientJwkWrites {
  insert(client: Client): Promise<void>
  /** Replaces the access by that of the record. */
  update(client: Client): Promise<void>
  /** Sets `cutOff`, and `cutOffs` where they are given. */
  setCutOff(tenant: string, id: string, sequence: number, cutOffs?: CutOffs): Promise<void>
  delete(tenant: string, id: string): Promise<void>
}

const isAuthority = shape<Client['authority']>({ scope: isText, guards: listOf(isText) })

const isOwn = shape<NonNullable<Client['own']>>({ status: isStatus, access: recordOf(isText) })

const isClientType = oneOf<ClientType>({ service: true, web: true, spa: true, native: true, agent: true })

export function readClients(session: Session): ClientReads {
  return {
    async find(tenant, id) {
      await session.enter(tenant)
      return session.recall('client', rowName(tenant, id), async () =>
        decodeClient(await selectClient(session.db, tenant, id).execute()),
      )
    },
    list: (tenant, page, filter) => listClients(session, tenant, page, filter),
    listByApi: (tenant, apiId, page) => listClients(session, tenant, page, { apiId }),
    async countByTeam(tenant, teamId) {
      await session.enter(tenant)
      const row = await session.db
        .selectFrom('clients')
        .select((eb) => eb.fn.countAll().as('count'))
        .where('tenant', '=', tenant)
        .where('team_id', '=', teamId)
        .executeTakeFirst()
      return Number(row?.count ?? 0)
    },
    ...readClientSecrets(session),
    ...readClientJwks(session),
  }
}

export function writeClients(session: Session): ClientReads & ClientWrites {
  return {
    ...readClients(session),
    async insert(client) {
      await session.enter(client.tenant)
      await session.db.insertInto('clients').values(encodeClient(client)).execute()
      await insertAccess(session, client)
      await insertOrigins(session, client)
    },
    update: (client) => updateClient(session, client),
    async setCutOff(tenant, id, sequence, cutOffs) {
      await session.enter(tenant)
      session.forget('client', rowName(tenant, id))
      const result = await session.db
        .updateTable('clients')
        .set({ cut_off: sequence, ...(cutOffs === undefined ? {} : { cut_offs: JSON.stringify(cutOffs) }) })
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .executeTakeFirst()
      assertTouched('a cut-off', 1, result.numUpdatedRows)
    },
    delete: (tenant, id) => deleteClient(session, tenant, id),
    ...writeClientSecrets(session),
    ...writeClientJwks(session),
  }
}

/**
 * Gives a row for each API that the client may use. It is one statement, so that the client and its access are read at the
 * same moment.
 */
export function selectClient(db: Kysely<Schema>, tenant: string, id: string) {
  return selectClients(db, tenant).where('clients.id', '=', id)
}

export function selectClients(db: Kysely<Schema>, tenant: string) {
  return db
    .selectFrom('clients')
    .leftJoin('client_access', (join) =>
      join.onRef('client_access.tenant', '=', 'clients.tenant').onRef('client_access.client_id', '=', 'clients.id'),
    )
    .selectAll('clients')
    .select(['client_access.api_id as access_api_id', 'client_access.scope as access_scope'])
    .where('clients.tenant', '=', tenant)
}

async function listClients(session: Session, tenant: string, page: Page, { apiId, teamIds }: ClientFilter = {}) {
  await session.enter(tenant)
  const { db } = session
  let query = db.selectFrom('clients').selectAll().where('tenant', '=', tenant)
  if (apiId !== undefined) query = query.where('id', 'in', clientsOfApi(db, tenant, apiId))
  if (teamIds !== undefined) query = query.where(isAmong(session, 'team_id', teamIds))
  return readPage(session, page, {
    table: 'clients',
    of: { tenant },
    query,
    isNarrow: teamIds !== undefined,
    sorts: { name: nameOrder },
    searched: ['name', 'id'],
    async complete(rows) {
      const ids = rows.map(({ id }) => String(id))
      const access = await db
        .selectFrom('client_access')
        .select(['client_id', 'api_id as access_api_id', 'scope as access_scope'])
        .where('tenant', '=', tenant)
        .where(isAmong(session, 'client_id', ids))
        .execute()
      const byClient = Map.groupBy(access, ({ client_id }) => client_id)
      // Without access it is one row that names no API, as in a left join.
      return rows.map((row) => ({
        ...row,
        rows: (byClient.get(String(row.id)) ?? [{ access_api_id: null }]).map((one) => ({ ...row, ...one })),
      }))
    },
    decode: (row) => decodeClient(row.rows as Row[]) as Client,
  })
}

/** The ids of the clients of these teams. */
export function clientsOfTeams(session: Session, tenant: string, teamIds: readonly string[]) {
  const ids = session.db.selectFrom('clients').select('id').where('tenant', '=', tenant)
  return ids.where(isAmong(session, 'team_id', teamIds))
}

function clientsOfApi(db: Kysely<Schema>, tenant: string, apiId: string) {
  return db.selectFrom('client_access').select('client_id').where('tenant', '=', tenant).where('api_id', '=', apiId)
}

async function updateClient(session: Session, client: Client): Promise<void> {
  await session.enter(client.tenant)
  session.forget('client', rowName(client.tenant, client.id))
  await writeNextVersion(session, 'clients', encodeClient(client))
  await deleteAccess(session, client.tenant, client.id)
  await insertAccess(session, client)
  await deleteOrigins(session, client.tenant, client.id)
  await insertOrigins(session, client)
}

/**
 * Its keys and tokens stay for their owners' lists. The caller revokes them, and without the client none can be used.
 */
async function deleteClient(session: Session, tenant: string, id: string): Promise<void> {
  await session.enter(tenant)
  session.forget('client', rowName(tenant, id))
  const { db } = session
  await deleteAccess(session, tenant, id)
  await deleteOrigins(session, tenant, id)
  await db.deleteFrom('client_secrets').where('tenant', '=', tenant).where('client_id', '=', id).execute()
  await db.deleteFrom('client_jwks').where('tenant', '=', tenant).where('client_id', '=', id).execute()
  const result = await db.deleteFrom('clients').where('tenant', '=', tenant).where('id', '=', id).executeTakeFirst()
  assertTouched('the deletion of a client', 1, result.numDeletedRows)
}

function encodeClient(client: Client) {
  return {
    tenant: client.tenant,
    id: client.id,
    name: client.name,
    type: client.type,
    status: client.status,
    team_id: client.teamId ?? null,
    own: jsonOrNull(client.own),
    guards: JSON.stringify(client.guards),
    authority: JSON.stringify(client.authority),
    metadata: JSON.stringify(client.metadata),
    sign_in: jsonOrNull(client.signIn),
    logo_uri: client.logo?.uri ?? null,
    logo_digest: client.logo?.digest ?? null,
    homepage_uri: client.homepageUri ?? null,
    self_issued_life_seconds_max: client.selfIssuedLifeSecondsMax,
    cut_off: client.cutOff,
    cut_offs: jsonOrNull(client.cutOffs),
    rate_limit: jsonOrNull(client.rateLimit),
    rate_limits: jsonOrNull(client.rateLimits),
    version: client.version,
    created_at: client.createdAt,
    updated_at: client.updatedAt,
  }
}

export function decodeClient(rows: readonly Row[]): Client | undefined {
  const [first] = rows
  if (first === undefined) return undefined
  const columns = new Columns('clients', first.id, first)
  const [uri, digest] = [columns.optionalText('logo_uri'), columns.optionalText('logo_digest')]
  return present({
    tenant: columns.text('tenant'),
    id: columns.text('id'),
    name: columns.text('name'),
    type: columns.word('type', isClientType),
    teamId: columns.optionalText('team_id'),
    own: columns.optionalJson('own', isOwn),
    status: columns.word('status', isStatus),
    access: decodeAccess(rows),
    guards: columns.json('guards', isTextList),
    authority: columns.json('authority', isAuthority),
    metadata: columns.json('metadata', isMetadata),
    signIn: columns.optionalJson('sign_in', isClientSignIn),
    logo: uri === undefined || digest === undefined ? undefined : { uri, digest },
    homepageUri: columns.optionalText('homepage_uri'),
    selfIssuedLifeSecondsMax: columns.count('self_issued_life_seconds_max'),
    cutOff: columns.count('cut_off'),
    cutOffs: columns.optionalJson<CutOffs>('cut_offs', isCutOffs),
    rateLimit: columns.optionalJson('rate_limit', isRateLimit),
    rateLimits: columns.optionalJson('rate_limits', isRateLimits),
    version: columns.version(),
    createdAt: columns.count('created_at'),
    updatedAt: columns.count('updated_at'),
  })
}
