/** `/oauth/userinfo`: OpenID Connect Core §5.3. Any access token that came of a sign-in with `openid`, whatever its API. */
import {
  findRejection,
  type Grant,
  parseScope,
  type Rejection,
  rejectionAnswer,
  type Scope,
  unavailableAnswer,
} from '@countersign/core'
import type { Account } from '@countersign/store'
import {
  credentialHeadersOf,
  type Inspection,
  mayFail,
  questionOf,
  tooManyFailures,
} from '@countersign/verifier/engine'
import type { Services, TenantContext } from '../../context.ts'
import { type Answer, json } from '../../http/answer.ts'
import { clientAddress } from '../../http/client_address.ts'
import { problem } from '../../http/problem.ts'
import type { HttpRequest } from '../../http/request.ts'
import { userinfoApiId } from '../../tenants/tenant_setup.ts'

type UserinfoServices = Pick<Services, 'failures' | 'now' | 'store' | 'trustedProxies'>

export async function userinfo(
  services: UserinfoServices,
  tenant: TenantContext,
  request: HttpRequest,
): Promise<Answer> {
  const asked = { audience: '', requires: [[]], ip: undefined, origin: undefined }
  const question = questionOf(credentialHeadersOf(request.rawHeaders, undefined, { basic: false }), asked)
  if ('rejection' in question) return problem(request, rejectionAnswer(question.rejection))
  const inspection = await tenant.engine.inspect(question.credential)
  if ('outcome' in inspection && inspection.outcome === 'unavailable')
    return problem(request, unavailableAnswer(inspection.retryAfterSeconds))
  const found = await findPerson(services, tenant, inspection)
  if (!('code' in found)) return json(200, claimsOf(found), { 'Cache-Control': 'no-store', Pragma: 'no-cache' })
  const answer = rejectionAnswer(found)
  const address = clientAddress(request, services.trustedProxies)
  const isAnswered = answer.status !== 401 || mayFail(services.failures, tenant.id, address)
  return problem(request, isAnswered ? answer : tooManyFailures)
}

interface Person {
  readonly account: Account
  /** The scope that was given with this very sign-in: another may have been given more. */
  readonly scope: Scope
}

async function findPerson(
  { now, store }: UserinfoServices,
  { id }: TenantContext,
  inspection: Inspection,
): Promise<Person | Rejection> {
  if ('outcome' in inspection)
    return inspection.outcome === 'rejected' ? inspection.rejection : { code: 'malformed', detail: 'it is no token' }
  const { effective, established } = inspection
  const { grant } = effective
  // No list of access names the built-in API of these tokens.
  const hasAccess = effective.hasAccess || established.apiId === userinfoApiId
  const rejection = findRejection({ ...effective, hasAccess }, anywhere(grant), now())
  if (rejection !== undefined) return rejection
  // The token ends with its consent: its family says all.
  const familyId = established.lineage.find(({ type }) => type === 'family')?.id
  if (grant.kind !== 'access_token' || familyId === undefined) return noOpenId
  const scope = parseScope((await store.read.families.find(id, familyId))?.scope ?? '')
  if (!scope.includes('openid')) return noOpenId
  const account = await store.read.accounts.find(id, grant.subject)
  return account?.status === 'active' ? { account, scope } : { code: 'revoked', detail: 'the account has ended' }
}

function anywhere({ audience }: Grant) {
  return { audience, requires: [[]], address: undefined, origin: undefined }
}

const noOpenId: Rejection = {
  code: 'insufficient_scope',
  detail: 'no person has allowed openid to the client of this token',
  neededScope: ['openid'],
  missingScope: ['openid'],
  requires: [['openid']],
}

/** OpenID Connect Core §5.1, as far as the consent goes. */
function claimsOf({ account, scope }: Person): object {
  const { id, name, email, emailVerified, updatedAt } = account
  return {
    sub: id,
    ...(scope.includes('profile') ? { name, updated_at: updatedAt } : {}),
    ...(scope.includes('email') && email !== undefined ? { email, email_verified: emailVerified } : {}),
  }
}
