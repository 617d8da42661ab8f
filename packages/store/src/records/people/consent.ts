import { randomBase62, type Seconds, type Status } from '@countersign/core'
import type { Row } from '../../columns.ts'
import { Columns } from '../../columns.ts'
import { type Page, readPage } from '../../page.ts'
import { writeNextVersion } from '../../rows/next_version.ts'
import type { Session } from '../../session.ts'
import { isStatus } from '../../stored_json.ts'

/** The scope that an account allows one client at one API. It grows or is removed, and never narrows. */
export interface Consent {
  readonly tenant: string
  readonly id: string
  readonly accountId: string
  readonly clientId: string
  readonly apiId: string
  /** With the identity scopes, which belong to no API. */
  readonly scope: string
  readonly status: Status
  /** The feed sequence at which it was last given. */
  readonly position: number
  readonly lastUsedAt: Seconds
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

export interface ConsentFilter {
  readonly accountId?: string
  readonly clientId?: string
}

/** The record of a new consent, with a random id. */
export function newConsent(
  draft: Pick<Consent, 'tenant' | 'accountId' | 'clientId' | 'apiId' | 'scope' | 'position'>,
  { now, randomBytes }: { readonly now: Seconds; readonly randomBytes: (count: number) => Uint8Array },
): Consent {
  const at = Math.floor(now)
  const id = `consent_${randomBase62(20, randomBytes)}`
  return { ...draft, id, status: 'active', lastUsedAt: at, version: 1, createdAt: at, updatedAt: at }
}

export interface ConsentReads {
  find(tenant: string, id: string): Promise<Consent | undefined>
  /** The one that is active; there is one at most. */
  findGiven(tenant: string, of: Pick<Consent, 'accountId' | 'clientId' | 'apiId'>): Promise<Consent | undefined>
  /** Only active ones. */
  list(tenant: string, filter: ConsentFilter, page: Page): Promise<readonly Consent[]>
}

export interface ConsentWrites {
  insert(consent: Consent): Promise<void>
  update(consent: Consent): Promise<void>
}

export function readConsents(session: Session): ConsentReads {
  const select = (tenant: string) => session.db.selectFrom('consents').selectAll().where('tenant', '=', tenant)
  return {
    async find(tenant, id) {
      await session.enter(tenant)
      const row = await select(tenant).where('id', '=', id).executeTakeFirst()
      return row && decodeConsent(row)
    },
    async findGiven(tenant, { accountId, clientId, apiId }) {
      await session.enter(tenant)
      const row = await select(tenant)
        .where('account_id', '=', accountId)
        .where('client_id', '=', clientId)
        .where('api_id', '=', apiId)
        .where('status', '=', 'active')
        .executeTakeFirst()
      return row && decodeConsent(row)
    },
    async list(tenant, { accountId, clientId }, page) {
      await session.enter(tenant)
      let query = select(tenant).where('status', '=', 'active')
      if (accountId !== undefined) query = query.where('account_id', '=', accountId)
      if (clientId !== undefined) query = query.where('client_id', '=', clientId)
      return readPage(session, page, { table: 'consents', of: { tenant }, query, decode: decodeConsent })
    },
  }
}

export function writeConsents(session: Session): ConsentReads & ConsentWrites {
  return {
    ...readConsents(session),
    async insert(consent) {
      await session.enter(consent.tenant)
      await session.db.insertInto('consents').values(encodeConsent(consent)).execute()
    },
    update: (consent) => writeNextVersion(session, 'consents', encodeConsent(consent)),
  }
}

function encodeConsent(consent: Consent) {
  return {
    tenant: consent.tenant,
    id: consent.id,
    account_id: consent.accountId,
    client_id: consent.clientId,
    api_id: consent.apiId,
    scope: consent.scope,
    status: consent.status,
    position: consent.position,
    last_used_at: consent.lastUsedAt,
    version: consent.version,
    created_at: consent.createdAt,
    updated_at: consent.updatedAt,
  }
}

function decodeConsent(row: Row): Consent {
  const columns = new Columns('consents', row.id, row)
  return {
    tenant: columns.text('tenant'),
    id: columns.text('id'),
    accountId: columns.text('account_id'),
    clientId: columns.text('client_id'),
    apiId: columns.text('api_id'),
    scope: columns.text('scope'),
    status: columns.word('status', isStatus),
    position: columns.count('position'),
    lastUsedAt: columns.count('last_used_at'),
    version: columns.version(),
    createdAt: columns.count('created_at'),
    updatedAt: columns.count('updated_at'),
  }
}
