/** A request at the authorization endpoint (RFC 6749 §4.1.1), read once and kept until the person has answered. */
import { missingScope, parseScope, type Scope, type Seconds } from '@countersign/core'
import { type Api, type Client, isPublicClient } from '@countersign/store'
import type { Services, TenantContext } from '../../context.ts'
import { userinfoApiId } from '../../tenants/tenant_setup.ts'
import { chooseApi } from '../api_registry.ts'
import type { GrantServices } from '../grants/grant_type.ts'
import type { IssuingMoment } from '../issuing_moment.ts'
import { OauthError } from '../oauth_error.ts'
import { readIdTokenHint } from '../person/id_token_hint.ts'
import { identityScopes, splitScope } from '../person/identity_scope.ts'
import { readRequested } from '../requested_scope.ts'
import { shownScope } from '../shown_scope.ts'
import { isChallenge } from './pkce.ts'
import { matchRedirectUri } from './redirect_uri.ts'

export type Prompt = 'none' | 'login' | 'consent' | 'select_account'

/** Where the answer goes, and what it repeats. */
export interface ReturnAddress {
  readonly redirectUri: string
  readonly responseMode: 'query' | 'form_post'
  readonly state?: string
}

/** The request as it is kept. Pages carry its id and nothing else. */
export interface AuthorizationRequest extends ReturnAddress {
  readonly clientId: string
  /** Absent where the client may do without PKCE, and has. */
  readonly challenge?: string
  readonly apiId: string
  /** Absent: all that the client may have there and the account can give. */
  readonly scope?: Scope
  /** The scopes that speak of the person. */
  readonly identity: Scope
  /** The ID token repeats it (OpenID Connect Core §3.1.2.1). */
  readonly nonce?: string
  readonly prompt: readonly Prompt[]
  readonly maxAgeSeconds?: number
  readonly loginHint?: string
  /** The account that `id_token_hint` names: nobody else may answer. */
  readonly accountId?: string
  /** The feed sequence that was applied before anything of it was read. */
  readonly position: number
  readonly askedAt: Seconds
}

/** Longer ones are nobody's. */
const parameterCharactersMax = 2_048

export type Parameters = ReadonlyMap<string, string>

/** A fault before the redirect URI is trusted: it is shown, and sent nowhere (RFC 6749 §4.1.2.1). */
export class UntrustedRequestError extends Error {
  override readonly name = 'UntrustedRequestError'
  readonly code: 'invalid_client' | 'invalid_redirect_uri' | 'invalid_request'

