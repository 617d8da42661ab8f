import type { Answer, Body, Query } from '@countersign/client'
import { formatTime } from '@countersign/core'
import { Command } from 'commander'
import { explainScope, requireAudience, requireClient, requireScope } from '../choices.ts'
import { connectToServer } from '../connection.ts'
import { CommandError } from '../exit.ts'
import {
  collect,
  collectRateLimit,
  type Force,
  forceOption,
  type Listing,
  leaf,
  listingOf,
  oneOf,
  orNone,
  parseDuration,
  parseJsonFlag,
  parseTimeFlag,
  type RatePolicyFlag,
  rateLimitHelp,
  readForce,
  readRateLimits,
  scopeFlag,
  waitDefault,
  withListing,
} from '../flags.ts'
import { requireId } from '../identifier.ts'
import { note, noteMore, printJson, printLine, printRecord, printTable } from '../output.ts'
import { waitForVerifiers } from '../receipt.ts'

interface Json {
  readonly json?: true
}

interface Limits {
  readonly subject?: string
  readonly name?: string
  readonly scope?: string
  readonly expiresIn?: number
  readonly expiresAt?: string
  readonly ipAllow?: readonly string[] | 'none'
  readonly originAllow?: readonly string[] | 'none'
  readonly rateLimit?: readonly RatePolicyFlag[] | 'none'
  readonly metadata?: { readonly [name: string]: unknown }
}

type Metadata = NonNullable<Body<'updateKey'>['metadata']>

function withLimits(command: Command): Command {
  return command
    .option('--scope <scope>', 'its scope: tokens with spaces between them')
    .option('--name <name>', 'for people')
    .option('--subject <text>', 'the party it speaks for, as you name it; none: its client', orNone(String))
    .option('--expires-in <duration>', 'its life, such as 30d', parseDuration)
    .option('--expires-at <time>', 'its end (RFC 3339), or none', orNone(parseTimeFlag))
    .option('--ip-allow <cidr>', 'addresses it may be used from; several, or none', orNone(collect))
    .option('--origin-allow <origin>', 'origins it may be used from; several, or none', orNone(collect))
    .option('--rate-limit <rate>', rateLimitHelp, orNone(collectRateLimit))
    .option('--metadata <json>', 'a JSON object that every verification answers', parseJsonFlag)
}

/** The members that both `create` and `update` take. Only given flags become members. */
function readLimits({ expiresIn, expiresAt, ipAllow, originAllow, rateLimit, metadata, name, scope, subject }: Limits) {
  if (expiresIn !== undefined && expiresAt !== undefined) {
    throw new CommandError('usage', '--expires-in and --expires-at exclude each other')
  }
  const end = expiresIn === undefined ? expiresAt : formatTime(Date.now() / 1000 + expiresIn)
  return {
    ...(name === undefined ? {} : { name }),
    ...(scope === undefined ? {} : { scope: scopeFlag(scope) }),
    ...(subject === undefined ? {} : { subject: subject === 'none' ? null : subject }),
    ...(end === undefined ? {} : { expiresAt: end === 'none' ? null : end }),
    ...(ipAllow === undefined ? {} : { ipAllow: ipAllow === 'none' ? null : [...ipAllow] }),
    ...(originAllow === undefined ? {} : { originAllow: originAllow === 'none' ? null : [...originAllow] }),
    ...readRateLimits(rateLimit),
    ...(metadata === undefined ? {} : { metadata: metadata as Metadata }),
  }
}

interface CreateFlags extends Json, Limits {
  readonly audience?: string
  readonly client?: string
  readonly environment: 'live' | 'test'
}

const create = withLimits(leaf('create'))
  .description('make a key; it alone goes to standard output')
  .option('--audience <uri>', 'the API it is for')
  .option('--client <id>', 'the client that holds it')
  .option('--environment <live|test>', 'live or test', oneOf('live', 'test'), 'live')
  .action(async (flags: CreateFlags) => {
    const limits = readLimits(flags)
    const { management } = connectToServer()
    const audience = await requireAudience(management, flags.audience)
    const client = await requireClient(management, flags.client, audience)
    const scope = await requireScope(management, flags.scope, { client, audience })
    const { environment } = flags
    const { subject, ...members } = limits
    const party = subject == null ? {} : { subject }
    const made = { name: 'made with the CLI', ...members, ...party }
    const body = { ...made, clientId: client, audience, scope, environment } as const
    const refused = (error: unknown) => explainScope(error, management, { client, audience })
    showNew(await management.createKey({ body }).catch(refused), flags)
  })

function showNew(made: Answer<'createKey'>, { json }: Json): void {
  if (json === true) {
    printJson(made)
    return
  }
  note(
    `key ${made.id}, shown once; scope ${made.scope}; ${made.expiresAt === null ? 'no end' : `until ${made.expiresAt}`}`,
  )
  printLine(made.key)
}

const statuses = ['active', 'disabled', 'revoked', 'expired'] as const

interface ListFlags extends Json, Listing {
  readonly client?: string
  readonly status?: (typeof statuses)[number]
}

