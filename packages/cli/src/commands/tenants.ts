import { Command } from 'commander'
import { confirm, type Yes, yesOption } from '../confirm.ts'
import { connectToServer } from '../connection.ts'
import { leaf, type Page, pageOf, withPage } from '../flags.ts'
import { note, noteMore, printJson, printLine, printRecord, printTable } from '../output.ts'

interface Json {
  readonly json?: true
}

const create = leaf('create')
  .description('make a tenant with an issuer of its own; its administrator’s key alone goes to standard output')
  .argument('<slug>', 'its part of the issuer: lower-case letters, digits, single hyphens')
  .option('--name <name>', 'for people; default: the slug')
  .action(async (slug: string, { json, name }: Json & { readonly name?: string }) => {
    const made = await connectToServer().management.createTenant({ body: { slug, name: name ?? slug } })
    if (json === true) return printJson(made)
    note(`tenant ${made.id}, issuer ${made.issuer}; the key is shown once`)
    printLine(made.adminKey)
  })

const list = withPage(leaf('list'))
  .description('tenants')
  .action(async ({ json, ...page }: Json & Page) => {
    const answer = await connectToServer().management.listTenants({ query: pageOf(page) })
    if (json === true) return printJson(answer)
    printTable(
      ['ID', { title: 'NAME', is: 'name' }, 'STATUS', 'ISSUER'],
      answer.data.map(({ id, name, status, issuer }) => [id, name, status, issuer]),
    )
    noteMore(answer.next)
  })

const show = leaf('show')
  .description('one tenant')
  .argument('<id>')
  .action(async (id: string, { json }: Json) => {
    const tenant = await connectToServer().management.getTenant({ params: { id } })
    if (json === true) printJson(tenant)
    else printRecord(tenant)
  })

const remove = leaf('delete')
  .description('delete a tenant and all it has; its slug is never used again')
  .argument('<id>')
  .option(...yesOption)
  .action(async (id: string, { json, yes }: Json & Yes) => {
    const { management } = connectToServer()
    const { name, issuer } = await management.getTenant({ params: { id } })
    await confirm(`Delete tenant ${name} (${issuer}) with every API, client, key and token in it?`, { yes })
    const gone = await management.deleteTenant({ params: { id } })
    if (json === true) printJson(gone)
    else printLine(`${gone.id}  deleted  feed sequence ${gone.feedSequence}`)
  })

export const tenantsCommand = new Command('tenants')
  .description('tenants of this installation, each an issuer of its own')
  .addCommand(create)
  .addCommand(list)
  .addCommand(show)
  .addCommand(remove)
