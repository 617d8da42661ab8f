import { Command } from 'commander'
import { connectToServer } from '../../connection.ts'
import { leaf, type Page, pageOf, withPage } from '../../flags.ts'
import { requireId } from '../../identifier.ts'
import { noteMore, printJson, printLine, printTable } from '../../output.ts'

interface Json {
  readonly json?: true
}

const list = withPage(leaf('list'))
  .description('sessions that are active')
  .option('--account <id>', 'only those of this account')
  .action(async ({ json, account, ...flags }: Json & Page & { readonly account?: string }) => {
    const query = { ...pageOf(flags), ...(account === undefined ? {} : { accountId: requireId(account) }) }
    const page = await connectToServer().management.listSessions({ query })
    if (json === true) return printJson(page)
    printTable(
      ['ID', 'ACCOUNT', 'LAST SEEN', 'ADDRESS'],
      page.data.map(({ id, accountId, lastSeenAt, address }) => [id, accountId, lastSeenAt, address ?? '-']),
    )
    noteMore(page.next)
  })

const revoke = leaf('revoke')
  .description('end a session, and what was made from it')
  .argument('<id>')
  .option('--reason <text>', 'the reason, for the audit log')
  .action(async (id: string, { json, reason }: Json & { readonly reason?: string }) => {
    const body = reason === undefined ? {} : { reason }
    const ended = await connectToServer().management.revokeSession({ params: { id: requireId(id) }, body })
    if (json === true) printJson(ended)
    else printLine(`${ended.id}  ${ended.status}  feed sequence ${ended.feedSequence}`)
  })

export const sessionsCommand = new Command('sessions')
  .description('where people are signed in')
  .addCommand(list)
  .addCommand(revoke)
