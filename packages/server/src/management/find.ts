/**
 * The look-ups of the management API. Each takes the caller's reach: what is unknown, foreign, deleted or out of reach
 * looks the same, 404 by id and absent in a list. No other file of this folder reads such records (npm run check).
 */
import type { Seconds } from '@countersign/core'
import type {
  Account,
  AccountSession,
  Api,
  ApiDocument,
  AuditEvent,
  AuditFilter,
  Client,
  Consent,
  ConsentFilter,
  Issuer,
  Key,
  KeyFilter,
  LastUse,
  Page,
  ScopeHolders,
  SeriesFilter,
  SessionFilter,
  SigningKey,
  StatusEntry,
  Token,
  TokenFilter,
  UsageSum,
} from '@countersign/store'
import { wholeTenant } from '../caller/reach.ts'
import { subjectCutOff } from '../caller/subject_cut_off.ts'
import { ProblemError } from '../http/problem.ts'
import { serverLimits } from '../limits.ts'
import type { ReadContext, WriteContext } from './context.ts'

function reads(context: ReadContext | WriteContext) {
  return 'transaction' in context ? context.transaction : context.services.store.read
}

export function notFound(what: string): ProblemError {
  return new ProblemError(404, 'not_found', `There is no such ${what}.`)
}

export async function findClient(context: ReadContext | WriteContext, id: string): Promise<Client> {
  const client = await reads(context).clients.find(wholeTenant(context.reach), id)
  if (client === undefined) throw notFound('client')
  return client
}

/** The client of a credential; it may be gone. */
export function findClientOrNone(context: WriteContext, id: string): Promise<Client | undefined> {
  return context.transaction.clients.find(wholeTenant(context.reach), id)
}

export function findCutOff(context: WriteContext, subject: string): Promise<number> {
  return subjectCutOff(context.transaction, wholeTenant(context.reach), subject)
}

/** A client named in a body. Unknown is 400 with a pointer to it. */
export async function findClientNamed(context: WriteContext, clientId: string): Promise<Client> {
  const client = await context.transaction.clients.find(wholeTenant(context.reach), clientId)
  if (client === undefined) throw invalid('/clientId', 'is not the id of a client')
  return client
}

/** A deleted account leaves a tombstone, which nobody finds. */
export async function findAccount(context: ReadContext | WriteContext, id: string): Promise<Account> {
  const account = await findAccountOrNone(context, id)
  if (account === undefined) throw notFound('account')
  return account
}

export async function findAccountOrNone(context: ReadContext | WriteContext, id: string): Promise<Account | undefined> {
  const account = await reads(context).accounts.find(wholeTenant(context.reach), id)
  return account?.status === 'revoked' ? undefined : account
}

export function findAccounts(context: ReadContext, page: Page): Promise<readonly Account[]> {
  return context.services.store.read.accounts.list(wholeTenant(context.reach), page)
}

export async function findSession(context: ReadContext | WriteContext, id: string): Promise<AccountSession> {
  const session = await reads(context).sessions.find(wholeTenant(context.reach), id)
  if (session === undefined) throw notFound('session')
  return session
}

export function findSessions(
  context: ReadContext,
  filter: SessionFilter,
  page: Page,
): Promise<readonly AccountSession[]> {
  return context.services.store.read.sessions.list(wholeTenant(context.reach), filter, page)
}

export async function findConsent(context: ReadContext | WriteContext, id: string): Promise<Consent> {
  const consent = await reads(context).consents.find(wholeTenant(context.reach), id)
  if (consent === undefined) throw notFound('consent')
  return consent
}

export function findConsents(context: ReadContext, filter: ConsentFilter, page: Page): Promise<readonly Consent[]> {
  return context.services.store.read.consents.list(wholeTenant(context.reach), filter, page)
}

/** The last entry about an account: its cut-off stands nowhere else. */
export function saidOfAccount(context: WriteContext, { id }: Account): Promise<StatusEntry | undefined> {
  return context.transaction.statusEntries.find(wholeTenant(context.reach), 'account', id)
}

export async function findKey(context: ReadContext | WriteContext, id: string): Promise<Key> {
  const key = await reads(context).keys.find(wholeTenant(context.reach), id)
  if (key === undefined) throw notFound('key')
  return key
}

