import type { WriteTransaction } from '@countersign/store'

/** The transaction, in which all that is appended is told to the members of the team: they find its audit events. */
export function toldToTeam(transaction: WriteTransaction, teamId: () => string | undefined): WriteTransaction {
  return {
    ...transaction,
    append(change) {
      const id = teamId()
      transaction.append(id === undefined ? change : { ...change, audit: { teamId: id, ...change.audit } })
    },
  }
}
