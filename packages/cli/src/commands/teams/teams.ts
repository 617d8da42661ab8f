import type { Body } from '@countersign/client'
import { Command } from 'commander'
import { type Access, accessLines, collectAccess } from '../../access_flag.ts'
import { confirm, type Yes, yesOption } from '../../confirm.ts'
import { connectToServer } from '../../connection.ts'
import { CommandError } from '../../exit.ts'
import { type Listing, leaf, listingOf, oneOf, parseJsonFlag, withListing } from '../../flags.ts'
import { requireId } from '../../identifier.ts'
import { noteMore, printJson, printLine, printRecord, printTable } from '../../output.ts'
import { teamInvitationsCommand, teamMembersCommand } from './members.ts'

interface Json {
  readonly json?: true
}

interface SetFlags extends Json {
  readonly name?: string
  readonly access?: readonly Access[]
  readonly externalId?: string
  readonly metadata?: { readonly [name: string]: unknown }
  readonly status?: 'active' | 'disabled'
}

function withSettings(command: Command): Command {
  return command
    .option('--name <name>', 'for people')
    .option(
      '--access <audience=scope>',
      'the ceiling: the most a client of it can have; once for each API',
      collectAccess,
    )
    .option('--external-id <id>', 'your own id of the team')
    .option('--metadata <json>', 'a JSON object of yours', parseJsonFlag)
    .option('--status <status>', 'active or disabled; disabled refuses its clients', oneOf('active', 'disabled'))
}

function readSettings({ name, access, externalId, metadata, status }: SetFlags) {
  return {
    ...(name === undefined ? {} : { name }),
    ...(access === undefined ? {} : { access: [...access] }),
    ...(externalId === undefined ? {} : { externalId }),
    ...(metadata === undefined ? {} : { metadata: metadata as NonNullable<Body<'createTeam'>['metadata']> }),
    ...(status === undefined ? {} : { status }),
  }
}

const create = withSettings(leaf('create'))
  .description('make a team; its id alone goes to standard output')
  .action(async (flags: SetFlags) => {
    const { name } = flags
    if (name === undefined) throw new CommandError('usage', '--name is missing: a name for people')
    const made = await connectToServer().management.createTeam({ body: { access: [], ...readSettings(flags), name } })
    if (flags.json === true) printJson(made)
    else printLine(made.id)
  })

const list = withListing(leaf('list'), 'createdAt', 'name')
  .description('teams')
  .action(async ({ json, ...flags }: Json & Listing) => {
    const page = await connectToServer().management.listTeams({ query: listingOf(flags) })
    if (json === true) return printJson(page)
    printTable(
      ['ID', { title: 'NAME', is: 'name' }, 'STATUS', { title: 'CEILING', is: 'name' }],
      page.data.map(({ id, name, status, access }) => [id, name, status, accessLines(access).join(', ')]),
    )
    noteMore(page.next)
  })

const show = leaf('show')
  .description('one team')
  .argument('<id>')
  .action(async (id: string, { json }: Json) => {
    const team = await connectToServer().management.getTeam({ params: { id: requireId(id) } })
    if (json === true) printJson(team)
    else printRecord({ ...team, access: accessLines(team.access) })
  })

const update = withSettings(leaf('update'))
  .description('change a team; access given here replaces its ceiling, at once, for every client of it')
  .argument('<id>')
  .action(async (id: string, flags: SetFlags) => {
    const body = readSettings(flags)
    if (Object.keys(body).length === 0) throw new CommandError('usage', 'nothing to change: give at least one flag')
    const team = await connectToServer().management.updateTeam({ params: { id: requireId(id) }, body })
    if (flags.json === true) printJson(team)
    else printRecord({ ...team, access: accessLines(team.access) })
  })

const remove = leaf('delete')
  .description('delete a team and its clients; everything that they hold is revoked')
  .argument('<id>')
  .option(...yesOption)
  .action(async (id: string, { json, yes }: Json & Yes) => {
    const { management } = connectToServer()
    const { name } = await management.getTeam({ params: { id: requireId(id) } })
    await confirm(`Delete team ${name} with every client, key and token of it?`, { yes })
    const gone = await management.deleteTeam({ params: { id } })
    if (json === true) printJson(gone)
    else printLine(`${gone.id}  deleted with ${gone.clients} clients  feed sequence ${gone.feedSequence}`)
  })

export const teamsCommand = new Command('teams')
  .description('people who share clients, and the most that a client of theirs can have')
  .addCommand(create)
  .addCommand(list)
  .addCommand(show)
  .addCommand(update)
  .addCommand(remove)
  .addCommand(teamMembersCommand)
  .addCommand(teamInvitationsCommand)
