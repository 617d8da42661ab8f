import type { Answer } from '@countersign/client'
import { Command } from 'commander'
import { connectToServer } from '../../connection.ts'
import { leaf, oneOf, type Page, pageOf, type ScopeFlag, scopeFlag, withPage } from '../../flags.ts'
import { requireId } from '../../identifier.ts'
import { noteMore, printJson, printLine, printRecord, printTable } from '../../output.ts'

interface Json {
  readonly json?: true
}

interface CreateFlags extends Json {
  readonly team: string
  readonly audience: string
  readonly scope: ScopeFlag
  readonly reason: string
  readonly until?: string
}

const statuses = ['pending', 'approved', 'refused', 'withdrawn', 'ended'] as const

const create = leaf('create')
  .description('ask for more than the ceiling of a team has; the id of the request alone goes to standard output')
  .requiredOption('--team <id>', 'the team that needs it')
  .requiredOption('--audience <uri>', 'the API')
  .requiredOption('--scope <scope>', 'what the API has on request', scopeFlag)
  .requiredOption('--reason <text>', 'what it is for, for whoever decides')
  .option('--until <time>', 'RFC 3339; it falls back by itself then. Default: for good')
  .action(async ({ json, team, ...body }: CreateFlags) => {
    const made = await connectToServer().management.createAccessRequest({ body: { ...body, teamId: requireId(team) } })
    if (json === true) printJson(made)
    else printLine(made.id)
  })

interface ListFlags extends Json, Page {
  readonly team?: string
  readonly status?: (typeof statuses)[number]
}

const list = withPage(leaf('list'))
  .description('requests for access')
  .option('--team <id>', 'only those of this team')
  .option('--status <status>', statuses.join(', '), oneOf(...statuses))
  .action(async ({ json, team, status, ...flags }: ListFlags) => {
    const filter = { ...(team === undefined ? {} : { teamId: requireId(team) }), ...(status && { status }) }
    const page = await connectToServer().management.listAccessRequests({ query: { ...pageOf(flags), ...filter } })
    if (json === true) return printJson(page)
    printTable(
      ['ID', 'TEAM', 'STATUS', 'UNTIL', { title: 'ASKS FOR', is: 'name' }, { title: 'REASON', is: 'name' }],
      page.data.map((each) => {
        const until = each.given === null ? each.until : each.given.until
        return [each.id, each.teamId, each.status, until ?? '-', `${each.audience} (${each.scope})`, each.reason]
      }),
    )
    noteMore(page.next)
  })

interface ApproveFlags extends Json {
  readonly scope?: ScopeFlag
  readonly until?: string
}

const approve = leaf('approve')
  .description('give what a request asks for, or less: the ceiling of the team has it at once')
  .argument('<id>')
  .option('--scope <scope>', 'less than was asked for', scopeFlag)
  .option('--until <time>', 'RFC 3339, no later than asked for')
  .action(async (id: string, { json, ...body }: ApproveFlags) => {
    show(await connectToServer().management.approveAccessRequest({ params: { id: requireId(id) }, body }), json)
  })

const refuse = leaf('refuse')
  .description('refuse a request, with a reason that the team reads')
  .argument('<id>')
  .requiredOption('--reason <text>', 'for the team')
  .action(async (id: string, { json, reason }: Json & { readonly reason: string }) => {
    const { management } = connectToServer()
    show(await management.refuseAccessRequest({ params: { id: requireId(id) }, body: { reason } }), json)
  })

const withdraw = leaf('withdraw')
  .description('withdraw a request that nobody has decided')
  .argument('<id>')
  .action(async (id: string, { json }: Json) => {
    show(await connectToServer().management.withdrawAccessRequest({ params: { id: requireId(id) }, body: {} }), json)
  })

function show(request: Answer<'withdrawAccessRequest'>, json: true | undefined): void {
  const { given, ...rest } = request
  const text = given === null ? null : `${given.scope} until ${given.until ?? 'further notice'}`
  if (json === true) printJson(request)
  else printRecord({ ...rest, given: text })
}

export const accessRequestsCommand = new Command('access-requests')
  .description('what teams ask for beyond their ceiling, and what came of it')
  .addCommand(create)
  .addCommand(list)
  .addCommand(approve)
  .addCommand(refuse)
  .addCommand(withdraw)
