import { accountIdPrefix, randomBase62, type Seconds, type Status } from '@countersign/core'
import type { Kysely } from 'kysely'
import { isText, oneOf, recordOf } from '../../check.ts'
import type { Row } from '../../columns.ts'
import { Columns, present } from '../../columns.ts'
import { nameOrder, type Page, readPage } from '../../page.ts'
import { writeNextVersion } from '../../rows/next_version.ts'
import type { Schema } from '../../schema.ts'
import type { Session } from '../../session.ts'
import { isStatus } from '../../stored_json.ts'

/** A person. Whether anybody may sign in as it stands in its identities. */
export interface Account {
  readonly tenant: string
  readonly id: string
  /** As it was given; absent once the account was deleted. */
  readonly email?: string
  /** Somebody has shown that mail to it reaches the person. A verified address is unique in its tenant. */
  readonly emailVerified: boolean
  readonly name: string
  /** The id that the owner of the APIs has for the person, unique in the tenant. */
  readonly externalSubject?: string
  /** `revoked` is the tombstone of a deleted account: its id is never given again. */
  readonly status: Status
  /** An operator has reach over the tenant. Absent: none. */
  readonly role?: AccountRole
  /** The management scope of an operator; empty for all others. */
  readonly scope: string
  /** Scope text by API id: the most that the account may give there. An API that is not here has its own default. */
  readonly access: { readonly [apiId: string]: string }
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

export type AccountRole = 'operator'

/** The members of a new account that its maker chooses. */
export type AccountDraft = Pick<
  Account,
  'tenant' | 'emailVerified' | 'name' | 'externalSubject' | 'role' | 'scope' | 'access'
> & {
  readonly email?: string
}

/** The record of a new account, with a random id. */
export function newAccount(
  draft: AccountDraft,
  { now, randomBytes }: { readonly now: Seconds; readonly randomBytes: (count: number) => Uint8Array },
): Account {
  const at = Math.floor(now)
  const id = `${accountIdPrefix}${randomBase62(20, randomBytes)}`
  return { ...draft, id, status: 'active', version: 1, createdAt: at, updatedAt: at }
}

/** A deleted account: it keeps its id, and nothing that tells who it was. */
export function endedAccount(account: Account): Account {
  if (account.status !== 'revoked') return account
  const { email: _, externalSubject: __, role: ___, ...rest } = account
  return { ...rest, emailVerified: false, name: '', scope: '', access: {} }
}

export interface AccountFilter {
  /** Only the account with this id of the owner's. */
  readonly externalSubject?: string | undefined
}

export interface AccountReads {
  find(tenant: string, id: string): Promise<Account | undefined>
  /** The account whose verified address this is, whatever its letters' case. */
  findByEmail(tenant: string, email: string): Promise<Account | undefined>
  /** Deleted ones are in no list. */
  list(tenant: string, page: Page, filter?: AccountFilter): Promise<readonly Account[]>
}

export interface AccountWrites {
  insert(account: Account): Promise<void>
  update(account: Account): Promise<void>
}

const isRole = oneOf<AccountRole>({ operator: true })
const isAccess = recordOf(isText)

/** Addresses that differ in case or in the form of a character reach the same person, as far as anybody can tell. */
export function emailKey(email: string): string {
  return email.normalize('NFC').toLowerCase()
}

export function selectAccount(db: Kysely<Schema>, tenant: string, id: string) {
  return db.selectFrom('accounts').selectAll().where('tenant', '=', tenant).where('id', '=', id)
}

export function readAccounts(session: Session): AccountReads {
  const select = (tenant: string) => session.db.selectFrom('accounts').selectAll().where('tenant', '=', tenant)
  return {
    async find(tenant, id) {
      await session.enter(tenant)
      const row = await selectAccount(session.db, tenant, id).executeTakeFirst()
      return row && decodeAccount(row)
    },
    async findByEmail(tenant, email) {
      await session.enter(tenant)
      const row = await select(tenant)
        .where('email_key', '=', emailKey(email))
        .where('email_verified', '=', 1)
        .executeTakeFirst()
      return row && decodeAccount(row)
    },
    async list(tenant, page, { externalSubject } = {}) {
      await session.enter(tenant)
      let query = select(tenant).where('status', '!=', 'revoked')
      if (externalSubject !== undefined) query = query.where('external_subject', '=', externalSubject)
      return readPage(session, page, {
        table: 'accounts',
        of: { tenant },
        query,
        sorts: { name: nameOrder },
        searched: ['name', 'id', 'email', 'external_subject'],
        decode: decodeAccount,
      })
    },
  }
}

export function writeAccounts(session: Session): AccountReads & AccountWrites {
  return {
    ...readAccounts(session),
    async insert(account) {
      await session.enter(account.tenant)
      await session.db.insertInto('accounts').values(encodeAccount(account)).execute()
    },
    update: (account) => writeNextVersion(session, 'accounts', encodeAccount(account)),
  }
}

function encodeAccount(account: Account) {
  const { email } = account
  return {
    tenant: account.tenant,
    id: account.id,
    email: email ?? null,
    email_key: email === undefined ? null : emailKey(email),
    email_verified: account.emailVerified ? 1 : 0,
    name: account.name,
    external_subject: account.externalSubject ?? null,
    status: account.status,
    role: account.role ?? null,
    scope: account.scope,
    access: JSON.stringify(account.access),
    version: account.version,
    created_at: account.createdAt,
    updated_at: account.updatedAt,
  }
}

export function decodeAccount(row: Row): Account {
  const columns = new Columns('accounts', row.id, row)
  return present({
    tenant: columns.text('tenant'),
    id: columns.text('id'),
    email: columns.optionalText('email'),
    emailVerified: columns.flag('email_verified'),
    name: columns.text('name'),
    externalSubject: columns.optionalText('external_subject'),
    status: columns.word('status', isStatus),
    role: columns.optionalWord('role', isRole),
    scope: columns.text('scope'),
    access: columns.json('access', isAccess),
    version: columns.version(),
    createdAt: columns.count('created_at'),
    updatedAt: columns.count('updated_at'),
  })
}
