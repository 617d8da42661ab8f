/**
 * `POST /v1/inspections`: how a credential would be judged, for whoever reaches its client. It takes the digest of a key and
 * not its text. Nothing is authenticated, counted or spent by it, and no limit is asked.
 */
import { routes } from '@countersign/contract'
import {
  type AskedOperation,
  type CheckName,
  clientIdPrefix,
  type EffectiveGrant,
  type Established,
  effectiveGrant,
  establishRecord,
  explainCode,
  explainJudged,
  explainOperation,
  findRejection,
  formatScope,
  formatTime,
  parseAddress,
  parseJwt,
  type Rejection,
  rejectionAnswer,
  type Scope,
  type UnverifiedJwt,
  undescribedAnswer,
  undescribedOperation,
} from '@countersign/core'
import { type StatusBook, standingOf } from '@countersign/verifier/engine'
import { json } from '../../http/answer.ts'
import { grantView } from '../../http/grant_view.ts'
import { ProblemError } from '../../http/problem.ts'
import type { ReadContext } from '../context.ts'
import { findApiByAudience, findRecordByDigest, invalid, isApiInReach, isClientInReach } from '../find.ts'
import { type AnswerOf, type Operation, textOperation } from '../operation.ts'

type Context = ReadContext<typeof routes.inspect>
type Inspected = AnswerOf<typeof routes.inspect>

interface Found {
  readonly established: Established
  readonly effective: EffectiveGrant
}

/** One answer for all that the caller may not be told of. It leaves when a refusal does. */
const unknown: Inspected = {
  active: false,
  code: 'unknown',
  detail: 'no such credential here',
  // The text of a key or opaque token is never here: its format cannot be checked.
  checks: explainCode('unknown', { isEstablished: false, notMade: ['format'] }),
}

const malformed: Inspected = {
  active: false,
  code: 'malformed',
  detail: 'it is no JWT',
  checks: explainCode('malformed', { isEstablished: false }),
}

const inspect = textOperation(routes.inspect, async (context) => {
  const { digest, jwt, audience } = context.body
  const question = readQuestion(context)
  if (audience !== undefined) await findApiByAudience(context, audience, '/audience')
  const book = await freshBook(context)
  const found = digest === undefined ? await findJwt(context, jwt as string) : await findByDigest(context, digest, book)
  if (found === 'malformed') return json(200, malformed)
  // Asked about something in every case: whether a credential was found takes no time of its own.
  const isInReach = await isClientInReach(context, clientIdOf(found, book) ?? context.caller.grant.clientId)
  if (found === undefined || !isInReach || !mayRead(context, found)) return { ...json(200, unknown), isEven: true }
  if ('rejection' in found) return json(200, signedView(found))
  const inspected = await judge(context, found, { ...question, audience: audience ?? found.established.audience }, book)
  return inspected === undefined ? { ...json(200, unknown), isEven: true } : json(200, inspected)
})

/** A JWT whose signature holds, and that is no credential for any API here. */
interface Signed {
  readonly rejection: Rejection
  readonly jwt: UnverifiedJwt
}

interface Asked {
  readonly audience: string
  readonly operation: AskedOperation | undefined
  readonly address: ReturnType<typeof parseAddress>
  readonly origin: string | undefined
}

function readQuestion({ body }: Context): Omit<Asked, 'audience'> {
  const { digest, jwt, method, path, ip, origin } = body
  if ((digest === undefined) === (jwt === undefined)) throw invalid('/digest', 'or jwt must be there, and not both')
  if ((method === undefined) !== (path === undefined))
    throw invalid(method === undefined ? '/method' : '/path', 'is missing: both together name an operation')
  const address = ip === undefined ? undefined : parseAddress(ip)
  if (ip !== undefined && address === undefined) throw invalid('/ip', 'must be an IP address')
  const operation = method === undefined || path === undefined ? undefined : { method, uri: path }
  return { operation, address, origin }
}

async function freshBook({ services, tenant }: Context): Promise<StatusBook> {
  const { books } = services
  const isFresh = books.isFresh() || (await books.refresh())
  const book = books.book(tenant.id)
  if (isFresh && book !== undefined) return book
  throw unavailable()
}

function unavailable(): ProblemError {
  const headers = { 'Retry-After': '1' }
  return new ProblemError(503, 'unavailable', 'This server cannot tell at this moment. Try again.', { headers })
}

async function findByDigest(context: Context, digest: string, book: StatusBook): Promise<Found | undefined> {
  const record = await findRecordByDigest(context, digest)
  if (record === undefined) return undefined
  const { services, tenant } = context
  const established = establishRecord(record, tenant.id)
  const clientMetadata = await services.clientFacts.metadata(tenant, established.clientId)
  return { established, effective: effectiveGrant(established, standingOf({ established }, book), clientMetadata) }
}

