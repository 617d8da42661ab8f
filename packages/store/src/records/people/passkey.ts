import type { Seconds } from '@countersign/core'
import type { Row } from '../../columns.ts'
import { Columns, present } from '../../columns.ts'
import { assertTouched } from '../../errors.ts'
import { writeNextVersion } from '../../rows/next_version.ts'
import type { Session } from '../../session.ts'
import { isTextList } from '../../stored_json.ts'

/** A passkey of an account (WebAuthn): its public half, and all that is needed to know it again. */
export interface Passkey {
  readonly tenant: string
  /** The credential id, base64url. */
  readonly id: string
  readonly accountId: string
  /** Random, base64url: the name that the authenticator has for the account. All passkeys of an account share it. */
  readonly userHandle: string
  /** The name that the person gave it. */
  readonly name: string
  /** The COSE key, base64url. */
  readonly publicKey: string
  /** Signatures that the authenticator has counted; 0 where it counts none. */
  readonly counter: number
  /** How a browser reaches it, such as `internal` or `usb`. */
  readonly transports: readonly string[]
  /** It is kept on several devices, so it is no proof of one piece of hardware. */
  readonly isSynced: boolean
  readonly lastUsedAt?: Seconds
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

export interface PasskeyReads {
  find(tenant: string, id: string): Promise<Passkey | undefined>
  /** All of the account, the oldest first. */
  ofAccount(tenant: string, accountId: string): Promise<readonly Passkey[]>
}

export interface PasskeyWrites {
  insert(passkey: Passkey): Promise<void>
  update(passkey: Passkey): Promise<void>
  /** Throws `RowCountError` when it is not there. */
  delete(tenant: string, id: string): Promise<void>
  /** Removes all that the account has. */
  deleteAll(tenant: string, accountId: string): Promise<void>
}

export function readPasskeys(session: Session): PasskeyReads {
  const select = (tenant: string) => session.db.selectFrom('passkeys').selectAll().where('tenant', '=', tenant)
  return {
    async find(tenant, id) {
      await session.enter(tenant)
      const row = await select(tenant).where('id', '=', id).executeTakeFirst()
      return row && decodePasskey(row)
    },
    async ofAccount(tenant, accountId) {
      await session.enter(tenant)
      const rows = await select(tenant)
        .where('account_id', '=', accountId)
        .orderBy('created_at')
        .orderBy('id')
        .execute()
      return rows.map(decodePasskey)
    },
  }
}

export function writePasskeys(session: Session): PasskeyReads & PasskeyWrites {
  return {
    ...readPasskeys(session),
    async insert(record) {
      await session.enter(record.tenant)
      await session.db.insertInto('passkeys').values(encodePasskey(record)).execute()
    },
    update: (record) => writeNextVersion(session, 'passkeys', encodePasskey(record)),
    async delete(tenant, id) {
      await session.enter(tenant)
      const result = await session.db
        .deleteFrom('passkeys')
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .executeTakeFirst()
      assertTouched('the end of a passkey', 1, result.numDeletedRows)
    },
    async deleteAll(tenant, accountId) {
      await session.enter(tenant)
      await session.db.deleteFrom('passkeys').where('tenant', '=', tenant).where('account_id', '=', accountId).execute()
    },
  }
}

function encodePasskey(record: Passkey) {
  return {
    tenant: record.tenant,
    id: record.id,
    account_id: record.accountId,
    user_handle: record.userHandle,
    name: record.name,
    public_key: record.publicKey,
    counter: record.counter,
    transports: JSON.stringify(record.transports),
    is_synced: record.isSynced ? 1 : 0,
    last_used_at: record.lastUsedAt ?? null,
    version: record.version,
    created_at: record.createdAt,
    updated_at: record.updatedAt,
  }
}

function decodePasskey(row: Row): Passkey {
  const columns = new Columns('passkeys', row.id, row)
  return present({
    tenant: columns.text('tenant'),
    id: columns.text('id'),
    accountId: columns.text('account_id'),
    userHandle: columns.text('user_handle'),
    name: columns.text('name'),
    publicKey: columns.text('public_key'),
    counter: columns.count('counter'),
    transports: columns.json('transports', isTextList),
    isSynced: columns.flag('is_synced'),
    lastUsedAt: columns.optionalCount('last_used_at'),
    version: columns.version(),
    createdAt: columns.count('created_at'),
    updatedAt: columns.count('updated_at'),
  })
}
