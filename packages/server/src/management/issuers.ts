/** Trusted issuers: whose JWTs are taken, by which keys, and what they may do (docs/issuers.md). */
import { type AuditAction, routes } from '@countersign/contract'
import { formatScope, formatTime, type IssuerKey, type IssuerRule } from '@countersign/core'
import { type Client, type Issuer, newIssuer } from '@countersign/store'
import { trustedIssuerObject } from '../feed/objects.ts'
import { ProblemError } from '../http/problem.ts'
import type { FetchedKeys } from '../issuers/fetch_keys.ts'
import { sayClient, withFetched } from '../issuers/issuer_keys.ts'
import { judgeToken } from '../issuers/judge_token.ts'
import { IssuerKeysError, readIssuerKeys } from '../issuers/read_keys.ts'
import { serverLimits } from '../limits.ts'
import { requireMayGive, requireMayTouch, requireNotBuiltIn, requireRegistered, scopeOf } from './access.ts'
import type { ReadContext, WriteContext } from './context.ts'
import {
  audienceOf,
  countIssuers,
  findApiByAudience,
  findClientNamed,
  findClientOrNone,
  findIssuer,
  findIssuers,
  invalid,
} from './find.ts'
import { pageAnswer, pageOf } from './lists/cursor.ts'
import { type AnswerOf, type Operation, preparedOperation, readOperation, writeOperation } from './operation.ts'

async function issuerView(
  context: ReadContext | WriteContext,
  issuer: Issuer,
): Promise<AnswerOf<typeof routes.getIssuer>> {
  const rules = []
  for (const { when, scope, apiId } of issuer.rules) {
    rules.push({ when, scope, ...(apiId === undefined ? {} : { audience: await audienceOf(context, apiId) }) })
  }
  return {
    id: issuer.id,
    issuer: issuer.issuer,
    clientId: issuer.clientId,
    audience: issuer.audience,
    scope: issuer.scope,
    rules,
    status: issuer.status,
    jwksUri: issuer.jwksUri ?? null,
    jwks: { keys: issuer.keys.map(({ publicJwk, alg }) => ({ ...publicJwk, alg })) },
    fetch: issuer.jwksUri === undefined ? null : fetchView(issuer),
    createdAt: formatTime(issuer.createdAt),
    updatedAt: formatTime(issuer.updatedAt),
  }
}

function fetchView({ fetchedAt, fetchAt = 0, failures, fault }: Issuer) {
  return {
    lastAt: fetchedAt === undefined ? null : formatTime(fetchedAt),
    nextAt: formatTime(fetchAt),
    failures,
    fault: fault ?? null,
  }
}

/** Where the keys of an issuer come from, as a body names it. */
interface KeySource {
  readonly jwksUri?: string | undefined
  readonly jwks?: { readonly keys: readonly object[] } | undefined
}

/** Keys that were given, those that were fetched, or why none came; `undefined` where the body names neither. */
type Source =
  | { readonly keys: readonly IssuerKey[] }
  | { readonly uri: string; readonly fetched: FetchedKeys }
  | undefined

/** Before the transaction, which waits for nobody's key server. One that does not answer is no reason to refuse. */
async function readSource(context: Pick<ReadContext, 'services'> & { readonly body: KeySource }): Promise<Source> {
  const { services } = context
  const { jwksUri, jwks } = context.body
  if (jwksUri !== undefined && jwks !== undefined) throw invalid('/jwks', 'and jwksUri may not stand together')
  if (jwks !== undefined) return { keys: await readGiven(jwks) }
  if (jwksUri === undefined) return undefined
  const fetched = await services.issuerKeys.fetch(jwksUri)
  const fault = 'fault' in fetched ? fetched.fault : undefined
  if (fault === 'invalid_url') throw invalid('/jwksUri', 'must be https, without user name, password and fragment')
  if (fault === 'not_public') throw invalid('/jwksUri', 'names a host that is not of the public internet')
  return { uri: jwksUri, fetched }
}

