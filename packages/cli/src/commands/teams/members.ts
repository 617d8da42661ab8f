import { Command } from 'commander'
import { connectToServer } from '../../connection.ts'
import { leaf, oneOf, type Page, pageOf, withPage } from '../../flags.ts'
import { requireId } from '../../identifier.ts'
import { note, noteMore, printJson, printLine, printRecord, printTable } from '../../output.ts'

interface Json {
  readonly json?: true
}

const roles = ['owner', 'developer', 'viewer'] as const

interface RoleFlag extends Json {
  readonly role: (typeof roles)[number]
}

const list = withPage(leaf('list'))
  .description('members of a team')
  .argument('<team>')
  .action(async (id: string, { json, ...flags }: Json & Page) => {
    const query = pageOf(flags)
    const page = await connectToServer().management.listTeamMembers({ params: { id: requireId(id) }, query })
    if (json === true) return printJson(page)
    printTable(
      ['ACCOUNT', { title: 'NAME', is: 'name' }, { title: 'EMAIL', is: 'name' }, 'ROLE', 'STATUS'],
      page.data.map(({ accountId, name, email, role, status }) => [accountId, name, email ?? '-', role, status]),
    )
    noteMore(page.next)
  })

const add = leaf('add')
  .description('add the account with this verified address; where there is none, print a link that invites the person')
  .argument('<team>')
  .requiredOption('--email <address>', 'the address of the person')
  .requiredOption('--role <role>', roles.join(', '), oneOf(...roles))
  .action(async (id: string, { json, email, role }: RoleFlag & { readonly email: string }) => {
    const { management } = connectToServer()
    const { member, invitation } = await management.addTeamMember({
      params: { id: requireId(id) },
      body: { email, role },
    })
    if (json === true) return printJson({ member, invitation })
    if (invitation !== null) {
      note(`good once, until ${invitation.expiresAt}: send it to ${invitation.email}`)
      printLine(invitation.url)
    } else if (member !== null) printLine(`${member.accountId}  ${member.role}`)
  })

const update = leaf('update')
  .description('give a member another role')
  .argument('<team>')
  .argument('<account>')
  .requiredOption('--role <role>', roles.join(', '), oneOf(...roles))
  .action(async (id: string, accountId: string, { json, role }: RoleFlag) => {
    const params = { id: requireId(id), accountId: requireId(accountId) }
    const member = await connectToServer().management.updateTeamMember({ params, body: { role } })
    if (json === true) printJson(member)
    else printRecord(member)
  })

const remove = leaf('remove')
  .description('take a member out; the keys of the team stay')
  .argument('<team>')
  .argument('<account>')
  .action(async (id: string, accountId: string, { json }: Json) => {
    const params = { id: requireId(id), accountId: requireId(accountId) }
    const gone = await connectToServer().management.removeTeamMember({ params })
    if (json === true) printJson(gone)
    else printLine(`${gone.accountId}  removed`)
  })

export const teamMembersCommand = new Command('members')
  .description('members of a team: list, add, update, remove')
  .addCommand(list)
  .addCommand(add)
  .addCommand(update)
  .addCommand(remove)

const listInvited = withPage(leaf('list'))
  .description('invitations that nobody has accepted')
  .argument('<team>')
  .action(async (id: string, { json, ...flags }: Json & Page) => {
    const query = pageOf(flags)
    const page = await connectToServer().management.listInvitations({ params: { id: requireId(id) }, query })
    if (json === true) return printJson(page)
    printTable(
      ['ID', { title: 'EMAIL', is: 'name' }, 'ROLE', 'EXPIRES'],
      page.data.map(({ id: invitationId, email, role, expiresAt }) => [invitationId, email, role, expiresAt]),
    )
    noteMore(page.next)
  })

const takeBack = leaf('delete')
  .description('take an invitation back')
  .argument('<team>')
  .argument('<invitation>')
  .action(async (id: string, invitationId: string, { json }: Json) => {
    const params = { id: requireId(id), invitationId: requireId(invitationId) }
    const gone = await connectToServer().management.deleteInvitation({ params })
    if (json === true) printJson(gone)
    else printLine(`${gone.id}  deleted`)
  })

export const teamInvitationsCommand = new Command('invitations')
  .description('invitations to a team: list, delete')
  .addCommand(listInvited)
  .addCommand(takeBack)