  constructor(code: UntrustedRequestError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** The client's redirect URI. Nothing of the request is believed before. */
export function readReturnAddress(parameters: Parameters, client: Client | undefined): ReturnAddress {
  if (client?.status !== 'active')
    throw new UntrustedRequestError('invalid_client', 'There is no such application here.')
  const asked = parameters.get('redirect_uri')
  const only = client.signIn?.redirectUris.length === 1 ? client.signIn.redirectUris[0] : undefined
  const redirectUri = asked === undefined ? only : matchRedirectUri(client, asked)
  if (redirectUri === undefined) {
    const detail =
      asked === undefined ? 'redirect_uri is missing.' : 'The application has not registered this redirect_uri.'
    throw new UntrustedRequestError('invalid_redirect_uri', detail)
  }
  const state = parameters.get('state')
  const isPosted = parameters.get('response_mode') === 'form_post'
  return { redirectUri, responseMode: isPosted ? 'form_post' : 'query', ...(state === undefined ? {} : { state }) }
}

/** Throws `OauthError`, which goes back to the client. Faults are told in one order: type, PKCE, prompt, API, scope. */
export async function readAuthorization(
  services: Pick<Services, 'apis' | 'signingKeys'>,
  tenant: TenantContext,
  client: Client,
  parameters: Parameters,
  moment: IssuingMoment,
): Promise<AuthorizationRequest> {
  const address = readReturnAddress(parameters, client)
  requireOffered(parameters)
  const challenge = readChallenge(parameters, client)
  const prompt = readPrompt(parameters.get('prompt'))
  const maxAgeSeconds = readMaxAge(parameters.get('max_age'))
  const api = isOfPersonAlone(parameters)
    ? await userinfoApi(services, tenant)
    : await chooseApi(services.apis, tenant, client, parameters)
  // A person acts at the management API by a session. Nobody acts there in their name.
  if (api.isBuiltIn && api.id !== userinfoApiId)
    throw new OauthError('invalid_target', 'nobody is let into this API in the name of a person')
  const scope = readScopeOf(parameters.get('scope'), client, api)
  const loginHint = parameters.get('login_hint')
  const nonce = parameters.get('nonce')
  const accountId = await readHint(services, tenant, client, parameters.get('id_token_hint'))
  return {
    ...address,
    clientId: client.id,
    apiId: api.id,
    prompt,
    ...(challenge === undefined ? {} : { challenge }),
    ...(scope === undefined ? {} : { scope: scope.ofApi }),
    identity: scope?.identity ?? [],
    ...(nonce === undefined ? {} : { nonce }),
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
    ...(loginHint === undefined ? {} : { loginHint }),
    ...(accountId === undefined ? {} : { accountId }),
    position: moment.position,
    askedAt: moment.takenAt,
  }
}

function requireOffered(parameters: Parameters): void {
  for (const [name, value] of parameters)
    if (value.length > parameterCharactersMax) throw new OauthError('invalid_request', `${name} is too long`)
  if (parameters.has('request')) throw new OauthError('request_not_supported', 'send the parameters themselves')
  if (parameters.has('request_uri')) throw new OauthError('request_uri_not_supported', 'send the parameters themselves')
  const type = parameters.get('response_type')
  if (type === undefined) throw new OauthError('invalid_request', 'response_type is missing')
  if (type !== 'code') throw new OauthError('unsupported_response_type', 'response_type must be code')
  const mode = parameters.get('response_mode')
  if (mode !== undefined && mode !== 'query' && mode !== 'form_post')
    throw new OauthError('invalid_request', 'response_mode must be query or form_post')
}

function readChallenge(parameters: Parameters, client: Client): string | undefined {
  const challenge = parameters.get('code_challenge')
  const method = parameters.get('code_challenge_method')
  if (challenge === undefined) {
    if (method !== undefined || isPublicClient(client) || client.signIn?.requirePkce !== false)
      throw new OauthError('invalid_request', 'code_challenge is missing: this client needs PKCE with S256')
    return undefined
  }
  if (method !== 'S256') throw new OauthError('invalid_request', 'code_challenge_method must be S256')
  if (!isChallenge(challenge))
    throw new OauthError('invalid_request', 'code_challenge must be the base64url of a SHA-256')
  return challenge
}

const prompts: ReadonlySet<string> = new Set<Prompt>(['none', 'login', 'consent', 'select_account'])

function readPrompt(text: string | undefined): readonly Prompt[] {
  const words = text === undefined ? [] : text.split(' ').filter((word) => word !== '')
  if (words.some((word) => !prompts.has(word)))
    throw new OauthError('invalid_request', 'prompt must be none, login, consent or select_account')
  if (words.includes('none') && words.length > 1)
    throw new OauthError('invalid_request', 'prompt=none goes with no other')
  return words as readonly Prompt[]
}

function readMaxAge(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,9}$/.test(text)) throw new OauthError('invalid_request', 'max_age must be a whole number of seconds')
  return Number(text)
}

async function readHint(
  services: Pick<Services, 'signingKeys'>,
  tenant: TenantContext,
  { id }: Client,
  text: string | undefined,
): Promise<string | undefined> {
  if (text === undefined) return undefined
  const hint = await readIdTokenHint(services, tenant, text)
  if (hint?.clientId !== id)
    throw new OauthError('invalid_request', 'id_token_hint is no ID token that this client was given here')
  return hint.accountId
}

/** Identity scopes alone, and no API: nothing but who the person is (OpenID Connect Core §3.1.2.1). */
function isOfPersonAlone(parameters: Parameters): boolean {
  if (parameters.has('audience') || parameters.has('resource')) return false
  const tokens = parameters.get('scope')?.split(' ') ?? []
  return tokens.includes('openid') && tokens.every((token) => identityScopes.has(token))
}

async function userinfoApi({ apis }: Pick<GrantServices, 'apis'>, tenant: { readonly id: string }): Promise<Api> {
  const api = await apis.byId(tenant, userinfoApiId)
  if (api === undefined) throw new OauthError('invalid_target', 'name the API with audience or resource')
  return api
}

function readScopeOf(
  text: string | undefined,
  { access }: Client,
  api: Api,
): ReturnType<typeof splitScope> | undefined {
  if (text === undefined) return undefined
  const scope = splitScope(readRequested(text, api))
  const beyond = missingScope(scope.ofApi, parseScope(access[api.id] ?? ''))
  if (beyond.length > 0) throw new OauthError('invalid_scope', `this client may not have: ${shownScope(beyond)}`)
  return scope
}
