/** Commands of `countersign token` for tokens that the server lists: minted as keys, or opaque. */
import type { Query } from '@countersign/client'
import { connectToServer } from '../connection.ts'
import { CommandError } from '../exit.ts'
import { leaf, type Page, pageOf, parseTimeFlag, withPage } from '../flags.ts'
import { requireId } from '../identifier.ts'
import { noteMore, printJson, printLine, printRecord, printTable } from '../output.ts'

interface Json {
  readonly json?: true
}

export const listTokens = withPage(leaf('list'))
  .description('minted and opaque tokens')
  .option('--client <id>', 'only those of one client')
  .action(async ({ json, client, ...page }: Json & Page & { readonly client?: string }) => {
    const query: Query<'listTokens'> = { ...pageOf(page), ...(client === undefined ? {} : { clientId: client }) }
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
  .description('end a minted or opaque token for good, and every token that came from it')
  .argument('<jti>')
  .option('--reason <text>', 'the reason, for the audit log')
  .action(async (jti: string, { json, reason }: Json & { readonly reason?: string }) => {
    const params = { jti: requireId(jti) }
    const { management } = connectToServer()
    const revoked = await management.revokeToken({ params, body: reason === undefined ? {} : { reason } })
    if (json === true) printJson(revoked)
    else printLine(`${revoked.jti}  ${revoked.status}  feed sequence ${revoked.feedSequence}`)
  })
