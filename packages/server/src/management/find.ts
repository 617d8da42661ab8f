/**
 * The look-ups of the management API. Each takes the caller's reach: what is unknown, foreign, deleted or out of reach
 * looks the same, 404 by id and absent in a list. No other file of this folder reads such records (npm run check).
 */
import { type CredentialRecord, challengeHeader } from '@countersign/core'
import type {
  Api,
  AuditEvent,
  AuditFilter,
  Client,
  Issuer,
  Key,
  KeyFilter,
  LastUse,
  OperationSum,
  OperationUseFilter,
  Page,
  Refusal,
  RefusalFilter,
  ScopeHolders,
  SeriesFilter,
  SigningKey,
  Token,
  TokenFilter,
  UsageSum,
} from '@countersign/store'
import { apiIdsOf, isOffered, judgeTeam, teamIdsOf, wholeTenant } from '../caller/reach.ts'
import { subjectCutOff } from '../caller/subject_cut_off.ts'
import { ProblemError } from '../http/problem.ts'
import { serverLimits } from '../limits.ts'
import type { ReadContext, WriteContext } from './context.ts'
import { inSearchRoom } from './lists/searches.ts'

export function reads(context: ReadContext | WriteContext) {
  return 'transaction' in context ? context.transaction : context.services.store.read
}

export function notFound(what: string): ProblemError {
  return new ProblemError(404, 'not_found', `There is no such ${what}.`)
}

/**
 * Goes on where the operation may touch what is of that team: beyond reach it is not there, and where the caller only reads
 * it is 403. The team is noted: the audit event is found by its members, and a replayed answer is judged by it.
 */
export function requireTeam(context: ReadContext | WriteContext, teamId: string | undefined, what: string): void {
  switch (judgeTeam(context.reach, teamId)) {
    case 'absent':
      throw notFound(what)
    case 'forbidden':
      throw lacksScope(context.reach.of === 'teams' ? context.reach.needs : [])
    case 'allowed':
      if ('teams' in context && teamId !== undefined) context.teams.add(teamId)
  }
}

function lacksScope(needs: readonly string[]): ProblemError {
  const detail = `This needs the scope ${needs.join(' or ')} in the team that it is of.`
  const challenge = { scheme: 'Bearer', error: 'insufficient_scope', scope: needs.slice(0, 1) } as const
  return new ProblemError(403, 'insufficient_scope', detail, { headers: challengeHeader(challenge) })
}

export async function findClient(context: ReadContext | WriteContext, id: string, what = 'client'): Promise<Client> {
  const client = await reads(context).clients.find(context.reach.tenant, id)
  if (client === undefined) throw notFound(what)
  requireTeam(context, client.teamId, what)
  return client
}

/** The client of a credential; it may be gone. */
export function findClientOrNone(context: WriteContext, id: string): Promise<Client | undefined> {
  return context.transaction.clients.find(wholeTenant(context.reach), id)
}

/** A client whose team is judged beside it: a call touched it before, or it is the one that its team has built in. */
export function findTouched(
  { reach, transaction }: Pick<WriteContext, 'reach' | 'transaction'>,
  id: string,
): Promise<Client | undefined> {
  return transaction.clients.find(reach.tenant, id)
}

export function findCutOff(context: WriteContext, subject: string): Promise<number> {
  return subjectCutOff(context.transaction, wholeTenant(context.reach), subject)
}

/** A client named in a body. Unknown is 400 with a pointer to it. */
export async function findClientNamed(context: WriteContext, clientId: string): Promise<Client> {
  const client = await context.transaction.clients.find(context.reach.tenant, clientId)
  if (client === undefined || judgeTeam(context.reach, client.teamId) === 'absent')
    throw invalid('/clientId', 'is not the id of a client')
  requireTeam(context, client.teamId, 'client')
  return client
}

export async function findKey(context: ReadContext | WriteContext, id: string): Promise<Key> {
  const key = await reads(context).keys.find(context.reach.tenant, id)
  if (key === undefined) throw notFound('key')
  await requireTeamOfClient(context, key.clientId, 'key')
  return key
}