async function readGiven(jwks: object): Promise<readonly IssuerKey[]> {
  try {
    return await readIssuerKeys(jwks, true)
  } catch (error) {
    if (!(error instanceof IssuerKeysError)) throw error
    throw invalid(error.index === undefined ? '/jwks' : `/jwks/keys/${error.index}`, error.message)
  }
}

const createIssuer = preparedOperation(routes.createIssuer, readSource, async (context, source) => {
  const { body, now, services, tenant, transaction } = context
  if (source === undefined) throw invalid('/jwksUri', 'or jwks must say where its keys are')
  requireForeign(context, body.issuer)
  if ((await countIssuers(context)) >= serverLimits.issuersMax) throw tooMany()
  const client = await findClientNamed(context, body.clientId)
  requireNotBuiltIn(client)
  const rules = await readRules(context, body.rules, body.audience)
  const draft = {
    tenant: tenant.id,
    issuer: body.issuer,
    clientId: client.id,
    audience: body.audience,
    scope: formatScope(scopeOf(body.scope)),
    rules,
    keys: 'keys' in source ? source.keys : [],
    jwksUri: 'uri' in source ? source.uri : undefined,
  }
  const made = newIssuer(draft, { now, randomBytes: services.randomBytes })
  const issuer = 'uri' in source ? { ...withFetched(made, source.fetched, now), askedAt: Math.floor(now) } : made
  requireMayTouch(context, client)
  await transaction.issuers.insert(issuer)
  const view = await issuerView(context, issuer)
  await append(context, 'issuer.create', issuer, { client, after: view })
  return { status: 201, body: view }
})

const listIssuers = readOperation(routes.listIssuers, async (context) => {
  const issuers = await findIssuers(context, pageOf(context, 'issuers'))
  const views = new Map<string, object>()
  for (const issuer of issuers.slice(0, context.query.limit)) views.set(issuer.id, await issuerView(context, issuer))
  return pageAnswer(
    context,
    'issuers',
    issuers,
    ({ id }) => id,
    ({ id }) => views.get(id) as object,
  )
})

const getIssuer = readOperation(routes.getIssuer, async (context) =>
  issuerView(context, await findIssuer(context, context.params.id as string)),
)

/** The caller gives what both clients may do: the one that it acted as, and the one that it shall act as. */
const updateIssuer = preparedOperation(routes.updateIssuer, readSource, async (context, source) => {
  const { body, now, transaction } = context
  const issuer = await findIssuer(context, context.params.id as string)
  const former = await findClientOrNone(context, issuer.clientId)
  if (former !== undefined) requireMayTouch(context, former)
  const before = await issuerView(context, issuer)
  const client = body.clientId === undefined ? former : await findClientNamed(context, body.clientId)
  if (client !== undefined) requireMayTouch(context, client)
  if (client !== undefined && body.clientId !== undefined) requireNotBuiltIn(client)
  const audience = body.audience ?? issuer.audience
  const rules = body.rules === undefined ? issuer.rules : await readRules(context, body.rules, audience)
  // Rules that name no API are about the issuer's audience, which must not become none.
  const isRenamed = body.rules === undefined && body.audience !== undefined
  if (isRenamed && rules.some(({ apiId }) => apiId === undefined))
    await findApiByAudience(context, audience, '/audience')
  const changed: Issuer = {
    ...withSource(issuer, source, now),
    clientId: client?.id ?? issuer.clientId,
    audience,
    rules,
    scope: body.scope === undefined ? issuer.scope : formatScope(scopeOf(body.scope)),
    status: body.status ?? issuer.status,
    version: issuer.version + 1,
    updatedAt: Math.floor(now),
  }
  await transaction.issuers.update(changed)
  const after = await issuerView(context, changed)
  await append(context, 'issuer.update', changed, { client, before, after })
  return { status: 200, body: after }
})

