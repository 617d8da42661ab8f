import type { Body } from '@countersign/client'
import { Command } from 'commander'
import { type Access, accessLines, collectAccess } from '../access_flag.ts'
import { requireAudience } from '../choices.ts'
import { confirm, type Yes, yesOption } from '../confirm.ts'
import { connectToServer } from '../connection.ts'
import { CommandError } from '../exit.ts'
import {
  collect,
  collectRateLimit,
  collectWhole,
  type Force,
  forceOption,
  type Listing,
  leaf,
  listingOf,
  oneOf,
  orNone,
  parseJsonFlag,
  type RatePolicyFlag,
  rateLimitHelp,
  readForce,
  readJwks,
  readRateLimits,
  scopeFlag,
  withListing,
} from '../flags.ts'
import { requireId } from '../identifier.ts'
import { note, noteMore, printJson, printLine, printRecord, printTable } from '../output.ts'
import { clientSecretCommand } from './client_secrets.ts'

interface Json {
  readonly json?: true
}

interface SetFlags extends Json {
  readonly name?: string
  readonly audience?: string
  readonly scope?: string
  readonly access?: readonly Access[]
  readonly guards?: readonly string[]
  readonly redirectUri?: readonly string[]
  readonly verified?: boolean
  readonly consent?: 'ask' | 'skip'
  readonly pkce?: boolean
  readonly postLogoutRedirectUri?: readonly string[]
  readonly offlineAccess?: boolean
  readonly idTokenAlg?: (typeof idTokenAlgs)[number]
  readonly logo?: string | false
  readonly homepage?: string | false
  readonly jwks?: string
  readonly rateLimit?: readonly RatePolicyFlag[] | 'none'
  readonly metadata?: { readonly [name: string]: unknown }
  /** Or `none`. */
  readonly team?: string
}

const idTokenAlgs = ['RS256', 'ES256', 'EdDSA', 'PS256'] as const

function withSettings(command: Command): Command {
  return command
    .option('--name <name>', 'for people')
    .option('--audience <uri>', 'an API it may use; goes with --scope')
    .option('--scope <scope>', 'the scope it may ever have there: tokens with spaces between them')
    .option('--access <audience=scope>', 'the same for several APIs: once for each', collectAccess)
    .option('--guards <audience>', 'audiences it may verify credentials for, as verifiers and gateways do', collect)
    .option('--redirect-uri <uri>', 'where people may be sent back to; once for each', collectWhole)
    .option('--no-verified', 'its maker is not known here: people are warned, and asked each time')
    .option('--consent <how>', 'ask, or skip for applications of your own', oneOf('ask', 'skip'))
    .option('--no-pkce', 'a client that authenticates may do without PKCE')
    .option('--post-logout-redirect-uri <uri>', 'where /oauth/logout may send people to; once for each', collectWhole)
    .option('--offline-access', 'it gets a refresh token when it asks for offline_access')
    .option('--no-offline-access', 'it gets none, as is usual; native clients always do')
    .option('--id-token-alg <alg>', `of its ID tokens: ${idTokenAlgs.join(', ')}`, oneOf(...idTokenAlgs))
    .option('--logo <uri>', 'a picture to fetch now, which people see: PNG, JPEG or WebP, at most 64 KB')
    .option('--no-logo', 'show no picture')
    .option('--homepage <uri>', 'the https URL of its home page, which people see')
    .option('--no-homepage', 'show no home page')
    .option('--jwks <file>', 'its public keys, a JWK Set')
    .option('--rate-limit <rate>', `for each API; ${rateLimitHelp}`, orNone(collectRateLimit))
    .option('--metadata <json>', 'a JSON object that every verification answers', parseJsonFlag)
    .option('--team <id>', 'the team that it is of; with update also none: it then is the tenant’s own')
}

function readSettings({
  name,
  audience,
  scope,
  access,
  guards,
  redirectUri,
  verified,
  consent,
  pkce,
  postLogoutRedirectUri,
  offlineAccess,
  idTokenAlg,
  logo,
  homepage,
  jwks,
  rateLimit,
  metadata,
}: SetFlags) {
  if ((audience === undefined) !== (scope === undefined)) {
    throw new CommandError('usage', '--audience and --scope go together: which API, and what may be done there')
  }
  const pair = audience === undefined || scope === undefined ? [] : [{ audience, scope: scopeFlag(scope) }]
  const all = [...pair, ...(access ?? [])]
  return {
    ...(name === undefined ? {} : { name }),
    ...(all.length === 0 ? {} : { access: all }),
    ...(guards === undefined ? {} : { guards: [...guards] }),
    ...(redirectUri === undefined ? {} : { redirectUris: [...redirectUri] }),
    // Commander sets the positive of a `--no-` flag where it is left out.
    ...(verified === false ? { verified } : {}),
    ...(consent === undefined ? {} : { consent }),
    ...(pkce === false ? { requirePkce: false } : {}),
    ...(postLogoutRedirectUri === undefined ? {} : { postLogoutRedirectUris: [...postLogoutRedirectUri] }),
    ...(offlineAccess === undefined ? {} : { offlineAccess }),
    ...(idTokenAlg === undefined ? {} : { idTokenAlg }),
    ...(typeof logo === 'string' ? { logoUri: logo } : logo === false ? { logoUri: null } : {}),
    ...(typeof homepage === 'string' ? { homepageUri: homepage } : homepage === false ? { homepageUri: null } : {}),
    ...(jwks === undefined ? {} : { jwks: readJwks(jwks) }),
    ...readRateLimits(rateLimit),
    ...(metadata === undefined ? {} : { metadata: metadata as NonNullable<Body<'createClient'>['metadata']> }),
  }
}

