import type { Body } from '@countersign/client'
import { Command, InvalidArgumentError } from 'commander'
import { requireClient } from '../choices.ts'
import { confirm, type Yes, yesOption } from '../confirm.ts'
import { connectToServer } from '../connection.ts'
import { CommandError, exitCodes } from '../exit.ts'
import { leaf, oneOf, type Page, pageOf, readJsonFile, readJwks, scopeFlag, withPage } from '../flags.ts'
import { requireId } from '../identifier.ts'
import { note, noteMore, printJson, printLine, printRecord, printTable } from '../output.ts'
import { readSecretInput } from '../standard_input.ts'

interface Json {
  readonly json?: true
}

type NewIssuer = Body<'createIssuer'>
type Rules = NewIssuer['rules']

interface SetFlags extends Json {
  readonly client?: string
  readonly audience?: string
  readonly jwksUri?: string
  readonly jwks?: string
  readonly when?: Readonly<Record<string, string>>
  readonly scope?: string
  readonly api?: string
  readonly rules?: string
  readonly ceiling?: string
}

function withSettings(command: Command): Command {
  return command
    .option('--client <id>', 'the client that its JWTs act as: they have no more access than it')
    .option('--audience <aud>', 'the aud of its JWTs: the audience of your API, or a name that the issuer has for you')
    .option('--jwks-uri <url>', 'where its keys are; the server fetches them, and again when its cache headers say so')
    .option('--jwks <file>', 'its public keys, a JWK Set, instead')
    .option(
      '--when <claim=pattern>',
      'one rule: a claim that must be so, once for each; goes with --scope',
      collectWhen,
    )
    .option('--scope <scope>', 'the scope that the rule gives')
    .option('--api <uri>', 'the API that the rule is about; default: the one whose audience is --audience')
    .option('--rules <file>', 'several rules: a JSON array of {"when", "scope", "audience"}')
    .option('--ceiling <scope>', 'the most that its rules give; default when it is made: what they give together')
}

/** A claim is a name or a JSON pointer, and neither has `=`; a pattern may. */
function collectWhen(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const match = /^([^=]+)=(.+)$/s.exec(text)
  if (match === null) throw new InvalidArgumentError('must be CLAIM=PATTERN, such as "sub=repo:acme/*"')
  return { ...before, [match[1] as string]: match[2] as string }
}

/** `undefined` where no rule was given. */
function readRules({ when, scope, api, rules }: SetFlags): Rules | undefined {
  if (rules !== undefined) {
    if (when !== undefined || scope !== undefined || api !== undefined)
      throw new CommandError('usage', '--rules has every rule: leave out --when, --scope and --api')
    const read = readJsonFile(rules)
    if (!Array.isArray(read)) throw new CommandError('usage', `${rules} must hold a JSON array of rules`)
    return read as unknown as Rules
  }
  if (when === undefined && scope === undefined && api === undefined) return undefined
  if (when === undefined || scope === undefined)
    throw new CommandError('usage', '--when and --scope go together: for whom, and what')
  return [{ when, scope: scopeFlag(scope), ...(api === undefined ? {} : { audience: api }) }]
}