/** A credential is of its client's team. Of a client that is gone nobody knows the team: it is beyond every team's reach. */
async function requireTeamOfClient(context: ReadContext | WriteContext, clientId: string, what: string): Promise<void> {
  if (context.reach.of === 'teams') await findClient(context, clientId, what)
}

export async function findTokenOrNone(context: WriteContext, jti: string): Promise<Token | undefined> {
  const token = await context.transaction.tokens.find(context.reach.tenant, jti)
  if (token === undefined || context.reach.of === 'tenant') return token
  const client = await context.transaction.clients.find(context.reach.tenant, token.clientId)
  return judgeTeam(context.reach, client?.teamId) === 'absent' ? undefined : token
}

export async function findToken(context: ReadContext | WriteContext, jti: string): Promise<Token> {
  const token = await reads(context).tokens.find(context.reach.tenant, jti)
  if (token === undefined) throw notFound('token')
  await requireTeamOfClient(context, token.clientId, 'token')
  return token
}

export async function findApi(context: ReadContext | WriteContext, id: string): Promise<Api> {
  const api = await reads(context).apis.find(context.reach.tenant, id)
  if (!isInReach(context, api) || api.status === 'revoked') throw notFound('API')
  return api
}

/** An API is in reach of a team whose ceiling names it, and of every team where it is offered. */
function isInReach({ reach }: ReadContext | WriteContext, api: Api | undefined): api is Api {
  return api !== undefined && (apiIdsOf(reach)?.includes(api.id) !== false || isOffered(reach, api))
}

export async function isApiInReach(context: ReadContext, id: string): Promise<boolean> {
  return isInReach(context, await reads(context).apis.find(context.reach.tenant, id))
}

/** The client that holds a key or listed token; `null` where neither has that id. */
export async function clientOfCredential(context: ReadContext, id: string): Promise<string | null> {
  const tenant = wholeTenant(context.reach)
  const { keys, tokens } = context.services.store.read
  return ((await keys.find(tenant, id)) ?? (await tokens.find(tenant, id)))?.clientId ?? null
}

/** Whether what is of that client is in reach. */
export async function isClientInReach(context: ReadContext, id: string): Promise<boolean> {
  const client = await context.services.store.read.clients.find(context.reach.tenant, id)
  return judgeTeam(context.reach, client?.teamId) === 'allowed'
}

/** The key or opaque token of this digest. Both are always looked for, so that the time does not tell which it is. */
export async function findRecordByDigest(context: ReadContext, digest: string): Promise<CredentialRecord | undefined> {
  const { lookup } = context.services.store
  const key = await lookup.credential(context.reach.tenant, digest, 'key')
  const token = await lookup.credential(context.reach.tenant, digest, 'token')
  return key ?? token
}

/** An audience named in a body. Unknown is 400 with a pointer to it. */
export async function findApiByAudience(
  context: ReadContext | WriteContext,
  audience: string,
  pointer: string,
): Promise<Api> {
  const api = await reads(context).apis.findByAudience(context.reach.tenant, audience)
  if (!isInReach(context, api) || api.status === 'revoked') throw invalid(pointer, 'is not the audience of an API')
  return api
}

/** The audience of an API that a record in reach refers to; it may be gone. */
export async function audienceOf(context: ReadContext | WriteContext, apiId: string): Promise<string> {
  const state = context.services.books.book(context.tenant.id)?.state('api', apiId)
  if (state !== undefined) return state.audience
  return (await reads(context).apis.find(context.reach.tenant, apiId))?.audience ?? `urn:countersign:deleted:${apiId}`
}

export function findApis(context: ReadContext, page: Page): Promise<readonly Api[]> {
  const { reach, services } = context
  return inSearchRoom(context, page, () => services.store.read.apis.list(reach.tenant, page, apiIdsOf(reach)))
}

/** The holders of these scopes for the API: the first hundred, and how many there are. */
export function findScopeHolders(
  context: WriteContext,
  apiId: string,
  scopes: readonly string[],
): Promise<ScopeHolders> {
  return context.transaction.apis.scopeHolders(wholeTenant(context.reach), apiId, scopes, context.now, 100)
}

/** The API was found in reach. */
export function findDescription(context: ReadContext | WriteContext, { id }: Api) {
  return reads(context).apis.findDescription(context.reach.tenant, id)
}

