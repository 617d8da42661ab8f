import {
  type Ancestor,
  credentialIdentity,
  findRejection,
  isLineageWithinLimit,
  limits,
  type MaybePromise,
  type Metadata,
  parseCredential,
  parseScope,
  type Scope,
} from '@countersign/core'
import type { Client } from '@countersign/store'
import type { Inspection } from '@countersign/verifier/engine'
import { subjectCutOff } from '../../caller/subject_cut_off.ts'
import type { Services, TenantContext } from '../../context.ts'
import { chooseApi } from '../api_registry.ts'
import { type Authority, requireCovered, requireIssuable } from '../issuing_gate.ts'
import { BehindError, requireReached } from '../issuing_moment.ts'
import { OauthError } from '../oauth_error.ts'
import { isMetadataOfToken } from '../token_issuer.ts'
import type { GrantType, TokenRequest } from './grant_type.ts'

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const jwtType = 'urn:ietf:params:oauth:token-type:jwt'

/**
 * RFC 8693: any of our credentials for an access token that is never wider, never lives longer and dies with it. It
 * carries its parent's constraints and environment and spends from the oldest ancestor's limit.
 */
export const tokenExchange: GrantType = {
  name: 'urn:ietf:params:oauth:grant-type:token-exchange',
  async decide(services, request) {
    const { tenant, moment, client, authority, parameters } = request
    const text = readSubjectToken(parameters)
    const parent = judgeSubject(await tenant.engine.inspect(text), client, moment.takenAt)
    const { established, effective } = parent
    // A parent that was issued after a cut-off this process has not applied yet: its child would be refused by it.
    requireReached(moment, established.position ?? 0)
    // A key has no position: its subject may have been ended before it was made, and that entry not yet be here.
    if (established.position === undefined && established.subject !== client.id)
      requireReached(moment, await subjectCutOff(services.store.read, tenant.id, established.subject))
    services.metrics.verified('verified')
    const target =
      parameters.has('audience') || parameters.has('resource')
        ? parameters
        : new Map([['audience', established.audience]])
    const api = await chooseApi(services.apis, tenant, client, target)
    if (api.id !== established.apiId)
      throw new OauthError('invalid_target', 'the subject token is not valid for that API')
    const { expiresAt: parentEndsAt, scope: parentScope } = effective.grant
    const issuable = requireIssuable({
      moment,
      client,
      api,
      requested: parameters.get('scope'),
      ceiling: parseScope(parentScope),
      ...(parentEndsAt === undefined ? {} : { endsAtMax: parentEndsAt }),
    })
    const { environment, constraints } = established
    const lineage = lineageOf(parent)
    return {
      issue: {
        tenant,
        moment,
        client,
        api,
        authorities: [authority, parentAuthority(services, tenant, { text, client, ...issuable })],
        subject: established.subject,
        ...(established.subjectIssuer === undefined ? {} : { subjectIssuer: established.subjectIssuer }),
        ...(established.externalSubject === undefined ? {} : { externalSubject: established.externalSubject }),
        issuable,
        lineage,
        ...inheritedMetadata(established),
        constraints: constraints.filter((set) => Object.keys(set).length > 0),
        ...(environment === undefined ? {} : { environment }),
        ...(effective.rates.length === 0 ? {} : { rateLimits: effective.rates, limitId: effective.limitId }),
      },
      answer: { issued_token_type: accessTokenType },
    }
  },
}

type Parent = Exclude<Inspection, { readonly outcome: string }>

function readSubjectToken(parameters: TokenRequest['parameters']): string {
  const text = parameters.get('subject_token')
  if (text === undefined) throw new OauthError('invalid_request', 'subject_token is missing')
  const type = parameters.get('subject_token_type')
  if (type !== accessTokenType && !(type === jwtType && parseCredential(text)?.kind === 'jwt')) {
    throw new OauthError('invalid_request', `subject_token_type must be ${accessTokenType}, or ${jwtType} for a JWT`)
  }
  if ((parameters.get('requested_token_type') ?? accessTokenType) !== accessTokenType) {
    throw new OauthError('invalid_request', `requested_token_type must be ${accessTokenType}`)
  }
  if (parameters.has('actor_token')) throw new OauthError('invalid_request', 'actor_token is not supported')
  return text
}

/**
 * A subject token that does not hold, or is another client's, is `invalid_request` (RFC 8693 §2.2.2), the same for all.
 */
function judgeSubject(inspection: Inspection, client: Client, now: number): Parent {
  if ('outcome' in inspection) {
    if (inspection.outcome === 'unavailable')
      throw new OauthError('temporarily_unavailable', 'try again', 503, { 'Retry-After': '1' })
    throw invalidSubject()
  }
  // Address and origin travel with the child and are judged where it is used.
  const effective = { ...inspection.effective, addressRanges: [], origins: [] }
  const expected = { audience: inspection.established.audience, requires: [[]], address: undefined, origin: undefined }
  const rejection = findRejection(effective, expected, now)
  if (rejection !== undefined || inspection.established.clientId !== client.id) throw invalidSubject()
  return inspection
}

interface Child {
  /** The parent’s text. */
  readonly text: string
  readonly client: Client
  readonly scope: Scope
  readonly expiresAt: number
}

/**
 * The parent, looked at again where its child is made: revoked or disabled it has none, narrowed or ended only a lesser
 * one.
 */
function parentAuthority(services: Pick<Services, 'now'>, tenant: TenantContext, child: Child): Authority {
  const { text, client, scope, expiresAt } = child
  return {
    requireStill(): MaybePromise<void> {
      const inspection = tenant.engine.inspect(text)
      if (inspection instanceof Promise) return inspection.then(() => {})
      const { grant } = judgeSubject(inspection, client, services.now()).effective
      requireCovered(grant.scope, scope)
      if (grant.expiresAt !== undefined && grant.expiresAt < expiresAt) throw new BehindError()
    },
  }
}

/** The parent's own, where it fits into a JWT. A self-issued JWT has none of its own. */
function inheritedMetadata({ metadata }: Parent['established']): { readonly metadata?: Metadata } {
  return isMetadataOfToken(metadata) ? { metadata } : {}
}

/** Nearest first. What a client's own key signed dies with that key too. */
function lineageOf({ established, signedBy }: Parent): readonly Ancestor[] {
  const lineage: readonly Ancestor[] = [credentialIdentity(established), ...established.lineage]
  if (!isLineageWithinLimit(lineage)) {
    throw new OauthError('invalid_request', `a token may have at most ${limits.lineageMax} ancestors`)
  }
  return signedBy?.type === 'public_key' ? [...lineage, { type: 'public_key', id: signedBy.id }] : lineage
}

function invalidSubject(): OauthError {
  return new OauthError('invalid_request', 'the subject_token is not valid for this client')
}
