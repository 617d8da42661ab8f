import { type Ancestor, parseScope } from '@countersign/core'
import type { WriteTransaction } from '@countersign/store'
import { subjectCutOff } from '../../caller/subject_cut_off.ts'
import { familyObject } from '../../feed/objects.ts'
import { serverLimits } from '../../limits.ts'
import { holdsChallenge } from '../authorization/pkce.ts'
import { requireIssuable } from '../issuing_gate.ts'
import { BehindError, requireReached } from '../issuing_moment.ts'
import { OauthError } from '../oauth_error.ts'
import type { GrantServices, GrantType, TokenRequest } from './grant_type.ts'

/** The namespace of codes in the single-use store. */
export const codeKind = 'authorization_code'

/** The content of a code. */
export interface CodeContent {
  readonly clientId: string
  readonly redirectUri: string
  readonly challenge?: string
  readonly apiId: string
  readonly scope: string
  readonly accountId: string
  /** The session that allowed it. */
  readonly sessionId: string
  readonly consentId: string
  /** The family that its tokens will be of: a second use of the code ends it. */
  readonly familyId: string
  readonly position: number
}

/** RFC 6749 §4.1.3. */
export const authorizationCode: GrantType = {
  name: 'authorization_code',
  isForPublic: true,
  async decide(services, request) {
    const { tenant, moment, client, authority, parameters } = request
    const text = parameters.get('code')
    if (text === undefined) throw new OauthError('invalid_request', 'code is missing')
    const code = await redeem(services, request, text)
    const api = await services.apis.byId(tenant, code.apiId)
    if (api === undefined) throw invalidGrant()
    const named = parameters.get('audience') ?? parameters.get('resource')
    if (named !== undefined && named !== api.audience)
      throw new OauthError('invalid_target', 'the code is for another API')
    const issuable = requireIssuable({ moment, client, api, requested: code.scope, ceiling: parseScope(code.scope) })
    const lineage: readonly Ancestor[] = [
      { type: 'family', id: code.familyId },
      { type: 'consent', id: code.consentId },
    ]
    const still = { requireStill: () => requireAlive(request, lineage) }
    const issue = { tenant, moment, client, api, subject: code.accountId, issuable, lineage }
    return { issue: { ...issue, authorities: [authority, still] } }
  },
}

/** By the book, in the turn of the signature: neither the family nor the consent has ended. */
function requireAlive({ moment: { book } }: TokenRequest, lineage: readonly Ancestor[]): void {
  if (lineage.some(({ type, id }) => book.isRevoked(type, id))) throw new BehindError()
}

/** One description for all: a code that was guessed, stolen or used before tells nothing. */
function invalidGrant(): OauthError {
  return new OauthError('invalid_grant', 'the code is not valid: it is unknown, used, too old or another client’s')
}

/** Compared before it is used up: a wrong guess of a verifier costs its holder nothing, and neither does another client. */
async function redeem(services: GrantServices, request: TokenRequest, text: string): Promise<CodeContent> {
  const { tenant, moment } = request
  const name = `${codeKind} ${text}`
  const { value, entries } = await services.store.write(
    async (transaction) => {
      const { singleUse } = transaction
      const shown = (await singleUse.find(codeKind, tenant.id, text, services.now())) as CodeContent | undefined
      if (shown !== undefined) requireMatch(request, shown)
      const redeemed = await singleUse.redeem(codeKind, tenant.id, text, services.now())
      if (redeemed === undefined) return undefined
      const code = redeemed.content as CodeContent
      // This very request redeemed it before it began again.
      const isOwn = moment.usedUp.has(name)
      if (!redeemed.isFirst && !isOwn) {
        if (code.clientId === request.client.id) await endFamily(services, request, transaction, code)
        return undefined
      }
      await requireStanding(request, transaction, code)
      if (!isOwn) await beginFamily(request, transaction, code)
      return code
    },
    { tenant: tenant.id },
  )
  await services.books.settle(entries)
  if (value === undefined) throw invalidGrant()
  moment.usedUp.add(name)
  return value
}

function requireMatch({ client, parameters }: TokenRequest, code: CodeContent): void {
  if (code.clientId !== client.id) throw invalidGrant()
  const redirectUri = parameters.get('redirect_uri')
  // RFC 6749 §4.1.3 wants it; with PKCE it proves nothing more, and OAuth 2.1 leaves it out.
  if (redirectUri === undefined ? code.challenge === undefined : redirectUri !== code.redirectUri)
    throw new OauthError('invalid_grant', 'redirect_uri is not the one of the authorization request')
  const verifier = parameters.get('code_verifier')
  const isProven =
    code.challenge === undefined
      ? verifier === undefined
      : verifier !== undefined && holdsChallenge(verifier, code.challenge)
  if (!isProven) throw new OauthError('invalid_grant', 'code_verifier does not fit the code_challenge')
}

/** A code ends with whatever it was made from: docs/protocol/feed.md §2.3. */
async function requireStanding(
  { tenant, client, moment }: TokenRequest,
  transaction: WriteTransaction,
  code: CodeContent,
): Promise<void> {
  const consent = await transaction.consents.find(tenant.id, code.consentId)
  const account = await transaction.accounts.find(tenant.id, code.accountId)
  const present = await transaction.clients.find(tenant.id, client.id)
  const cutOff = Math.max(present?.cutOff ?? 0, await subjectCutOff(transaction, tenant.id, code.accountId))
  if (consent?.status !== 'active' || account?.status !== 'active' || code.position < cutOff) throw invalidGrant()
  requireReached(moment, cutOff)
}

async function beginFamily(
  { tenant, moment }: TokenRequest,
  transaction: WriteTransaction,
  { familyId, consentId, accountId, clientId }: CodeContent,
): Promise<void> {
  const at = Math.floor(moment.takenAt)
  await transaction.families.insert({
    tenant: tenant.id,
    id: familyId,
    consentId,
    accountId,
    clientId,
    status: 'active',
    position: moment.position,
    expiresAt: at + serverLimits.familySecondsMax,
    version: 1,
    createdAt: at,
    updatedAt: at,
  })
}

/** RFC 6749 §4.1.2: somebody else has the code as well, and nobody knows who came first. */
async function endFamily(
  { now }: Pick<GrantServices, 'now'>,
  { tenant, client, requestId }: TokenRequest,
  transaction: WriteTransaction,
  { familyId }: CodeContent,
): Promise<void> {
  const family = await transaction.families.find(tenant.id, familyId)
  if (family === undefined || family.status === 'revoked') return
  const at = Math.floor(now())
  const ended = { ...family, status: 'revoked' as const, version: family.version + 1, updatedAt: at }
  await transaction.families.update(ended)
  const audit = { action: 'family.revoke', objectType: 'family', objectId: familyId, requestId }
  transaction.append({
    tenant: tenant.id,
    audit: { ...audit, actor: { kind: 'client', clientId: client.id }, after: { reason: 'a code was used twice' } },
    objects: () => [familyObject(ended, now())],
  })
}