/** A JWT that nobody here has signed is unknown, whatever is wrong with it. */
async function findJwt({ tenant }: Context, text: string): Promise<Found | Signed | 'malformed' | undefined> {
  const jwt = parseJwt(text)
  if ('fault' in jwt) return 'malformed'
  const inspection = await tenant.engine.inspect(text)
  if (!('outcome' in inspection)) return inspection
  if (inspection.outcome === 'unavailable') throw unavailable()
  const { rejection } = inspection
  // These two are found only once the signature has matched (docs/security/invariants.md §7).
  const isSigned = rejection.code === 'wrong_issuer' || rejection.code === 'wrong_audience'
  return isSigned ? { rejection, jwt } : undefined
}

/** The client that it is of, by whose word it is that: what another issuer writes into its JWT names no client of ours. */
function clientIdOf(found: Found | Signed | undefined, book: StatusBook): string | undefined {
  if (found === undefined) return undefined
  if ('established' in found) return found.established.clientId
  const { client_id: clientId, iss = '' } = found.jwt.claims
  if (iss.startsWith(clientIdPrefix)) return iss
  const trusted = iss === book.issuer ? undefined : book.trustedIssuer(iss)
  return trusted?.state.clientId ?? (typeof clientId === 'string' ? clientId : '')
}

function signedView({ rejection }: Signed): Inspected {
  const { status, headers } = rejectionAnswer(rejection)
  const checks = explainCode(rejection.code, { isEstablished: false, isSigned: true })
  return { active: false, ...rejectionView(rejection), checks, answer: { status, headers } }
}

/** Listing keys wants one scope, listing tokens the other. A session is its browser’s alone. */
function mayRead({ caller }: Context, found: Found | Signed): boolean {
  if ('rejection' in found) return caller.grant.has('tokens:read')
  const { kind } = found.established
  if (kind === 'session') return false
  return caller.grant.has(kind === 'api_key' ? 'keys:read' : 'tokens:read')
}

/** `undefined`: what the API’s document says is beyond the caller's reach. */
async function judge(
  context: Context,
  { established, effective: whole }: Found,
  asked: Asked,
  book: StatusBook,
): Promise<Inspected | undefined> {
  const { now, services, tenant } = context
  const { audience, operation, address, origin } = asked
  const api = book.apiByAudience(audience)
  if (operation !== undefined && (api === undefined || !(await isApiInReach(context, api.apiId)))) return undefined
  const requirement =
    operation === undefined || api === undefined
      ? undefined
      : await services.requirements.of(tenant, api.apiId, operation)
  if (requirement?.kind === 'ambiguous') throw invalid('/path', requirement.detail)
  const effective = {
    ...whole,
    ...(address === undefined ? { addressRanges: [] } : {}),
    ...(origin === undefined ? { origins: [] } : {}),
  }
  const described = { grant: grantView(effective.grant), ...issuedView(established) } as Inspected
  if (requirement?.kind === 'undescribed') {
    const checks = explainOperation([], operation, false)
    const { status, headers } = undescribedAnswer(requirement.allow)
    const answer = { status, headers }
    return { ...described, active: false, ...rejectionView(undescribedOperation), checks, answer }
  }
  const requires: readonly Scope[] = requirement?.kind === 'requires' ? requirement.requires : [[]]
  const expected = { audience, requires, address, origin }
  const rejection = findRejection(effective, expected, now)
  const standing = standingOf({ established }, book)
  const made = explainJudged({ established, standing, effective, taken: [], now }, expected, notMade(context))
  const checks = explainOperation(made, operation, requirement?.isDescribed)
  if (rejection === undefined) return { ...described, active: true, checks }
  const { status, headers } = rejectionAnswer(rejection)
  return { ...described, active: false, ...rejectionView(rejection), checks, answer: { status, headers } }
}

/** A digest shows no format, and an audience that is not named is the credential's own. */
function notMade({ body: { audience, digest } }: Context): readonly CheckName[] {
  return [
    ...(digest === undefined ? [] : ['format' as const]),
    ...(audience === undefined ? ['audience' as const] : []),
  ]
}

function issuedView({ scope, expiresAt, issuedAt, lineage }: Established): Pick<Inspected, 'issued' | 'lineage'> {
  const timeOf = (at: number | undefined): string | null => (at === undefined ? null : formatTime(at))
  return {
    issued: { scope: formatScope(scope), expiresAt: timeOf(expiresAt), issuedAt: timeOf(issuedAt) },
    lineage: lineage.map(({ type, id }) => ({ type, id })),
  }
}

function rejectionView(rejection: Rejection): Pick<Inspected, 'code' | 'detail' | 'missingScope' | 'requires'> {
  const { code, detail } = rejection
  if (rejection.code !== 'insufficient_scope') return { code, detail }
  return { code, detail, missingScope: formatScope(rejection.missingScope), requires: rejection.requires }
}

export const inspectionOperations: readonly Operation[] = [inspect]