export function findTokenOrNone(context: WriteContext, jti: string): Promise<Token | undefined> {
  return context.transaction.tokens.find(wholeTenant(context.reach), jti)
}

export async function findToken(context: ReadContext | WriteContext, jti: string): Promise<Token> {
  const token = await reads(context).tokens.find(wholeTenant(context.reach), jti)
  if (token === undefined) throw notFound('token')
  return token
}

export async function findApi(context: ReadContext | WriteContext, id: string): Promise<Api> {
  const api = await reads(context).apis.find(wholeTenant(context.reach), id)
  if (api === undefined || api.status === 'revoked') throw notFound('API')
  return api
}

/** The client that holds a key or listed token; `null` where neither has that id. */
export async function clientOfCredential(context: ReadContext, id: string): Promise<string | null> {
  const tenant = wholeTenant(context.reach)
  const { keys, tokens } = context.services.store.read
  return ((await keys.find(tenant, id)) ?? (await tokens.find(tenant, id)))?.clientId ?? null
}

/** An audience named in a body. Unknown is 400 with a pointer to it. */
export async function findApiByAudience(
  context: ReadContext | WriteContext,
  audience: string,
  pointer: string,
): Promise<Api> {
  const api = await reads(context).apis.findByAudience(wholeTenant(context.reach), audience)
  if (api === undefined || api.status === 'revoked') throw invalid(pointer, 'is not the audience of an API')
  return api
}

/** The audience of an API that a credential refers to; it may be gone. */
export async function audienceOf(context: ReadContext | WriteContext, apiId: string): Promise<string> {
  const state = context.services.books.book(context.tenant.id)?.state('api', apiId)
  if (state !== undefined) return state.audience
  return (
    (await reads(context).apis.find(wholeTenant(context.reach), apiId))?.audience ?? `urn:countersign:deleted:${apiId}`
  )
}

export function findApis(context: ReadContext, page: Page): Promise<readonly Api[]> {
  return context.services.store.read.apis.list(wholeTenant(context.reach), page)
}

/** The holders of these scopes for the API: the first hundred, and how many there are. */
export function findScopeHolders(
  context: WriteContext,
  apiId: string,
  scopes: readonly string[],
): Promise<ScopeHolders> {
  return context.transaction.apis.scopeHolders(wholeTenant(context.reach), apiId, scopes, context.now, 100)
}

export function findDocument(context: WriteContext, { id }: Api): Promise<ApiDocument | undefined> {
  return context.transaction.apis.findDocument(wholeTenant(context.reach), id)
}

export function findClients(context: ReadContext, page: Page): Promise<readonly Client[]> {
  return context.services.store.read.clients.list(wholeTenant(context.reach), page)
}

export function findKeys(context: ReadContext, filter: KeyFilter, page: Page): Promise<readonly Key[]> {
  return context.services.store.read.keys.list(wholeTenant(context.reach), filter, page)
}

export function findTokens(context: ReadContext, filter: TokenFilter, page: Page): Promise<readonly Token[]> {
  return context.services.store.read.tokens.list(wholeTenant(context.reach), filter, page)
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
  return context.services.store.read.audit.list(wholeTenant(context.reach), filter, page)
}

export function usageSeries(context: ReadContext, filter: SeriesFilter): Promise<readonly UsageSum[]> {
  return context.services.store.read.usage.series(wholeTenant(context.reach), filter)
}

/** When each of these keys was last used, of those that were. */
export function lastUsedOf(context: ReadContext, keys: readonly Key[]): Promise<ReadonlyMap<string, Seconds>> {
  const ids = keys.map(({ id }) => id)
  return context.services.store.read.usage.lastUsed(wholeTenant(context.reach), ids)
}

/** The last uses of one key by scope, the latest first. */
export function lastUsesOf(context: ReadContext, { id }: Key): Promise<readonly LastUse[]> {
  return context.services.store.read.usage.lastUses(wholeTenant(context.reach), id)
}

export function invalid(pointer: string, detail: string): ProblemError {
  return new ProblemError(400, 'invalid_request', `The request body is invalid: ${pointer} ${detail}.`, {
    errors: [{ pointer, detail }],
  })
}
