/** The shapes of JSON in rows. */
import type {
  Ancestor,
  Constraints,
  CutOff,
  CutOffs,
  DropFloor,
  Environment,
  IssuerKey,
  IssuerRule,
  Metadata,
  ObjectType,
  RateLimit,
  RatePolicy,
  StateByType,
  Status,
} from '@countersign/core'
import type { Check } from './check.ts'
import { isCount, isObject, isText, listOf, oneOf, optional, recordOf, shape } from './check.ts'

export const isStatus = oneOf<Status>({ active: true, disabled: true, revoked: true })

export const isEnvironment = oneOf<Environment>({ live: true, test: true })

export const isMetadata: Check<Metadata> = isObject

export const isTextList = listOf(isText)

export const isRateLimit = shape<RateLimit>({ limit: isCount, windowSeconds: isCount })

/** Names go into header fields unchanged, so a name must not be able to end its line or its string. */
const isPolicyName: Check<string> = (value): value is string =>
  typeof value === 'string' && /^[a-z][a-z0-9_-]{0,31}$/.test(value)

export const isRateLimits = listOf(shape<RatePolicy>({ name: isPolicyName, limit: isCount, windowSeconds: isCount }))

const limited = { rateLimit: optional(isRateLimit), rateLimits: optional(isRateLimits) }

const constraints = { ipAllow: optional(isTextList), originAllow: optional(isTextList) }

export const isInherited = listOf(shape<Constraints>(constraints))

export const isLineage = listOf(
  shape<Ancestor>({
    type: oneOf({
      key: true,
      token: true,
      opaque_token: true,
      client_token: true,
      session: true,
      external_token: true,
      public_key: true,
      consent: true,
      family: true,
    }),
    id: isText,
  }),
)

export const isJwk: Check<{ readonly [member: string]: unknown }> = isObject

export const isFloor = shape<DropFloor>({ sequence: isCount, time: isCount, at: isCount })

const isCutOff = shape<CutOff>({ sequence: isCount, at: isCount })

export const isCutOffs = shape<CutOffs>({ tokens: optional(isCutOff), everything: optional(isCutOff) })

const cutOffs = { cutOff: isCount, cutOffs: optional(isCutOffs) }

const isTokenState = shape<StateByType['token']>({
  status: isStatus,
  scope: optional(isText),
  expiresAt: optional(isCount),
})

export const isIssuerRules = listOf(
  shape<IssuerRule>({ when: recordOf(isText), scope: isText, apiId: optional(isText) }),
)

export const isIssuerKeys = listOf(
  shape<IssuerKey>({ kid: optional(isText), thumbprint: isText, alg: isText, publicJwk: isJwk }),
)

/** The state of an entry, by type (docs/protocol/feed.md §1). */
export const isState: { readonly [T in ObjectType]: Check<StateByType[T]> } = {
  tenant: shape<StateByType['tenant']>({ status: isStatus, slug: isText, floor: optional(isFloor) }),
  api: shape<StateByType['api']>({
    status: isStatus,
    audience: isText,
    maxStalenessSeconds: isCount,
    createdSequence: isCount,
    retiredScopes: optional(listOf(isText)),
    credentialHeaders: optional(listOf(isText)),
    ...limited,
  }),
  client: shape<StateByType['client']>({
    status: isStatus,
    access: recordOf(isText),
    ...cutOffs,
    ...limited,
  }),
  subject: shape<StateByType['subject']>({ status: isStatus, ...cutOffs }),
  account: shape<StateByType['account']>({ status: isStatus, access: optional(recordOf(isText)), ...cutOffs }),
  consent: shape<StateByType['consent']>({ status: isStatus }),
  family: shape<StateByType['family']>({ status: isStatus }),
  session: shape<StateByType['session']>({ status: isStatus, expiresAt: optional(isCount) }),
  public_key: shape<StateByType['public_key']>({ status: oneOf({ revoked: true }) }),
  client_secret: shape<StateByType['client_secret']>({ status: oneOf({ revoked: true }) }),
  key: shape<StateByType['key']>({
    status: isStatus,
    scope: isText,
    expiresAt: optional(isCount),
    ...limited,
    ...constraints,
  }),
  opaque_token: isTokenState,
  token: isTokenState,
  client_token: isTokenState,
  issued_token: isTokenState,
  external_token: isTokenState,
  trusted_issuer: shape<StateByType['trusted_issuer']>({
    status: isStatus,
    issuer: isText,
    clientId: isText,
    audience: isText,
    scope: isText,
    rules: isIssuerRules,
    keys: isIssuerKeys,
  }),
  signing_key: shape<StateByType['signing_key']>({
    status: oneOf({ active: true, revoked: true }),
    alg: isText,
    purpose: oneOf({ access_token: true, gateway_assertion: true, id_token: true }),
    publicJwk: optional(isJwk),
  }),
}

export const isObjectType = oneOf<ObjectType>(isState)
