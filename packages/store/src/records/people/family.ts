import type { Seconds, Status } from '@countersign/core'
import { isCount, isText, shape } from '../../check.ts'
import type { Row } from '../../columns.ts'
import { Columns, jsonOrNull, present } from '../../columns.ts'
import { writeNextVersion } from '../../rows/next_version.ts'
import type { Session } from '../../session.ts'
import { isStatus, isTextList } from '../../stored_json.ts'

/** One run of tokens: it begins with a code, and ends by reuse, removal of its consent, or age. */
export interface Family {
  readonly tenant: string
  readonly id: string
  readonly consentId: string
  readonly accountId: string
  readonly clientId: string
  readonly apiId: string
  /** All that was given with the code, identity scopes included. */
  readonly scope: string
  /** Absent for a family that began before this was kept. */
  readonly signIn?: FamilySignIn
  /** The newest refresh token; absent where the family has none. */
  readonly refresh?: FamilyRefresh
  readonly status: Status
  /** The feed sequence that the server had applied before it read what the family was made from. */
  readonly position: number
  /** Every token of it has ended by then. */
  readonly expiresAt: Seconds
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

/** The sign-in that the tokens speak of. */
export interface FamilySignIn {
  readonly sessionId: string
  readonly authenticatedAt: Seconds
  /** RFC 8176. */
  readonly amr: readonly string[]
}

export interface FamilyRefresh {
  /** Base64url SHA-256 of its text. */
  readonly digest: string
  /** It counts from 1. */
  readonly counter: number
  readonly rotatedAt: Seconds
  /** Unused until then, it is no longer good. */
  readonly idleAt: Seconds
}

export interface FamilyReads {
  find(tenant: string, id: string): Promise<Family | undefined>
}

export interface FamilyWrites {
  insert(family: Family): Promise<void>
  update(family: Family): Promise<void>
}

export function readFamilies(session: Session): FamilyReads {
  return {
    async find(tenant, id) {
      await session.enter(tenant)
      const row = await session.db
        .selectFrom('families')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .executeTakeFirst()
      return row && decodeFamily(row)
    },
  }
}

export function writeFamilies(session: Session): FamilyReads & FamilyWrites {
  return {
    ...readFamilies(session),
    async insert(family) {
      await session.enter(family.tenant)
      await session.db.insertInto('families').values(encodeFamily(family)).execute()
    },
    update: (family) => writeNextVersion(session, 'families', encodeFamily(family)),
  }
}

function encodeFamily(family: Family) {
  return {
    tenant: family.tenant,
    id: family.id,
    consent_id: family.consentId,
    account_id: family.accountId,
    client_id: family.clientId,
    api_id: family.apiId,
    scope: family.scope,
    sign_in: jsonOrNull(family.signIn),
    digest: family.refresh?.digest ?? '',
    counter: family.refresh?.counter ?? 0,
    rotated_at: family.refresh?.rotatedAt ?? 0,
    idle_at: family.refresh?.idleAt ?? 0,
    status: family.status,
    position: family.position,
    expires_at: family.expiresAt,
    version: family.version,
    created_at: family.createdAt,
    updated_at: family.updatedAt,
  }
}

function decodeFamily(row: Row): Family {
  const columns = new Columns('families', row.id, row)
  return present({
    tenant: columns.text('tenant'),
    id: columns.text('id'),
    consentId: columns.text('consent_id'),
    accountId: columns.text('account_id'),
    clientId: columns.text('client_id'),
    apiId: columns.text('api_id'),
    scope: columns.text('scope'),
    signIn: columns.optionalJson('sign_in', isSignIn),
    refresh: decodeRefresh(columns),
    status: columns.word('status', isStatus),
    position: columns.count('position'),
    expiresAt: columns.count('expires_at'),
    version: columns.version(),
    createdAt: columns.count('created_at'),
    updatedAt: columns.count('updated_at'),
  })
}

function decodeRefresh(columns: Columns): FamilyRefresh | undefined {
  const counter = columns.count('counter')
  if (counter === 0) return undefined
  const [rotatedAt, idleAt] = [columns.count('rotated_at'), columns.count('idle_at')]
  return { digest: columns.text('digest'), counter, rotatedAt, idleAt }
}

const isSignIn = shape<FamilySignIn>({ sessionId: isText, authenticatedAt: isCount, amr: isTextList })
