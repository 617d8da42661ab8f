/** A flag that is missing where only the user can choose: an error that lists the choices. */
import type { ManagementClient } from '@countersign/client'
import { CommandError } from './exit.ts'

const shownMax = 20

type Management = Pick<ManagementClient, 'listAll'>

export async function requireAudience(management: Management, audience: string | undefined): Promise<string> {
  if (audience !== undefined) return audience
  const apis = await take(management.listAll('listApis'))
  throw missing(
    '--audience',
    apis.filter(({ builtIn }) => !builtIn).map((api) => [api.audience, api.name]),
    'countersign apis create makes one',
  )
}

export async function requireClient(management: Management, client: string | undefined, audience: string) {
  if (client !== undefined) return client
  const clients = await take(management.listAll('listClients'))
  const fit = clients.filter(({ access }) => access.some((each) => each.audience === audience))
  throw missing(
    '--client',
    fit.map(({ clientId, name }) => [clientId, name]),
    `no client has access to ${audience}: countersign clients create makes one`,
  )
}

/** Empty scope is no access: what a credential may do is said, never guessed. */
export async function requireScope(
  management: Pick<ManagementClient, 'getClient'>,
  scope: string | undefined,
  of: { readonly client: string; readonly audience: string },
): Promise<string> {
  if (scope !== undefined) return scope
  const { access } = await management.getClient({ params: { clientId: of.client } })
  const tokens = access.find(({ audience }) => audience === of.audience)?.scope.split(' ') ?? []
  throw missing(
    '--scope',
    tokens.filter((token) => token !== '').map((token) => [token, '']),
    `client ${of.client} has no access to ${of.audience}`,
  )
}

function missing(flag: string, choices: readonly (readonly [string, string])[], none: string): CommandError {
  if (choices.length === 0)
    return new CommandError('usage', `${flag} is missing, and there is nothing to choose: ${none}`)
  const width = Math.max(...choices.map(([value]) => value.length))
  const lines = choices.slice(0, shownMax).map(([value, name]) => `\n  ${value.padEnd(width)}  ${name}`.trimEnd())
  const more = choices.length > shownMax ? '\n  …' : ''
  return new CommandError('usage', `${flag} is missing; choose from:${lines.join('')}${more}`)
}

async function take<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const taken: T[] = []
  for await (const item of items) {
    taken.push(item)
    if (taken.length > 500) break
  }
  return taken
}