const list = withListing(leaf('list'), 'createdAt', 'name', 'expiresAt', 'lastUsedAt')
  .description('keys, newest last')
  .option('--client <id>', 'only those of one client')
  .option('--status <status>', statuses.join(', '), oneOf(...statuses))
  .action(async ({ client, status, json, ...flags }: ListFlags) => {
    const query = { ...listingOf<Query<'listKeys'>>(flags), clientId: client, status } as Query<'listKeys'>
    const page = await connectToServer().management.listKeys({ query })
    if (json === true) return printJson(page)
    printTable(
      [
        'ID',
        { title: 'NAME', is: 'name' },
        'CLIENT',
        { title: 'SCOPE', is: 'name' },
        'STATUS',
        { title: 'EXPIRES', is: 'extra' },
        { title: 'AUDIENCE', is: 'extra' },
        { title: 'LAST USED', is: 'extra' },
        { title: 'ENVIRONMENT', is: 'extra' },
      ],
      page.data.map((key) => [
        key.id,
        key.name,
        key.clientId,
        key.scope,
        key.status,
        key.expiresAt,
        key.audience,
        key.lastUsedAt,
        key.environment,
      ]),
    )
    noteMore(page.next)
  })

const show = leaf('show')
  .description('one key, never its secret')
  .argument('<id>')
  .action(async (id: string, { json }: Json) => {
    const key = await connectToServer().management.getKey({ params: { id: requireId(id) } })
    if (json === true) printJson(key)
    else printRecord(key)
  })

const update = withLimits(leaf('update'))
  .description('change a key; it holds at every verifier within the bound')
  .argument('<id>')
  .option(...forceOption)
  .action(async (id: string, flags: Json & Limits & Force) => {
    const body = readLimits(flags)
    if (Object.keys(body).length === 0) throw new CommandError('usage', 'nothing to change: give at least one flag')
    const key = await connectToServer().management.updateKey({
      params: { id: requireId(id) },
      body: { ...body, ...readForce(flags) },
    })
    if (flags.json === true) printJson(key)
    else printRecord(key)
  })

const roll = leaf('roll')
  .description('a new key like this one; it alone goes to standard output')
  .argument('<id>')
  .option('--grace <duration>', 'the old one goes on for so long, such as 1h; default: it ends now', parseDuration)
  .action(async (id: string, flags: Json & { readonly grace?: number }) => {
    const { management } = connectToServer()
    const body = { graceSeconds: flags.grace ?? 0 }
    const rolled = await management.rollKey({ params: { id: requireId(id) }, body })
    if (flags.json !== true) note(endOfOld(rolled))
    showNew(rolled, flags)
  })

function endOfOld({ rolledFrom, rolledFromExpiresAt, earlierGraceUntil }: Answer<'rollKey'>): string {
  const isCut = earlierGraceUntil !== null && earlierGraceUntil > rolledFromExpiresAt
  const earlier = isCut ? `; an earlier roll had given it until ${earlierGraceUntil}` : ''
  return `key ${rolledFrom} ends at ${rolledFromExpiresAt}${earlier}`
}

interface ChangeFlags extends Json, Force {
  readonly reason?: string
  readonly wait?: number | true
}

function change(name: 'disable' | 'enable' | 'revoke', description: string): Command {
  const command = leaf(name)
    .description(description)
    .argument('<id>')
    .option('--reason <text>', 'the reason, for the audit log')
    .option(
      '--wait [duration]',
      'until every verifier has it, by default for a minute; exit 6 when some are behind',
      parseDuration,
    )
    .action(async (given: string, { json, reason, wait, force }: ChangeFlags) => {
      const id = requireId(given)
      const { management } = connectToServer()
      const call = { disable: management.disableKey, enable: management.enableKey, revoke: management.revokeKey }[name]
      const changed = await call({
        params: { id },
        body: { ...readForce({ force }), ...(reason === undefined ? {} : { reason }) },
      })
      if (wait !== undefined) {
        await waitForVerifiers(management, changed.feedSequence, wait === true ? parseDuration(waitDefault) : wait)
        // As it is now: somebody else may have changed it while we waited.
        // A caller that may not read keys is told what the change answered.
        const { status } = await management.getKey({ params: { id } }).catch(() => changed)
        return showChanged({ ...changed, status }, json)
      }
      showChanged(changed, json)
    })
  return name === 'enable' ? command : command.option(...forceOption)
}

function showChanged(changed: Answer<'revokeKey'>, json: true | undefined): void {
  if (json === true) printJson(changed)
  else printLine(`${changed.id}  ${changed.status}  feed sequence ${changed.feedSequence}`)
}

export const keysCommand = new Command('keys')
  .description('API keys')
  .addCommand(create)
  .addCommand(list)
  .addCommand(show)
  .addCommand(update)
  .addCommand(roll)
  .addCommand(change('disable', 'suspend a key'))
  .addCommand(change('enable', 'end a suspension'))
  .addCommand(change('revoke', 'end a key for good, and every token that came from it'))
