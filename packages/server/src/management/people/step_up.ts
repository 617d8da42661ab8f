/**
 * Operations that a session may do only shortly after its person has proven to be it: rolling, widening, and saying who can
 * sign in, who runs the tenant and what signs. An open browser, or a cookie that was copied, is not enough for these.
 */
import type { OperationId, Route, Routes } from '@countersign/contract'
import { digest, missingScope, parseScope, parseTime, type Scope } from '@countersign/core'
import type { AccountSession, Client, ClientSignIn } from '@countersign/store'
import { scopeOfRole } from '../../caller/team_roles.ts'
import { ProblemError } from '../../http/problem.ts'
import { serverLimits } from '../../limits.ts'
import { hasProvenLately } from '../../people/factors/own_session.ts'
import { readAccess, scopeOf } from '../access.ts'
import type { WriteContext } from '../context.ts'
import { findApi, findClient, findKey, findTokenOrNone } from '../find.ts'
import { findMember, findTeam } from '../teams/find.ts'

type Rule<R extends Route> = 'always' | 'never' | ((context: WriteContext<R>) => Promise<boolean> | boolean)

/** The operations that change something. Each stands below, a new one too. */
type WriteId = { [Id in OperationId]: Routes[Id]['method'] extends 'GET' ? never : Id }[OperationId]

const rules: { readonly [Id in WriteId]: Rule<Routes[Id]> } = {
  rollKey: 'always',
  createClientSecret: 'always',
  rotateSigningKeys: 'always',
  revokeSigningKey: 'always',
  createAccountLink: 'always',
  createIssuer: 'always',
  addTeamMember: 'always',
  approveAccessRequest: 'always',
  createPortalLink: 'always',
  createApi: 'never',
  deleteApi: 'never',
  importOpenapi: 'never',
  callApi: 'never',
  createClient: 'never',
  deleteClient: 'never',
  revokeClientSecret: 'never',
  revokeClient: 'never',
  createKey: 'never',
  disableKey: 'never',
  enableKey: 'never',
  revokeKey: 'never',
  createToken: 'never',
  revokeToken: 'never',
  createRevocation: 'never',
  deleteIssuer: 'never',
  testIssuer: 'never',
  inspect: 'never',
  verify: 'never',
  lookup: 'never',
  feedPosition: 'never',
  handBackRevocations: 'never',
  createAssertion: 'never',
  reportUsage: 'never',
  createTenant: 'never',
  updateTenant: 'never',
  deleteTenant: 'never',
  deleteAccount: 'never',
  revokeAccount: 'never',
  revokeSession: 'never',
  revokeConsent: 'never',
  deleteTeam: 'never',
  removeTeamMember: 'never',
  deleteInvitation: 'never',
  acceptInvitation: 'never',
  createAccessRequest: 'never',
  refuseAccessRequest: 'never',
  withdrawAccessRequest: 'never',
  // How it looks is nobody's way in.
  updateSettings: ({ body: { signIn, signUp, portal } }) => [signIn, signUp, portal].some((each) => each !== undefined),
  updateIssuer: ({ body: { status, ...more } }) => status === 'active' || Object.keys(more).length > 0,
  // Other systems know a person or team by the owner's id, and a person by a verified address.
  createAccount: ({ body }) =>
    body.role !== undefined || body.externalSubject !== undefined || body.emailVerified === true,
  createTeam: ({ body }) => body.externalId !== undefined,
  updateAccount: ({ body }) =>
    [body.email, body.emailVerified, body.externalSubject, body.password, body.role, body.scope, body.access].some(
      (each) => each !== undefined,
    ),
  updateApi: async (context) => {
    const { body } = context
    const api = await findApi(context, context.params.id as string)
    // Calls carry credentials there.
    if (typeof body.callUrl === 'string' && body.callUrl !== api.callUrl) return true
    return (['accountScope', 'selfServiceScope', 'onRequestScope'] as const).some(
      (each) => body[each] !== undefined && isWider(parseScope(api[each]), scopeOf(body[each], api)),
    )
  },
  updateKey: async (context) => {
    const { body } = context
    const key = await findKey(context, context.params.id as string)
    const isLonger = body.expiresAt !== undefined && endOf(body.expiresAt) > (key.expiresAt ?? Infinity)
    const isFreer = isLooser(key.ipAllow, body.ipAllow) || isLooser(key.originAllow, body.originAllow)
    if (isLonger || isFreer || body.scope === undefined) return isLonger || isFreer
    return isWider(parseScope(key.scope), scopeOf(body.scope, await findApi(context, key.apiId)))
  },
  updateToken: async (context) => {
    const { body } = context
    const token = await findTokenOrNone(context, context.params.jti as string)
    // A token that is in no list may be widened again to what was signed: nothing here says whether it is.
    if (token === undefined) return true
    const end = token.expiresAt ?? token.issuedExpiresAt
    if (body.expiresAt !== undefined && endOf(body.expiresAt) > end) return true
    if (body.scope === undefined) return false
    return isWider(
      parseScope(token.scope ?? token.issuedScope),
      scopeOf(body.scope, await findApi(context, token.apiId)),
    )
  },
  updateClient: async (context) => {
    const { body } = context
    const client = await findClient(context, context.params.clientId as string)
    const isGuard = (body.guards ?? []).some((each) => !client.guards.includes(each))
    if (isGuard || body.jwks !== undefined || isTrustedMore(client, body)) return true
    return body.access !== undefined && hasMore(client.access, await readAccess(context, body.access))
  },
  updateTeam: async (context) => {
    const { body } = context
    const team = await findTeam(context, context.params.id as string)
    if (body.externalId !== undefined && body.externalId !== (team.externalId ?? null)) return true
    return body.access !== undefined && hasMore(team.access, await readAccess(context, body.access))
  },
  updateTeamMember: async (context) => {
    const { accountId, id } = context.params as { readonly id: string; readonly accountId: string }
    const { role } = await findMember(context, await findTeam(context, id), accountId)
    return isWider(scopeOfRole[role], scopeOfRole[context.body.role])
  },
}

