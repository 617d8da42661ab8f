/** A flag that is missing where only the user can choose: an error that lists the choices. */
import type { ManagementClient } from '@countersign/client'
import { CommandError } from './exit.ts'
import { type ScopeFlag, scopeFlag } from './flags.ts'
import { quoted } from './identifier.ts'

const shownMax = 20
/** So many are read to find one. */
const takenMax = 500

type Management = Pick<ManagementClient, 'listAll'>

/** The audience that was given, once the server knows it. Without one, or with another, the error lists the choices. */
export async function requireAudience(management: Management, audience: string | undefined): Promise<string> {
  const apis = await take(management.listAll('listApis'))
  // Where there are very many, the server itself says that it does not know this one.
  const isKnown = apis.length > takenMax || apis.some((api) => api.audience === audience)
  if (audience !== undefined && isKnown) return audience
  throw unfit(
    '--audience',
    audience,
    apis.filter(({ builtIn }) => !builtIn).map((api) => [api.audience, api.name]),
    'countersign apis create makes one',
  )
}

export async function requireClient(
  management: Management & Pick<ManagementClient, 'getClient'>,
  client: string | undefined,
  audience: string,
): Promise<string> {
  if (client !== undefined && (await isClient(management, client))) return client
  const clients = await take(management.listAll('listClients'))
  const fit = clients.filter(({ access }) => access.some((each) => each.audience === audience))
  throw unfit(
    '--client',
    client,
    fit.map(({ clientId, name }) => [clientId, name]),
    `no client has access to ${audience}: countersign clients create makes one`,
  )
}

async function isClient(management: Pick<ManagementClient, 'getClient'>, clientId: string): Promise<boolean> {
  try {
    await management.getClient({ params: { clientId } })
    return true
  } catch (error) {
    // Who may not read clients may still name one.
    return (error as { readonly status?: unknown }).status !== 404
  }
}

/** Empty scope is no access: what a credential may do is said, never guessed. */
export async function requireScope(
  management: Pick<ManagementClient, 'getClient'>,
  scope: string | undefined,
  of: { readonly client: string; readonly audience: string },
): Promise<ScopeFlag> {
  if (scope !== undefined) return scopeFlag(scope)
  throw among(
    '--scope is missing',
    await scopesOf(management, of),
    `client ${of.client} has no access to ${of.audience}`,
  )
}

/** The server's refusal of a scope, with what the client may have there where the caller may read that. */
export async function explainScope(
  refusal: unknown,
  management: Pick<ManagementClient, 'getClient'>,
  of: { readonly client: string; readonly audience: string },
): Promise<never> {
  const { errors = [] } = refusal as {
    readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
  }
  const flaw = errors.find(({ pointer }) => pointer === '/scope')
  if (flaw === undefined) throw refusal
  const scopes = await scopesOf(management, of).catch(() => [])
  throw scopes.length === 0 ? refusal : among(`--scope ${flaw.detail}`, scopes, '')
}

async function scopesOf(
  management: Pick<ManagementClient, 'getClient'>,
  of: { readonly client: string; readonly audience: string },
): Promise<readonly Choice[]> {
  const { access } = await management.getClient({ params: { clientId: of.client } })
  const tokens = access.find(({ audience }) => audience === of.audience)?.scope.split(' ') ?? []
  return tokens.filter((token) => token !== '').map((token) => [token, ''])
}

type Choice = readonly [value: string, name: string]

function unfit(flag: string, given: string | undefined, choices: readonly Choice[], none: string): CommandError {
  const what = given === undefined ? `${flag} is missing` : `${flag} ${quoted(given)} is not known here`
  return among(what, choices, none)
}

function among(what: string, choices: readonly Choice[], none: string): CommandError {
  if (choices.length === 0) return new CommandError('usage', `${what}, and there is nothing to choose: ${none}`)
  const width = Math.max(...choices.map(([value]) => value.length))
  const lines = choices.slice(0, shownMax).map(([value, name]) => `\n  ${value.padEnd(width)}  ${name}`.trimEnd())
  const more = choices.length > shownMax ? '\n  …' : ''
  return new CommandError('usage', `${what}; choose from:${lines.join('')}${more}`)
}

async function take<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const taken: T[] = []
  for await (const item of items) {
    taken.push(item)
    if (taken.length > takenMax) break
  }
  return taken
}
