import type { Row } from '../columns.ts'
import { Columns, present } from '../columns.ts'
import { decodeSound } from '../page.ts'
import type { ClientSecret } from '../records.ts'
import type { Session } from '../session.ts'
import type { ReadRepositories, WriteTransaction } from '../store.ts'

export function readClientSecrets(session: Session): Pick<ReadRepositories['clients'], 'secrets'> {
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

export function writeClientSecrets(
  session: Session,
): Pick<WriteTransaction['clients'], 'insertSecret' | 'expireSecrets' | 'deleteSecret' | 'deleteSecrets'> {
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
