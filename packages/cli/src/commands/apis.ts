import type { ManagementClient } from '@countersign/client'
import { routeOf } from '@countersign/openapi'
import { Command } from 'commander'
import { connectToServer } from '../connection.ts'
import { loadDocument } from '../document.ts'
import { CommandError, exitCodes } from '../exit.ts'
import {
  collect,
  collectRateLimit,
  collectWhole,
  type Listing,
  leaf,
  listingOf,
  oneOf,
  orNone,
  parseDuration,
  type RatePolicyFlag,
  rateLimitHelp,
  readRateLimits,
  scopeFlag,
  withListing,
} from '../flags.ts'
import { note, noteMore, printJson, printLine, printRecord, printTable } from '../output.ts'

interface Json {
  readonly json?: true
}

/** Flags that an API is made and changed with. */
interface SetFlags {
  readonly accountScope?: string
  readonly selfServiceScope?: string
  readonly onRequestScope?: string
  readonly callUrl?: string
  readonly resource?: readonly string[] | 'none'
}

function withSettings(command: Command): Command {
  return command
    .option('--account-scope <scope>', 'the most that an account without access of its own may give; "" for nothing')
    .option('--self-service-scope <scope>', 'what a team of one’s own gets when it is made; "" for nothing')
    .option('--on-request-scope <scope>', 'what a team may ask for; "" for nothing')
    .option('--resource <uri>', 'a further name of it; repeatable; with update also none', orNone(collectWhole))
    .option('--call-url <url>', 'the URL of the API, for calls that the server makes; with update also none')
}

function readSettings({ accountScope, selfServiceScope, onRequestScope, callUrl, resource }: SetFlags) {
  return {
    ...(accountScope === undefined ? {} : { accountScope: scopeFlag(accountScope) }),
    ...(selfServiceScope === undefined ? {} : { selfServiceScope: scopeFlag(selfServiceScope) }),
    ...(onRequestScope === undefined ? {} : { onRequestScope: scopeFlag(onRequestScope) }),
    ...(callUrl === undefined ? {} : { callUrl }),
    ...(resource === undefined ? {} : { resources: resource === 'none' ? [] : [...resource] }),
  }
}

interface CreateFlags extends Json, SetFlags {
  readonly audience?: string
  readonly name?: string
  readonly scope?: string
  readonly tokenTtl?: number
  readonly tokenFormat?: 'jwt' | 'opaque'
  readonly signingAlg?: (typeof algorithms)[number]
  readonly scopeClaim?: (typeof scopeClaims)[number]
  readonly maxStaleness?: number
  readonly credentialHeader?: readonly string[]
  readonly rateLimit?: readonly RatePolicyFlag[] | 'none'
}

const credentialHeaderHelp =
  'a header in which callers may present a key besides Authorization: Bearer and X-API-Key; repeatable'

const scopeClaims = ['string', 'array', 'structured'] as const
const algorithms = ['ES256', 'EdDSA', 'RS256', 'PS256'] as const

const create = withSettings(leaf('create'))
  .description('register an API')
  .option('--audience <uri>', 'its audience: the URI that its credentials are for')
  .option('--name <name>', 'a name for people; default: the audience')
  .option('--scope <scope>', 'the scopes it knows, with spaces between them')
  .option('--token-ttl <duration>', 'life of its access tokens; default 1h', parseDuration)
  .option('--token-format <format>', 'jwt or opaque', oneOf('jwt', 'opaque'))
  .option('--signing-alg <alg>', algorithms.join(', '), oneOf(...algorithms))
  .option('--scope-claim <form>', `a claim scopes beside scope: ${scopeClaims.join(', ')}`, oneOf(...scopeClaims))
  .option('--max-staleness <duration>', 'ceiling for the bound of its verifiers, 1s to 300s', parseDuration)
  .option('--credential-header <name>', credentialHeaderHelp, collect)
  .option('--rate-limit <rate>', `for all who call it; ${rateLimitHelp}`, orNone(collectRateLimit))
  .action(async (flags: CreateFlags) => {
    const { audience, name, scope, tokenTtl, tokenFormat, signingAlg, scopeClaim, maxStaleness, rateLimit } = flags
    if (audience === undefined) throw new CommandError('usage', '--audience is missing: a URI that names the API')
    const names = (scope ?? '').split(' ').filter((each) => each !== '')
    const api = await connectToServer().management.createApi({
      body: {
        audience,
        name: name ?? audience.slice(0, 200),
        scopes: names.map((each) => ({ name: each })),
        ...(tokenTtl === undefined ? {} : { tokenTtlSeconds: tokenTtl }),
        ...(tokenFormat === undefined ? {} : { tokenFormat }),
        ...(signingAlg === undefined ? {} : { signingAlg }),
        ...(scopeClaim === undefined ? {} : { scopeClaim }),
        ...(maxStaleness === undefined ? {} : { maxStalenessSeconds: maxStaleness }),
        ...readSettings(flags),
        ...readHeaders(flags.credentialHeader),
        ...readRateLimits(rateLimit),
      },
    })
    if (flags.json === true) return printJson(api)
    note(`API ${api.name} for ${api.audience}`)
    printLine(api.id)
  })

const list = withListing(leaf('list'), 'createdAt', 'name')
  .description('APIs')
  .action(async ({ json, ...flags }: Json & Listing) => {
    const page = await connectToServer().management.listApis({ query: listingOf(flags) })
    if (json === true) return printJson(page)
    printTable(
      ['ID', { title: 'NAME', is: 'name' }, 'AUDIENCE', 'STATUS', { title: 'SCOPES', is: 'extra' }],
      page.data.map(({ id, name, audience, status, scopes }) => [id, name, audience, status, scopes.length]),
    )
    noteMore(page.next)
  })