function readSettings(flags: SetFlags) {
  const { client, audience, jwksUri, jwks, ceiling } = flags
  const rules = readRules(flags)
  return {
    ...(client === undefined ? {} : { clientId: client }),
    ...(audience === undefined ? {} : { audience }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
    ...(jwks === undefined ? {} : { jwks: readJwks(jwks) }),
    ...(rules === undefined ? {} : { rules }),
    ...(ceiling === undefined ? {} : { scope: scopeFlag(ceiling) }),
  }
}

const create = withSettings(leaf('create'))
  .description('trust the JWTs of another issuer, such as a CI system or an identity provider')
  .argument('<issuer>', 'the iss of its JWTs, byte for byte')
  .action(async (issuer: string, flags: SetFlags) => {
    const { audience, rules, scope = together(rules), clientId, ...keys } = readSettings(flags)
    if (audience === undefined) throw new CommandError('usage', '--audience is missing: the aud of its JWTs')
    if (rules === undefined || scope === undefined)
      throw new CommandError('usage', '--when and --scope are missing, or --rules: for whom, and what')
    if (!('jwksUri' in keys) && !('jwks' in keys))
      throw new CommandError('usage', '--jwks-uri is missing, or --jwks: its keys')
    const { management } = connectToServer()
    const client = await requireClient(management, clientId, flags.api ?? audience)
    const body = { ...keys, issuer, clientId: client, audience, rules, scope } as NewIssuer
    const made = await management.createIssuer({ body })
    if (flags.json === true) return printJson(made)
    noteFetch(made.fetch)
    printRecord({ id: made.id, issuer: made.issuer, keys: made.jwks.keys.length })
  })

/** The scopes of all rules. Only those in the form of a string can be joined here. */
function together(rules: Rules | undefined): string | undefined {
  const scopes = rules?.map(({ scope }) => scope) ?? []
  if (!scopes.every((scope) => typeof scope === 'string'))
    throw new CommandError('usage', '--ceiling is missing: the most that its rules give')
  return [...new Set(scopes.flatMap((scope) => scope.split(' ')))].join(' ')
}

function noteFetch(fetch: { readonly fault: string | null } | null): void {
  if (fetch?.fault != null) note(`its keys did not come (${fetch.fault}): the server tries again, see docs/issuers.md`)
}

const list = withPage(leaf('list'))
  .description('trusted issuers')
  .action(async ({ json, ...flags }: Json & Page) => {
    const page = await connectToServer().management.listIssuers({ query: pageOf(flags) })
    if (json === true) return printJson(page)
    printTable(
      ['ID', { title: 'ISSUER', is: 'name' }, 'STATUS', { title: 'CLIENT', is: 'extra' }, 'FAULT'],
      page.data.map(({ id, issuer, status, clientId, fetch }) => [id, issuer, status, clientId, fetch?.fault]),
    )
    noteMore(page.next)
  })

const show = leaf('show')
  .description('one trusted issuer, with its rules and the keys that verifiers have')
  .argument('<id>')
  .action(async (id: string, { json }: Json) => {
    const issuer = await connectToServer().management.getIssuer({ params: { id: requireId(id) } })
    if (json === true) return printJson(issuer)
    noteFetch(issuer.fetch)
    printRecord({
      ...issuer,
      jwks: undefined,
      keys: issuer.jwks.keys.map(({ kid, alg }) => `${kid} ${alg}`).join(', '),
    })
  })

const update = withSettings(leaf('update'))
  .description('change an issuer; rules given here replace all it had, at once, for every live JWT')
  .argument('<id>')
  .option('--status <status>', 'active or disabled; disabled refuses all of its JWTs', oneOf('active', 'disabled'))
  .action(async (id: string, flags: SetFlags & { readonly status?: 'active' | 'disabled' }) => {
    const { status } = flags
    const body = { ...readSettings(flags), ...(status === undefined ? {} : { status }) }
    if (Object.keys(body).length === 0) throw new CommandError('usage', 'nothing to change: give at least one flag')
    const { management } = connectToServer()
    const changed = await management.updateIssuer({ params: { id: requireId(id) }, body: body as Body<'updateIssuer'> })
    if (flags.json === true) return printJson(changed)
    noteFetch(changed.fetch)
    printRecord({ ...changed, jwks: undefined, keys: changed.jwks.keys.length })
  })

const remove = leaf('delete')
  .description('trust an issuer no longer; its JWTs and what was made from them are refused')
  .argument('<id>')
  .option(...yesOption)
  .action(async (id: string, { json, yes }: Json & Yes) => {
    const { management } = connectToServer()
    const { issuer } = await management.getIssuer({ params: { id: requireId(id) } })
    await confirm(`Trust ${issuer} no longer, and end all of its JWTs?`, { yes })
    const gone = await management.deleteIssuer({ params: { id: requireId(id) } })
    if (json === true) printJson(gone)
    else printLine(`${gone.id}  deleted  feed sequence ${gone.feedSequence}`)
  })

const test = leaf('test')
  .description('say what a JWT from standard input would be given, rule by rule; exit 0 accepted, 7 refused')
  .argument('<id>')
  .argument('[-]')
  .action(async (id: string, source: string | undefined, { json }: Json) => {
    if (source !== undefined && source !== '-')
      throw new CommandError('usage', 'secrets are never arguments: pipe the JWT to standard input')
    const token = (await readSecretInput('the JWT')).reveal()
    const judged = await connectToServer().management.testIssuer({ params: { id: requireId(id) }, body: { token } })
    if (judged.code !== undefined) process.exitCode = exitCodes.no
    if (json === true) return printJson(judged)
    const { rules, access, ...rest } = judged
    printRecord({ ...rest, access: access.map(({ audience, scope }) => `${audience} (${scope})`).join(', ') })
    for (const [index, { holds, failing }] of rules.entries())
      printLine(`rule ${index + 1}  ${holds ? 'holds' : `does not hold: ${failing.join(', ')}`}`)
    if (judged.code !== undefined) note(`refused: ${judged.code}`)
  })

export const issuersCommand = new Command('issuers')
  .description('other issuers whose JWTs are taken, by rules from their claims to scopes')
  .addCommand(create)
  .addCommand(list)
  .addCommand(show)
  .addCommand(update)
  .addCommand(test)
  .addCommand(remove)
