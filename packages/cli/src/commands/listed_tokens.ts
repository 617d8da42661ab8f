/** Commands of `countersign token` for tokens that the server lists: minted as keys, or opaque. */
import type { Query } from '@countersign/client'
import { confirm, type Yes, yesOption } from '../confirm.ts'
import { connectToServer } from '../connection.ts'
import { CommandError } from '../exit.ts'
import {
  type Force,
  forceOption,
  type Listing,
  leaf,
  listingOf,
  parseTimeFlag,
  readForce,
  withListing,
} from '../flags.ts'
import { requireId } from '../identifier.ts'
import { noteMore, printJson, printLine, printRecord, printTable } from '../output.ts'

interface Json {
  readonly json?: true
}

interface ListFlags extends Json, Listing {
  readonly client?: string
  readonly subject?: string
}

export const listTokens = withListing(leaf('list'), 'createdAt', 'name', 'expiresAt')
  .description('minted and opaque tokens')
  .option('--client <id>', 'only those of one client')
  .option('--subject <text>', 'only those that speak for one party')
  .action(async ({ json, client, subject, ...page }: ListFlags) => {
    const query: Query<'listTokens'> = {
      ...listingOf<Query<'listTokens'>>(page),
      ...(client === undefined ? {} : { clientId: client }),
      ...(subject === undefined ? {} : { subject }),
    }
    const answer = await connectToServer().management.listTokens({ query })
    if (json === true) return printJson(answer)
    printTable(
      [
        'JTI',
        { title: 'NAME', is: 'name' },
        'CLIENT',
        { title: 'SCOPE', is: 'name' },
        'STATUS',
        { title: 'EXPIRES', is: 'extra' },
        { title: 'AUDIENCE', is: 'extra' },
        { title: 'FORMAT', is: 'extra' },
      ],
      answer.data.map((token) => [
        token.jti,
        token.name,
        token.clientId,
        token.scope,
        token.status,
        token.expiresAt,
        token.audience,
        token.format,
      ]),
    )
    noteMore(answer.next)
  })

export const showToken = leaf('show')
  .description('one minted or opaque token, never its text')
  .argument('<jti>')
  .action(async (jti: string, { json }: Json) => {
    const token = await connectToServer().management.getToken({ params: { jti: requireId(jti) } })
    if (json === true) printJson(token)
    else printRecord(token)
  })

interface UpdateFlags extends Json {
  readonly scope?: string
  readonly expiresAt?: string
}

export const updateToken = leaf('update')
  .description('narrow, widen or end earlier a token that is out; it holds at every verifier within the bound')
  .argument('<jti>')
  .option('--scope <scope>', 'its scope: tokens with spaces between them')
  .option('--expires-at <time>', 'its end (RFC 3339), not after the one it was issued with', parseTimeFlag)
  .action(async (jti: string, { json, scope, expiresAt }: UpdateFlags) => {
    if (scope === undefined && expiresAt === undefined) {
      throw new CommandError('usage', 'nothing to change: give --scope or --expires-at')
    }
    const body = { ...(scope === undefined ? {} : { scope }), ...(expiresAt === undefined ? {} : { expiresAt }) }
    const token = await connectToServer().management.updateToken({ params: { jti: requireId(jti) }, body })
    if (json === true) printJson(token)
    else printRecord(token)
  })

export const revokeToken = leaf('revoke')
  .description('end a token for good, and every token that came from it')
  .argument('[jti]', 'the jti of a minted or opaque token; with --client, of any JWT of ours')
  .option('--client <id>', 'the client that the JWT was issued to, where no list has it')
  .option('--subject <text>', 'end every key and token issued until now that speaks for this party')
  .option('--reason <text>', 'the reason, for the audit log')
  .option(...forceOption)
  .option(...yesOption)
  .action(async (jti: string | undefined, { json, yes, force, ...flags }: RevokeFlags) => {
    const { client, subject, ...reason } = flags
    if ((jti === undefined) === (subject === undefined))
      throw new CommandError('usage', 'countersign token revoke needs either a jti or --subject TEXT')
    if (client !== undefined && jti === undefined) throw new CommandError('usage', '--client needs a jti')
    const { management } = connectToServer()
    if (jti !== undefined && client === undefined) {
      const revoked = await management.revokeToken({ params: { jti: requireId(jti) }, body: reason })
      if (json === true) printJson(revoked)
      else printLine(`${revoked.jti}  ${revoked.status}  feed sequence ${revoked.feedSequence}`)
      return
    }
    if (subject !== undefined) await confirm(`End every key and token that speaks for ${subject}?`, { yes })
    const named = jti !== undefined ? { jti, clientId: requireId(client as string) } : { subject }
    const ended = await management.createRevocation({ body: { ...named, ...readForce({ force }), ...reason } })
    if (json === true) printJson(ended)
    else
      printLine(`${jti ?? subject}  revoked  feed sequence ${ended.feedSequence}  listed ${ended.matched ?? 'nowhere'}`)
  })

interface RevokeFlags extends Json, Force, Yes {
  readonly client?: string
  readonly subject?: string
  readonly reason?: string
}