/** The API was found in reach. */
export function findDocumentText(context: ReadContext | WriteContext, { id }: Api) {
  return reads(context).apis.findDocumentText(context.reach.tenant, id)
}

/** A list has what is of the teams in reach; where all of the tenant is in reach, the filter asks for nothing more. */
function ofTeams({ reach }: ReadContext): { readonly teamIds?: readonly string[] } {
  const teamIds = teamIdsOf(reach)
  return teamIds === undefined ? {} : { teamIds }
}

export function findClients(context: ReadContext, page: Page): Promise<readonly Client[]> {
  const { reach, services } = context
  return inSearchRoom(context, page, () => services.store.read.clients.list(reach.tenant, page, ofTeams(context)))
}

export function findKeys(context: ReadContext, filter: KeyFilter, page: Page): Promise<readonly Key[]> {
  const { reach, services } = context
  const within = { ...filter, ...ofTeams(context) }
  return inSearchRoom(context, page, () => services.store.read.keys.list(reach.tenant, within, page))
}

export function findTokens(context: ReadContext, filter: TokenFilter, page: Page): Promise<readonly Token[]> {
  const { reach, services } = context
  const within = { ...filter, ...ofTeams(context) }
  return inSearchRoom(context, page, () => services.store.read.tokens.list(reach.tenant, within, page))
}

export function findSigningKeys(context: ReadContext | WriteContext): Promise<readonly SigningKey[]> {
  return reads(context).signingKeys.list(wholeTenant(context.reach))
}

export async function findIssuer(context: ReadContext | WriteContext, id: string): Promise<Issuer> {
  const issuer = await reads(context).issuers.find(wholeTenant(context.reach), id)
  if (issuer === undefined) throw notFound('issuer')
  return issuer
}

export function findIssuers(context: ReadContext, page: Page): Promise<readonly Issuer[]> {
  return context.services.store.read.issuers.list(wholeTenant(context.reach), page)
}

/** There are few: `serverLimits.issuersMax`. */
export function findEveryIssuer(context: WriteContext): Promise<readonly Issuer[]> {
  return context.transaction.issuers.list(wholeTenant(context.reach), { limit: serverLimits.issuersMax })
}

export function countIssuers(context: WriteContext): Promise<number> {
  return context.transaction.issuers.count(wholeTenant(context.reach))
}

/** The newest first. `after` is a sequence. */
export function findAuditEvents(
  context: ReadContext,
  filter: AuditFilter,
  page: { readonly limit: number; readonly after?: number },
): Promise<readonly AuditEvent[]> {
  return context.services.store.read.audit.list(context.reach.tenant, { ...filter, ...ofTeams(context) }, page)
}

export function usageSeries(context: ReadContext, filter: SeriesFilter): Promise<readonly UsageSum[]> {
  return context.services.store.read.usage.series(context.reach.tenant, { ...filter, ...ofTeams(context) })
}

/** The counts are of all teams together: what each of them called is not told apart. */
export function operationSums(context: ReadContext, filter: OperationUseFilter): Promise<readonly OperationSum[]> {
  return context.services.store.read.usage.operations(wholeTenant(context.reach), filter)
}

export function findRefusals(
  context: ReadContext,
  filter: Omit<RefusalFilter, 'teamIds'>,
): Promise<readonly Refusal[]> {
  return context.services.store.read.usage.refusals(context.reach.tenant, { ...filter, ...ofTeams(context) })
}

/** The last use of each of these keys, of those that were used. */
export function lastUsedOf(context: ReadContext, keys: readonly Key[]): Promise<ReadonlyMap<string, LastUse>> {
  const ids = keys.map(({ id }) => id)
  return context.services.store.read.usage.lastUsed(context.reach.tenant, ids)
}

/** The last uses of one key by scope, the latest first. */
export function lastUsesOf(context: ReadContext, { id }: Key): Promise<readonly LastUse[]> {
  return context.services.store.read.usage.lastUses(context.reach.tenant, id)
}

export function invalid(pointer: string, detail: string): ProblemError {
  return new ProblemError(400, 'invalid_request', `The request body is invalid: ${pointer} ${detail}.`, {
    errors: [{ pointer, detail }],
  })
}
