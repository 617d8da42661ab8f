import type { Seconds } from '@countersign/core'
import { isObject, oneOf } from '../../check.ts'
import type { Row } from '../../columns.ts'
import { Columns } from '../../columns.ts'
import { writeNextVersion } from '../../rows/next_version.ts'
import type { Session } from '../../session.ts'

/** A way in which an account can sign in. An account has one of each kind at most. */
export interface Identity {
  readonly tenant: string
  readonly accountId: string
  readonly kind: IdentityKind
  /** The proof, as the kind has it: a password is its hash. */
  readonly content: { readonly [member: string]: unknown }
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

/** `totp`: the secret of an authenticator app. `recovery_codes`: what signs in once where that is lost. */
export type IdentityKind = 'password' | 'totp' | 'recovery_codes'

export interface IdentityReads {
  find(tenant: string, accountId: string, kind: IdentityKind): Promise<Identity | undefined>
}

export interface IdentityWrites {
  /** Makes it, or replaces the one of that kind. */
  put(identity: Pick<Identity, 'tenant' | 'accountId' | 'kind' | 'content'>, now: Seconds): Promise<void>
  /** Replaces the version before: compare-and-set. Throws `RowCountError` when that version is not there. */
  update(identity: Identity): Promise<void>
  /** Nothing happens where there is none. */
  delete(tenant: string, accountId: string, kind: IdentityKind): Promise<void>
  /** Removes all that the account has. */
  deleteAll(tenant: string, accountId: string): Promise<void>
}

const kinds: { readonly [Kind in IdentityKind]: true } = { password: true, totp: true, recovery_codes: true }
const isKind = oneOf<IdentityKind>(kinds)

/** Every kind there is. */
export const identityKinds = Object.keys(kinds) as readonly IdentityKind[]

export function readIdentities(session: Session): IdentityReads {
  return {
    async find(tenant, accountId, kind) {
      await session.enter(tenant)
      const row = await session.db
        .selectFrom('identities')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('account_id', '=', accountId)
        .where('kind', '=', kind)
        .executeTakeFirst()
      return row && decodeIdentity(row)
    },
  }
}

export function writeIdentities(session: Session): IdentityReads & IdentityWrites {
  return {
    ...readIdentities(session),
    async put({ tenant, accountId, kind, content }, now) {
      await session.enter(tenant)
      const at = Math.floor(now)
      const values = { tenant, account_id: accountId, kind, content: JSON.stringify(content), version: 1 }
      await session.db
        .insertInto('identities')
        .values({ ...values, created_at: at, updated_at: at })
        .onConflict((conflict) =>
          conflict.columns(['tenant', 'account_id', 'kind']).doUpdateSet((eb) => ({
            content: eb.ref('excluded.content'),
            version: eb('identities.version', '+', 1),
            updated_at: at,
          })),
        )
        .execute()
    },
    async update({ tenant, accountId, kind, content, version, createdAt, updatedAt }) {
      const row = { tenant, account_id: accountId, kind, content: JSON.stringify(content), version }
      const times = { created_at: createdAt, updated_at: updatedAt }
      await writeNextVersion(session, 'identities', { ...row, ...times }, ['account_id', 'kind'])
    },
    async delete(tenant, accountId, kind) {
      await session.enter(tenant)
      await session.db
        .deleteFrom('identities')
        .where('tenant', '=', tenant)
        .where('account_id', '=', accountId)
        .where('kind', '=', kind)
        .execute()
    },
    async deleteAll(tenant, accountId) {
      await session.enter(tenant)
      await session.db
        .deleteFrom('identities')
        .where('tenant', '=', tenant)
        .where('account_id', '=', accountId)
        .execute()
    },
  }
}

function decodeIdentity(row: Row): Identity {
  const columns = new Columns('identities', row.account_id, row)
  return {
    tenant: columns.text('tenant'),
    accountId: columns.text('account_id'),
    kind: columns.word('kind', isKind),
    content: columns.json('content', isObject),
    version: columns.version(),
    createdAt: columns.count('created_at'),
    updatedAt: columns.count('updated_at'),
  }
}
