import type { Seconds } from '@countersign/core'
import type { Client, WriteTransaction } from '@countersign/store'

/** Revokes all that the client holds and deletes it. Gives it as its entry says it then. */
export async function endClient(transaction: WriteTransaction, client: Client, now: Seconds): Promise<Client> {
  const { tenant, id } = client
  await transaction.keys.revokeByClient(tenant, id, Math.floor(now))
  await transaction.tokens.revokeByClient(tenant, id, Math.floor(now))
  await transaction.clients.delete(tenant, id)
  if (client.logo !== undefined) await transaction.logos.deleteUnused(tenant, client.logo.digest)
  return { ...client, status: 'revoked', version: client.version + 1 }
}