/** Throws 403 where a session calls and its proof is too old. Other credentials have no person to ask. */
export async function requireStepUp(
  route: Route,
  context: WriteContext,
  session: AccountSession | undefined,
): Promise<void> {
  const rule = rules[route.operationId as WriteId] as Rule<Route>
  if (session === undefined || rule === 'never') return
  const { caller, now, tenant, transaction } = context
  if (await hasProvenLately(transaction, session, await digest(caller.credential), now)) return
  if (rule !== 'always' && !(await rule(context))) return
  const detail =
    'This wants a sign-in or a second factor of the last 10 minutes. Prove who you are at stepUpUrl, then try again.'
  const stepUpUrl = `${tenant.issuer}/account/step-up`
  throw new ProblemError(403, 'step_up_required', detail, {
    members: { maxAgeSeconds: serverLimits.stepUpSeconds, stepUpUrl },
  })
}

type SignIn = {
  readonly [Member in 'redirectUris' | 'verified' | 'consent' | 'requirePkce' | 'offlineAccess']?:
    | ClientSignIn[Member]
    | undefined
}

/** Codes may go to another place, people are asked or warned less, or tokens are refreshed without them. */
function isTrustedMore({ signIn }: Pick<Client, 'signIn'>, body: SignIn): boolean {
  const { redirectUris = [] } = signIn ?? {}
  const isElsewhere = (body.redirectUris ?? []).some((each) => !redirectUris.includes(each))
  const isVerified = body.verified === true && signIn?.verified !== true
  const isSilent = body.consent === 'skip' && signIn?.consent !== 'skip'
  const isStaying = body.offlineAccess === true && signIn?.offlineAccess !== true
  return (
    isElsewhere || isVerified || isSilent || isStaying || (body.requirePkce === false && signIn?.requirePkce !== false)
  )
}

function isWider(before: Scope, after: Scope): boolean {
  return missingScope(after, before).length > 0
}

type Access = Readonly<Record<string, string>>

function hasMore(before: Access, after: Access): boolean {
  return Object.entries(after).some(([api, scope]) => {
    const had = before[api]
    return had === undefined || isWider(parseScope(had), parseScope(scope))
  })
}

/** A list that is gone, or names somebody new. Without a list everybody was allowed before. */
function isLooser(before: readonly string[] | undefined, after: readonly string[] | null | undefined): boolean {
  if (before === undefined || after === undefined) return false
  return after === null || after.some((each) => !before.includes(each))
}

function endOf(text: string | null): number {
  return text === null ? Infinity : (parseTime(text) ?? Infinity)
}
