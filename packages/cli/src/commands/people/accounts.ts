import type { Query } from '@countersign/client'
import { Command } from 'commander'
import { type Access, accessLines, collectAccess } from '../../access_flag.ts'
import { confirm, type Yes, yesOption } from '../../confirm.ts'
import { connectToServer } from '../../connection.ts'
import { CommandError } from '../../exit.ts'
import { type Listing, leaf, listingOf, oneOf, scopeFlag, withListing } from '../../flags.ts'
import { requireId } from '../../identifier.ts'
import { note, noteMore, printJson, printLine, printRecord, printTable } from '../../output.ts'
import { readSecretInput } from '../../standard_input.ts'

interface Json {
  readonly json?: true
}

interface SetFlags extends Json {
  readonly name?: string
  readonly email?: string
  /** Or `none`. */
  readonly externalSubject?: string
  readonly verified?: true
  readonly operator?: boolean
  readonly scope?: string
  readonly access?: readonly Access[]
  readonly passwordStdin?: true
}

function withSettings(command: Command): Command {
  return command
    .option('--name <name>', 'the name of the person')
    .option('--email <address>', 'the address of the person')
    .option('--external-subject <id>', 'your own id of the person, which tokens carry; with update also none')
    .option('--verified', 'mail to the address is known to reach the person')
    .option('--operator', 'may run this tenant, with --scope or all management scopes')
    .option('--scope <scope>', 'the management scope of an operator: tokens with spaces between them')
    .option('--access <audience=scope>', 'the most that the account may give to an API: once for each', collectAccess)
    .option('--password-stdin', 'read a password from standard input; needs --verified')
}

async function readSettings({ name, email, verified, operator, scope, access, passwordStdin }: SetFlags) {
  const password = passwordStdin === true ? (await readSecretInput('the password')).reveal() : undefined
  return {
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    ...(verified === undefined ? {} : { emailVerified: verified }),
    ...(scope === undefined ? {} : { scope: scopeFlag(scope) }),
    ...(access === undefined ? {} : { access: [...access] }),
    ...(password === undefined ? {} : { password }),
    ...(operator === true ? { role: 'operator' as const } : {}),
  }
}

const create = withSettings(leaf('create'))
  .description('make an account: a person who can sign in')
  .action(async (flags: SetFlags) => {
    const { email, name } = flags
    if (email === undefined) throw new CommandError('usage', '--email is missing: the address of the person')
    const { externalSubject } = flags
    const external = externalSubject === undefined ? {} : { externalSubject }
    const body = { ...(await readSettings(flags)), ...external, email, name: name ?? email }
    const made = await connectToServer().management.createAccount({ body })
    if (flags.json === true) return printJson(made)
    note(`countersign accounts link ${made.id} makes a link that signs in once`)
    printLine(made.id)
  })

const list = withListing(leaf('list'), 'createdAt', 'name')
  .description('accounts')
  .option('--external-subject <id>', 'only the one with this id of yours')
  .action(async ({ json, externalSubject, ...flags }: Json & Listing & Pick<SetFlags, 'externalSubject'>) => {
    const only = externalSubject === undefined ? {} : { externalSubject }
    const page = await connectToServer().management.listAccounts({
      query: { ...listingOf<Query<'listAccounts'>>(flags), ...only },
    })
    if (json === true) return printJson(page)
    printTable(
      ['ID', { title: 'NAME', is: 'name' }, { title: 'EMAIL', is: 'name' }, 'ROLE', 'STATUS'],
      page.data.map(({ id, name, email, role, status }) => [id, name, email ?? '-', role ?? '-', status]),
    )
    noteMore(page.next)
  })

const show = leaf('show')
  .description('one account')
  .argument('<id>')
  .action(async (id: string, { json }: Json) => {
    const account = await connectToServer().management.getAccount({ params: { id: requireId(id) } })
    if (json === true) printJson(account)
    else printRecord({ ...account, access: accessLines(account.access) })
  })

const update = withSettings(leaf('update'))
  .description('change an account; access given here replaces all it had, and a new password signs it out everywhere')
  .argument('<id>')
  .option('--no-operator', 'takes the role and its scope away')
  .option('--status <status>', 'active or disabled; disabled ends all it has, for good', oneOf('active', 'disabled'))
  .action(async (id: string, flags: SetFlags & { readonly status?: 'active' | 'disabled' }) => {
    const { operator, status } = flags
    const role = operator === false ? { role: null } : {}
    const { externalSubject: given } = flags
    const external = given === undefined ? {} : { externalSubject: given === 'none' ? null : given }
    const body = { ...(await readSettings(flags)), ...external, ...role, ...(status === undefined ? {} : { status }) }
    if (Object.keys(body).length === 0) throw new CommandError('usage', 'nothing to change: give at least one flag')
    const account = await connectToServer().management.updateAccount({ params: { id: requireId(id) }, body })
    if (flags.json === true) printJson(account)
    else printRecord({ ...account, access: accessLines(account.access) })
  })

const link = leaf('link')
  .description('a link that signs the person in once, within 60 minutes; it alone goes to standard output')
  .argument('<id>')
  .action(async (id: string, { json }: Json) => {
    const made = await connectToServer().management.createAccountLink({ params: { id: requireId(id) } })
    if (json === true) return printJson(made)
    note(`good once, until ${made.expiresAt}: whoever has it can sign in as this account`)
    printLine(made.url)
  })

const revoke = leaf('revoke')
  .description('sign a person out everywhere: every session and token of the account ends')
  .argument('<id>')
  .option('--reason <text>', 'the reason, for the audit log')
  .action(async (id: string, { json, reason }: Json & { readonly reason?: string }) => {
    const body = reason === undefined ? {} : { reason }
    const ended = await connectToServer().management.revokeAccount({ params: { id: requireId(id) }, body })
    if (json === true) printJson(ended)
    else printRecord(ended)
  })

const remove = leaf('delete')
  .description('delete an account; all it has ends, and what told who it was is erased')
  .argument('<id>')
  .option(...yesOption)
  .action(async (id: string, { json, yes }: Json & Yes) => {
    const { management } = connectToServer()
    await confirm(`Delete account ${requireId(id)} and end everything it has?`, { yes })
    const gone = await management.deleteAccount({ params: { id: requireId(id) } })
    if (json === true) printJson(gone)
    else printLine(`${gone.id}  deleted  feed sequence ${gone.feedSequence}`)
  })

export const accountsCommand = new Command('accounts')
  .description('people who can sign in')
  .addCommand(create)
  .addCommand(list)
  .addCommand(show)
  .addCommand(update)
  .addCommand(link)
  .addCommand(revoke)
  .addCommand(remove)
