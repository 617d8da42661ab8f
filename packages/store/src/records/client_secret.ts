import { digest, type Seconds } from '@countersign/core'
import type { Row } from '../columns.ts'
import { Columns, present } from '../columns.ts'
import { decodeSound } from '../page.ts'
import type { Session } from '../session.ts'

/** A client secret as stored. Its text is not: only the digest is. */
export interface ClientSecret {
  readonly tenant: string
  readonly id: string
  readonly clientId: string
  /** Base64url SHA-256 of the whole secret as presented. */
  readonly digest: string
  readonly createdAt: Seconds
  /** The end of its grace; absent while it is current. */
  readonly expiresAt?: Seconds
}

/** The record of a client secret whose text was generated just now; the text itself is not kept. */
export async function newClientSecret(
  { id, text }: { readonly id: string; readonly text: string },
  client: { readonly tenant: string; readonly id: string },
  now: Seconds,
): Promise<ClientSecret> {
  return { tenant: client.tenant, id, clientId: client.id, digest: await digest(text), createdAt: Math.floor(now) }
}

export interface ClientSecretReads {
  secrets(tenant: string, clientId: string): Promise<readonly ClientSecret[]>
}

export interface ClientSecretWrites {
  insertSecret(secret: ClientSecret): Promise<void>
  /** Ends every current secret of the client but `exceptId` at `expiresAt`, never later than before. Gives how many. */
  expireSecrets(tenant: string, clientId: string, expiresAt: Seconds, exceptId?: string): Promise<number>
  /** Does nothing when the secret is not there. */
  deleteSecret(tenant: string, clientId: string, id: string): Promise<void>
  /** Deletes the secrets made at or before `madeBy`, default all. Gives how many. */
  deleteSecrets(tenant: string, clientId: string, madeBy?: Seconds): Promise<number>
}

export function readClientSecrets(session: Session): ClientSecretReads {
  return {
    async secrets(tenant, clientId) {
      await session.enter(tenant)
      const rows = await session.db
        .selectFrom('client_secrets')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('client_id', '=', clientId)
        .orderBy('created_at')
        .orderBy('id')
        .execute()
      return decodeSound(session, rows, decodeClientSecret)
    },
  }
}

export function writeClientSecrets(session: Session): ClientSecretWrites {
  return {
    async insertSecret(secret) {
      await session.enter(secret.tenant)
      await session.db
        .insertInto('client_secrets')
        .values({
          tenant: secret.tenant,
          id: secret.id,
          client_id: secret.clientId,
          digest: secret.digest,
          created_at: secret.createdAt,
          expires_at: secret.expiresAt ?? null,
        })
        .execute()
    },
    async expireSecrets(tenant, clientId, expiresAt, exceptId) {
      await session.enter(tenant)
      let query = session.db
        .updateTable('client_secrets')
        .set({ expires_at: expiresAt })
        .where('tenant', '=', tenant)
        .where('client_id', '=', clientId)
        .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', expiresAt)]))
      if (exceptId !== undefined) query = query.where('id', '!=', exceptId)
      const result = await query.executeTakeFirst()
      return Number(result.numUpdatedRows)
    },
    async deleteSecret(tenant, clientId, id) {
      await session.enter(tenant)
      await session.db
        .deleteFrom('client_secrets')
        .where('tenant', '=', tenant)
        .where('client_id', '=', clientId)
        .where('id', '=', id)
        .execute()
    },
    async deleteSecrets(tenant, clientId, madeBy = Number.MAX_SAFE_INTEGER) {
      await session.enter(tenant)
      const result = await session.db
        .deleteFrom('client_secrets')
        .where('tenant', '=', tenant)
        .where('client_id', '=', clientId)
        .where('created_at', '<=', madeBy)
        .executeTakeFirst()
      return Number(result.numDeletedRows)
    },
  }
}

export function decodeClientSecret(row: Row): ClientSecret {
  const columns = new Columns('client_secrets', row.id, row)
  return present({
    tenant: columns.text('tenant'),
    id: columns.text('id'),
    clientId: columns.text('client_id'),
    digest: columns.text('digest'),
    createdAt: columns.count('created_at'),
    expiresAt: columns.optionalCount('expires_at'),
  })
}
