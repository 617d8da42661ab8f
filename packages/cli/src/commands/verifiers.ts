import { Command } from 'commander'
import { requireAudience } from '../choices.ts'
import { connectToServer } from '../connection.ts'
import { leaf } from '../flags.ts'
import { note, printJson, printLine, printTable } from '../output.ts'

interface CreateFlags {
  readonly json?: true
  readonly audience?: string
  readonly name?: string
}

const create = leaf('create')
  .description('make the key that a verifier or gateway needs; it alone goes to standard output')
  .option('--audience <uri>', 'the API whose callers it verifies')
  .option('--name <name>', 'for people; default: verifier of the audience')
  .action(async (flags: CreateFlags) => {
    const { issuer, management } = connectToServer()
    const audience = await requireAudience(management, flags.audience)
    const name = flags.name ?? `Verifier of ${audience}`.slice(0, 200)
    // A client of its own: what it may do ends with it, and nothing else does.
    const access = [{ audience: `${issuer}/v1`, scope: 'credentials:verify' }]
    const { clientId } = await management.createClient({
      body: { name, type: 'service', access, guards: [audience] },
    })
    const body = { clientId, audience: `${issuer}/v1`, scope: 'credentials:verify', name }
    const made = await management.createKey({ body })
    if (flags.json === true) return printJson({ id: made.id, key: made.key, clientId, audience, name })
    note(`key ${made.id} of ${clientId}, shown once; it verifies for ${audience} and may do nothing else`)
    note(
      `give it to the verifier as COUNTERSIGN_KEY, beside COUNTERSIGN_URL=${issuer} COUNTERSIGN_AUDIENCE=${audience}`,
    )
    printLine(made.key)
  })

const list = leaf('list')
  .description('clients that verify for an API, and for which')
  .action(async ({ json }: { readonly json?: true }) => {
    const data = []
    for await (const client of connectToServer().management.listAll('listClients')) {
      const { clientId, name, status, guards } = client
      if (guards.length > 0) data.push({ clientId, name, status, guards })
    }
    if (json === true) return printJson({ data })
    printTable(
      ['ID', { title: 'NAME', is: 'name' }, 'STATUS', { title: 'GUARDS', is: 'name' }],
      data.map(({ clientId, name, status, guards }) => [clientId, name, status, guards.join(' ')]),
    )
  })

export const verifiersCommand = new Command('verifiers')
  .description('verifiers and gateways: the keys with which they ask the server')
  .addCommand(create)
  .addCommand(list)
