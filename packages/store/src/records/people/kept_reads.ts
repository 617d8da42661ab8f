/**
 * The reads that every request of a session needs: they are kept statements, since building such a statement costs several
 * times what SQLite needs to run it.
 */
import type { Database } from '../../database.ts'
import type { ReadRepositories } from '../../store.ts'
import { decodeTeamsOfAccount, selectTeamsOfAccount } from '../teams/membership.ts'
import { decodeAccount, selectAccount } from './account.ts'
import { decodeAccountSession, selectAccountSession } from './account_session.ts'

export function withKeptReads(database: Database, reads: ReadRepositories): ReadRepositories {
  const { reader } = database
  const account = database.keep(selectAccount(reader, '', '').compile())
  const session = database.keep(selectAccountSession(reader, '', '').compile())
  const teams = database.keep(selectTeamsOfAccount(reader, '', '').compile())
  return {
    ...reads,
    accounts: {
      ...reads.accounts,
      async find(tenant, id) {
        const [row] = await account([tenant, id])
        return row && decodeAccount(row)
      },
    },
    sessions: {
      ...reads.sessions,
      async find(tenant, id) {
        const [row] = await session([tenant, id])
        return row && decodeAccountSession(row)
      },
    },
    memberships: {
      ...reads.memberships,
      ofAccount: async (tenant, accountId) => decodeTeamsOfAccount(await teams([tenant, accountId])),
    },
  }
}
