import type { ManagementClient } from '@countersign/client'
import { Command } from 'commander'
import { confirm, type Yes, yesOption } from '../confirm.ts'
import { connectToServer } from '../connection.ts'
import { CommandError } from '../exit.ts'
import { leaf, type Page, pageOf, withPage } from '../flags.ts'
import { quoted } from '../identifier.ts'
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

/** Ids have an underscore, slugs have none. `default` is the id of the first tenant, which has no slug. */
async function findTenantId(management: ManagementClient, given: string): Promise<string> {
  if (given === 'default' || given.includes('_')) return given
  for await (const tenant of management.listAll('listTenants')) if (tenant.slug === given) return tenant.id
  throw new CommandError('notFound', `there is no tenant ${quoted(given)}`)
}

const show = leaf('show')
  .description('one tenant')
  .argument('<id|slug>')
  .action(async (given: string, { json }: Json) => {
    const { management } = connectToServer()
    const tenant = await management.getTenant({ params: { id: await findTenantId(management, given) } })
    if (json === true) printJson(tenant)
    else printRecord(tenant)
  })

const remove = leaf('delete')
  .description('delete a tenant and all it has; its slug is never used again')
  .argument('<id|slug>')
  .option(...yesOption)
  .action(async (given: string, { json, yes }: Json & Yes) => {
    const { management } = connectToServer()
    const id = await findTenantId(management, given)
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
