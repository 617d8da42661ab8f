/** `countersign clients secret`: what a client authenticates with at the token endpoint. */
import type { ManagementClient } from '@countersign/client'
import { Command } from 'commander'
import { connectToServer } from '../connection.ts'
import { CommandError } from '../exit.ts'
import { leaf, parseDuration } from '../flags.ts'
import { requireId } from '../identifier.ts'
import { note, printJson, printLine, printTable } from '../output.ts'
import { callServer } from '../raw_call.ts'

interface Json {
  readonly json?: true
}

const add = leaf('add')
  .description('a new secret, which alone goes to standard output; the others go on, or end after the grace')
  .argument('<client>')
  .option('--grace <duration>', 'the others end after it, such as 1h', parseDuration)
  .action(async (clientId: string, { json, grace }: Json & { readonly grace?: number }) => {
    const body = grace === undefined ? {} : { graceSeconds: grace }
    const { management } = connectToServer()
    const made = await management.createClientSecret({ params: { clientId: requireId(clientId) }, body })
    if (json === true) return printJson(made)
    note(`secret ${made.id} of ${made.clientId}, shown once`)
    printLine(made.clientSecret)
  })

const list = leaf('list')
  .description('the secrets of a client, never their text')
  .argument('<client>')
  .action(async (clientId: string, { json }: Json) => {
    const client = await connectToServer().management.getClient({ params: { clientId: requireId(clientId) } })
    if (json === true) return printJson({ data: client.secrets })
    printTable(
      ['ID', 'CREATED', 'EXPIRES'],
      client.secrets.map(({ id, createdAt, expiresAt }) => [id, createdAt, expiresAt]),
    )
  })

const revoke = leaf('revoke')
  .description('end one client secret at once, by its id, as list and scan show it')
  .argument('<client|secret>', 'its client; or the secret alone, whose client is then looked for')
  .argument('[secret]')
  .action(async (first: string, second: string | undefined, { json }: Json) => {
    const connection = connectToServer()
    const id = requireId(second ?? first)
    const clientId = second === undefined ? await ownerOf(connection.management, id) : requireId(first)
    const path = `/v1/clients/${encodeURIComponent(clientId)}/secrets/${encodeURIComponent(id)}/revoke`
    const answer = await callServer(connection, 'POST', path, '{}')
    if (json === true) printJson(JSON.parse(answer))
    else printLine(`${id}  revoked`)
  })

/** A leaked secret names itself and not its client. */
async function ownerOf(management: ManagementClient, secretId: string): Promise<string> {
  for await (const { clientId, secrets } of management.listAll('listClients')) {
    if (secrets.some(({ id }) => id === secretId)) return clientId
  }
  throw new CommandError('notFound', `no client has a secret ${secretId}`)
}

export const clientSecretCommand = new Command('secret')
  .description('client secrets: add, list, revoke')
  .addCommand(add)
  .addCommand(list)
  .addCommand(revoke)
