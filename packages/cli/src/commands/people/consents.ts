import { Command } from 'commander'
import { connectToServer } from '../../connection.ts'
import { leaf, type Page, pageOf, withPage } from '../../flags.ts'
import { requireId } from '../../identifier.ts'
import { noteMore, printJson, printLine, printTable } from '../../output.ts'

interface Json {
  readonly json?: true
}

interface Filter {
  readonly account?: string
  readonly client?: string
}

const list = withPage(leaf('list'))
  .description('what accounts allow applications')
  .option('--account <id>', 'only those of this account')
  .option('--client <id>', 'only those for this client')
  .action(async ({ json, account, client, ...flags }: Json & Page & Filter) => {
    const query = {
      ...pageOf(flags),
      ...(account === undefined ? {} : { accountId: requireId(account) }),
      ...(client === undefined ? {} : { clientId: requireId(client) }),
    }
    const page = await connectToServer().management.listConsents({ query })
    if (json === true) return printJson(page)
    printTable(
      ['ID', 'ACCOUNT', 'CLIENT', { title: 'SCOPE', is: 'name' }],
      page.data.map(({ id, accountId, clientId, scope }) => [id, accountId, clientId, scope]),
    )
    noteMore(page.next)
  })

const revoke = leaf('revoke')
  .description('remove a consent, and end every token that came about by it')
  .argument('<id>')
  .option('--reason <text>', 'the reason, for the audit log')
  .action(async (id: string, { json, reason }: Json & { readonly reason?: string }) => {
    const body = reason === undefined ? {} : { reason }
    const ended = await connectToServer().management.revokeConsent({ params: { id: requireId(id) }, body })
    if (json === true) printJson(ended)
    else printLine(`${ended.id}  ${ended.status}  feed sequence ${ended.feedSequence}`)
  })

export const consentsCommand = new Command('consents')
  .description('what people allow applications')
  .addCommand(list)
  .addCommand(revoke)