const show = leaf('show')
  .description('one API and its scopes')
  .argument('<id|audience>')
  .action(async (given: string, { json }: Json) => {
    const { management } = connectToServer()
    const api = await management.getApi({ params: { id: await findApiId(management, given) } })
    if (json === true) printJson(api)
    else printApi(api)
  })

interface UpdateFlags extends Json, SetFlags {
  readonly name?: string
  readonly credentialHeader?: readonly string[] | 'none'
  readonly rateLimit?: readonly RatePolicyFlag[] | 'none'
}

const update = withSettings(leaf('update'))
  .description('change an API; a limit holds at every verifier within the bound')
  .argument('<id|audience>')
  .option('--name <name>', 'for people')
  .option('--credential-header <name>', `${credentialHeaderHelp}; none ends them`, orNone(collect))
  .option('--rate-limit <rate>', `for all who call it; ${rateLimitHelp}`, orNone(collectRateLimit))
  .action(async (given: string, { json, name, credentialHeader, rateLimit, ...flags }: UpdateFlags) => {
    const named = name === undefined ? {} : { name }
    const callUrl = flags.callUrl === 'none' ? { callUrl: null } : {}
    const settings = { ...readSettings(flags), ...callUrl }
    const body = { ...named, ...settings, ...readHeaders(credentialHeader), ...readRateLimits(rateLimit) }
    if (Object.keys(body).length === 0) throw new CommandError('usage', 'nothing to change: give at least one flag')
    const { management } = connectToServer()
    const api = await management.updateApi({ params: { id: await findApiId(management, given) }, body })
    if (json === true) printJson(api)
    else printApi(api)
  })

/** Headers that are given replace those that were set. */
function readHeaders(given: readonly string[] | 'none' | undefined) {
  if (given === undefined) return {}
  return { credentialHeaders: given === 'none' ? [] : [...given] }
}

function printApi(api: Awaited<ReturnType<ManagementClient['getApi']>>): void {
  printRecord({ ...api, scopes: api.scopes.map(({ name }) => name).join(' ') })
}

/** Ids have no colon, audiences are URIs. */
async function findApiId(management: ManagementClient, given: string): Promise<string> {
  if (!given.includes(':')) return given
  for await (const api of management.listAll('listApis')) if (api.audience === given) return api.id
  throw new CommandError('notFound', `there is no API with the audience ${given}`)
}

interface Named {
  readonly method: string
  readonly path: string
}

interface ImportFlags extends Json {
  readonly dryRun?: true
  readonly allowPublic?: true
  readonly force?: true
}

const importDocument = leaf('import')
  .description('take operations and scopes from an OpenAPI or Swagger document, and show what changes')
  .argument('<id|audience>')
  .argument('<file|url>')
  .option('--dry-run', 'show what each operation needs, and change nothing; exit 7 where it opens what was guarded')
  .option('--allow-public', 'with --dry-run: exit 0 also where an operation became public, or none is guarded')
  .option('--force', 'retire scopes that the document no longer has, though somebody has them')
  .action(async (given: string, source: string, { json, dryRun, allowPublic, force }: ImportFlags) => {
    const document = await loadDocument(source)
    const { management } = connectToServer()
    const id = await findApiId(management, given)
    const dry = { dryRun: dryRun === true ? 'true' : 'false' } as const
    const query = force === true ? ({ ...dry, force: 'true' } as const) : dry
    const read = await management.importOpenapi({ params: { id }, query, document })
    if (dryRun === true && allowPublic !== true && opens(read)) process.exitCode = exitCodes.no
    if (json === true) return printJson(read)
    const { operations, scopes, added, removed, becamePublic, credentialHeaders, problems } = read
    note(`${operations.length} operations, ${scopes.length} scopes${dryRun === true ? '; nothing was changed' : ''}`)
    const lines = (sign: string, changed: readonly Named[]) =>
      changed.map(({ method, path }) => printLine(`${sign}  ${method} ${path}`))
    lines('added        ', added)
    lines('removed      ', removed)
    lines('became public', becamePublic)
    for (const name of credentialHeaders) printLine(`credentials    ${name}: a header in which callers send keys`)
    // The names are the document's, and a shell could obey one: none stands in a command.
    if (credentialHeaders.length > 0) note('no import reads them: apis update --credential-header sets those you want')
    if (dryRun === true) for (const operation of operations) printLine(`needs          ${needsOf(operation)}`)
    for (const { pointer, detail } of problems) printLine(`problem        ${pointer || '/'}: ${detail}`)
    if (process.exitCode === exitCodes.no)
      note('it opens what was guarded, or guards nothing: --allow-public if that is meant')
  })

type ImportAnswer = Awaited<ReturnType<ManagementClient['importOpenapi']>>

/** A document that nobody means to guard anything is most often one whose `security` was lost. */
function opens({ operations, becamePublic }: ImportAnswer): boolean {
  return becamePublic.length > 0 || operations.every((operation) => operation.public)
}

function needsOf(operation: ImportAnswer['operations'][number]): string {
  const { method, requires } = operation
  const alternatives = requires.map((all) => all.join(' ') || 'any credential').join(' or ')
  const needs = operation.public ? 'nothing: it is public' : alternatives || 'what nobody has'
  return `${method} ${routeOf(operation)}: ${needs}`
}

export const apisCommand = new Command('apis')
  .description('the APIs that credentials are for')
  .addCommand(create)
  .addCommand(list)
  .addCommand(show)
  .addCommand(update)
  .addCommand(importDocument)