const types = ['service', 'web', 'spa', 'native', 'agent'] as const

const create = withSettings(leaf('create'))
  .description('register a client; its secret is shown once')
  .option('--type <type>', types.join(', '), oneOf(...types), 'service')
  .action(async (flags: SetFlags & { readonly type: (typeof types)[number] }) => {
    const { name, ...settings } = readSettings(flags)
    if (name === undefined) throw new CommandError('usage', '--name is missing: a name for people')
    const team = flags.team === undefined ? {} : { teamId: requireId(flags.team) }
    const body = { access: [], ...settings, ...team, name, type: flags.type }
    const { management } = connectToServer()
    if (flags.audience !== undefined) await requireAudience(management, flags.audience)
    const made = await management.createClient({ body })
    if (flags.json === true) return printJson(made)
    if (made.clientSecret !== undefined) note('the secret is shown once')
    printRecord({ clientId: made.clientId, clientSecret: made.clientSecret })
  })

const list = withListing(leaf('list'), 'createdAt', 'name')
  .description('clients')
  .action(async ({ json, ...flags }: Json & Listing) => {
    const page = await connectToServer().management.listClients({ query: listingOf(flags) })
    if (json === true) return printJson(page)
    printTable(
      ['ID', { title: 'NAME', is: 'name' }, 'TYPE', 'STATUS', { title: 'ACCESS', is: 'name' }],
      page.data.map(({ clientId, name, type, status, access }) => [
        clientId,
        name,
        type,
        status,
        accessLines(access).join(', '),
      ]),
    )
    noteMore(page.next)
  })

const show = leaf('show')
  .description('one client')
  .argument('<id>')
  .action(async (clientId: string, { json }: Json) => {
    const client = await connectToServer().management.getClient({ params: { clientId: requireId(clientId) } })
    if (json === true) printJson(client)
    else printRecord({ ...client, access: accessLines(client.access) })
  })

const update = withSettings(leaf('update'))
  .description('change a client; access given here replaces all it had, at once, for every live credential')
  .argument('<id>')
  .option(
    '--status <status>',
    'active or disabled; disabled refuses all of its credentials',
    oneOf('active', 'disabled'),
  )
  .option(...forceOption)
  .action(async (clientId: string, flags: SetFlags & Force & { readonly status?: 'active' | 'disabled' }) => {
    const { status } = flags
    const team = flags.team === undefined ? {} : { teamId: flags.team === 'none' ? null : requireId(flags.team) }
    const body = { ...readSettings(flags), ...team, ...(status === undefined ? {} : { status }) }
    if (Object.keys(body).length === 0) throw new CommandError('usage', 'nothing to change: give at least one flag')
    const client = await connectToServer().management.updateClient({
      params: { clientId: requireId(clientId) },
      body: { ...body, ...readForce(flags) },
    })
    if (flags.json === true) printJson(client)
    else printRecord({ ...client, access: accessLines(client.access) })
  })

const revoke = leaf('revoke')
  .description('end all keys, tokens, secrets and public keys of a client; new ones can be made at once')
  .argument('<id>')
  .option('--reason <text>', 'the reason, for the audit log')
  .option(...forceOption)
  .option(...yesOption)
  .action(async (clientId: string, { json, reason, force, yes }: Json & Force & Yes & { readonly reason?: string }) => {
    const body = { ...readForce({ force }), ...(reason === undefined ? {} : { reason }) }
    const { management } = connectToServer()
    await confirm(`End every key, token, secret and public key of ${requireId(clientId)}?`, { yes })
    const ended = await management.revokeClient({ params: { clientId: requireId(clientId) }, body })
    if (json === true) printJson(ended)
    else printRecord(ended)
  })

const remove = leaf('delete')
  .description('delete a client; everything it holds is revoked')
  .argument('<id>')
  .option(...forceOption)
  .option(...yesOption)
  .action(async (clientId: string, { json, force, yes }: Json & Force & Yes) => {
    const query = force === true ? { force: 'true' as const } : {}
    const { management } = connectToServer()
    await confirm(`Delete client ${requireId(clientId)} and end everything it holds?`, { yes })
    const gone = await management.deleteClient({ params: { clientId: requireId(clientId) }, query })
    if (json === true) printJson(gone)
    else printLine(`${gone.clientId}  deleted  feed sequence ${gone.feedSequence}`)
  })

export const clientsCommand = new Command('clients')
  .description('the parties that hold credentials')
  .addCommand(create)
  .addCommand(list)
  .addCommand(show)
  .addCommand(update)
  .addCommand(clientSecretCommand)
  .addCommand(revoke)
  .addCommand(remove)