/** Keys of another place are no keys of this one: where none came, the issuer has none until they do. */
function withSource(issuer: Issuer, source: Source, now: number): Issuer {
  if (source === undefined) return issuer
  const { jwksUri: _, fetchedAt: __, fetchAt: ___, fault: ____, ...rest } = issuer
  if ('keys' in source) return { ...rest, keys: source.keys, failures: 0 }
  const isSame = source.uri === issuer.jwksUri
  const base = isSame ? issuer : { ...rest, keys: [], failures: 0 }
  return { ...withFetched({ ...base, jwksUri: source.uri }, source.fetched, now), askedAt: Math.floor(now) }
}

const deleteIssuer = writeOperation(routes.deleteIssuer, async (context) => {
  const { tenant, transaction } = context
  const issuer = await findIssuer(context, context.params.id as string)
  const client = await findClientOrNone(context, issuer.clientId)
  if (client !== undefined) requireMayTouch(context, client)
  const before = await issuerView(context, issuer)
  await transaction.issuers.delete(tenant.id, issuer.id)
  const gone: Issuer = { ...issuer, status: 'revoked', version: issuer.version + 1 }
  await append(context, 'issuer.delete', gone, { client: undefined, before })
  return { status: 200, bodyOf: (feedSequence) => ({ id: issuer.id, status: 'revoked' as const, feedSequence }) }
})

/** The token is judged and forgotten: it is in no log, and it authenticates nobody. */
const testIssuer = readOperation(routes.testIssuer, async (context) => {
  const { body, now, services, tenant } = context
  const issuer = await findIssuer(context, context.params.id as string)
  const book = services.books.book(tenant.id)
  if (book === undefined) throw new ProblemError(503, 'unavailable', 'This server has no status book yet. Try again.')
  return judgeToken(body.token, issuer, book, now)
})

/** In a tenant, client ids, trusted issuers and our issuers are unique against each other (the schema refuses client ids). */
function requireForeign({ services, tenant }: WriteContext, issuer: string): void {
  const { baseUrl } = services
  if (issuer === tenant.issuer || issuer === baseUrl || issuer.startsWith(`${baseUrl}/t/`))
    throw invalid('/issuer', 'is an issuer of this server, whose tokens need no trust')
}

type RulesInput = readonly {
  readonly when: IssuerRule['when']
  readonly scope: unknown
  readonly audience?: string | undefined
}[]

/** Each rule is about one API, and gives scopes that the API has. */
async function readRules(context: WriteContext, input: RulesInput, audience: string): Promise<readonly IssuerRule[]> {
  const rules: IssuerRule[] = []
  for (const [index, rule] of input.entries()) {
    const at = `/rules/${index}`
    const api = await findApiByAudience(context, rule.audience ?? audience, `${at}/audience`)
    const scope = scopeOf(rule.scope, api, `${at}/scope`)
    requireRegistered(api, scope, `${at}/scope`)
    requireMayGive(context, api.id, scope)
    rules.push({
      when: rule.when,
      scope: formatScope(scope),
      ...(rule.audience === undefined ? {} : { apiId: api.id }),
    })
  }
  return rules
}

function tooMany(): ProblemError {
  return new ProblemError(409, 'conflict', `A tenant may trust at most ${serverLimits.issuersMax} issuers.`)
}

interface Change {
  /** The client whose entry verifiers need beside the issuer's. */
  readonly client: Client | undefined
  readonly before?: object
  readonly after?: object
}

async function append(
  { actor, now, requestId, tenant, transaction }: WriteContext,
  action: AuditAction,
  issuer: Issuer,
  { client, before, after }: Change,
): Promise<void> {
  const ofClient = client === undefined ? [] : await sayClient(transaction, client, now)
  transaction.append({
    tenant: tenant.id,
    audit: { actor, action, objectType: 'trusted_issuer', objectId: issuer.id, before, after, requestId },
    objects: () => [...ofClient, trustedIssuerObject(issuer, now)],
  })
}

export const issuerOperations: readonly Operation[] = [
  createIssuer,
  listIssuers,
  getIssuer,
  updateIssuer,
  deleteIssuer,
  testIssuer,
]
