/**
 * A record as the feed says it: its whole state, and how long a verifier must remember it (docs/protocol/feed.md §2.1).
 */
import {
  type AccountState,
  type CutOff,
  type CutOffKind,
  clientSecretId,
  clientTokenId,
  type FeedObject,
  issuedTokenId,
  type Limited,
  limits,
  neverDropAt,
  publicKeyId,
  revokedStates,
  type Seconds,
  type SubjectState,
  type TokenState,
  tokenIdentity,
} from '@countersign/core'
import type {
  Account,
  AccountSession,
  Api,
  Client,
  Consent,
  EndedSession,
  Family,
  Issuer,
  Key,
  SigningKey,
  StatusEntry,
  Tenant,
  Token,
} from '@countersign/store'

/** The longest life any token can have: `tokenTtlSecondsMax` goes to 366 days. What covers tokens is kept that long. */
const longestLifeSeconds = 366 * 86_400
const graceSeconds = limits.clockLeewaySeconds + limits.dropGraceSeconds

export function tenantObject(tenant: Tenant): FeedObject {
  const { id, version, status, slug, floor } = tenant
  const state = { status, slug, ...(floor === undefined ? {} : { floor }) }
  return { type: 'tenant', id, version, state, dropAt: neverDropAt }
}

export function apiObject(api: Api, now: Seconds, createdSequence = api.createdSequence): FeedObject {
  const { id, version, status, audience, maxStalenessSeconds, retiredScopes, credentialHeaders } = api
  const retired = retiredScopes === undefined ? {} : { retiredScopes }
  const headers = credentialHeaders === undefined ? {} : { credentialHeaders }
  const state = { status, audience, maxStalenessSeconds, createdSequence, ...retired, ...headers, ...limitsOf(api) }
  return { type: 'api', id, version, state, dropAt: status === 'revoked' ? afterLongestLife(now) : neverDropAt }
}

export function clientObject(client: Client, now: Seconds): FeedObject {
  const { id, version, status, access, cutOff, cutOffs } = client
  return {
    type: 'client',
    id,
    version,
    state: { status, access, cutOff, ...(cutOffs === undefined ? {} : { cutOffs }), ...limitsOf(client) },
    dropAt: afterLongestLife(now),
  }
}

/** All that a subject had was ended: `cutOff` is the number from which on its credentials count again. */
export function subjectObject(id: string, version: number, state: SubjectState, now: Seconds): SubjectObject {
  return { type: 'subject', id, version, state, dropAt: afterLongestLife(now) }
}

type SubjectObject = Extract<FeedObject, { readonly type: 'subject' }>

/**
 * An account by its row, with the cut-off that its entry has: an account's row holds none. The number of the entry is its
 * own, since a new epoch raises cut-offs without the row.
 */
export function accountObject(
  { id, status, access }: Pick<Account, 'id' | 'status' | 'access'>,
  before: StatusEntry | undefined,
  now: Seconds,
  later: Pick<AccountState, 'cutOff' | 'cutOffs'> = { cutOff: 0 },
): FeedObject {
  const said = before?.type === 'account' ? before.state : undefined
  const cutOffs = later.cutOffs ?? said?.cutOffs
  const state: AccountState = {
    status,
    ...(Object.keys(access).length === 0 ? {} : { access }),
    cutOff: Math.max(said?.cutOff ?? 0, later.cutOff),
    ...(cutOffs === undefined ? {} : { cutOffs }),
  }
  const version = (before?.version ?? 0) + 1
  const isGone = status === 'revoked'
  return { type: 'account', id, version, state: isGone ? revokedStates.account : state, dropAt: afterLongestLife(now) }
}

/** A consent that was removed, or a family that has ended: whatever came about by it ends too. */
export function consentObject(
  { id, version, status }: Pick<Consent, 'id' | 'version' | 'status'>,
  now: Seconds,
): FeedObject {
  return { type: 'consent', id, version, state: { status }, dropAt: afterLongestLife(now) }
}

export function familyObject(
  { id, version, status }: Pick<Family, 'id' | 'version' | 'status'>,
  now: Seconds,
): FeedObject {
  return { type: 'family', id, version, state: { status }, dropAt: afterLongestLife(now) }
}

/** Entries about sessions that ended with their account: tokens that they minted name them, and not the account. */
export function endedSessionObjects(ended: readonly EndedSession[], now: Seconds): readonly FeedObject[] {
  return ended.filter(({ expiresAt }) => expiresAt > now).map((each) => sessionObject({ ...each, status: 'revoked' }))
}

/** A session lives 30 days at most, whatever its entry says of its end. */
export function sessionObject(session: Pick<AccountSession, 'id' | 'version' | 'status' | 'expiresAt'>): FeedObject {
  const { id, version, status, expiresAt } = session
  const dropAt = Math.ceil(expiresAt) + graceSeconds
  return { type: 'session', id, version, state: { status, expiresAt }, dropAt }
}

/** The client as it is once it was cut off at this number: what `tokens` or `everything` means, see `CutOffs`. */
export function withCutOff(client: Client, what: CutOffKind, cutOff: CutOff): Client {
  const { sequence } = cutOff
  return { ...client, cutOff: Math.max(client.cutOff, sequence), cutOffs: { ...client.cutOffs, [what]: cutOff } }
}

export function publicKeyObject(clientId: string, thumbprint: string, now: Seconds): FeedObject {
  return {
    type: 'public_key',
    id: publicKeyId(clientId, thumbprint),
    version: 1,
    state: { status: 'revoked' },
    dropAt: afterLongestLife(now),
  }
}

/** The entry of a secret that was ended at once. */
export function clientSecretObject(clientId: string, secretId: string, now: Seconds): FeedObject {
  return {
    type: 'client_secret',
    id: clientSecretId(clientId, secretId),
    version: 1,
    state: { status: 'revoked' },
    dropAt: afterLongestLife(now),
  }
}

/** A key's entry is kept for the longest life of a token, since tokens made from the key may outlive its own end. */
export function keyObject(key: Key, now: Seconds): FeedObject {
  const { id, version, status, scope, expiresAt, ipAllow, originAllow } = key
  return {
    type: 'key',
    id,
    version,
    state: {
      status,
      scope,
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(ipAllow === undefined ? {} : { ipAllow }),
      ...(originAllow === undefined ? {} : { originAllow }),
      ...limitsOf(key),
    },
    dropAt: afterLongestLife(now),
  }
}

/** A revoked key by what is known of it without its row: a verifier keeps nothing else of it. */
export function revokedKeyObject({ id, version }: Pick<Key, 'id' | 'version'>, now: Seconds): FeedObject {
  return { type: 'key', id, version, state: revokedStates.key, dropAt: afterLongestLife(now) }
}

/** For a JWT the signed `exp`, never the end a change set: an entry dropped early would bring the token back. */
export function tokenObject(token: Token): FeedObject {
  const { jti, version, status, scope, expiresAt, issuedExpiresAt, format } = token
  return {
    ...tokenIdentity(format, jti),
    version,
    state: { status, ...(scope === undefined ? {} : { scope }), ...(expiresAt === undefined ? {} : { expiresAt }) },
    dropAt: Math.ceil(issuedExpiresAt) + graceSeconds,
  }
}

/** A JWT of ours that is not registered: all that is known of it is what it says. */
export function revokedTokenObject(jti: string, expiresAt: Seconds): FeedObject {
  return {
    type: 'token',
    id: jti,
    version: 1,
    state: { status: 'revoked' },
    dropAt: Math.ceil(expiresAt) + graceSeconds,
  }
}

export function revokedClientTokenObject(clientId: string, jti: string, expiresAt: Seconds): FeedObject {
  return {
    type: 'client_token',
    id: clientTokenId(clientId, jti),
    version: 1,
    state: { status: 'revoked' },
    dropAt: Math.ceil(expiresAt) + graceSeconds,
  }
}

/** A JWT of another issuer by its name, as `externalTokenId` gives it. */
export function revokedExternalTokenObject(id: string, expiresAt: Seconds): FeedObject {
  return {
    type: 'external_token',
    id,
    version: 1,
    state: { status: 'revoked' },
    dropAt: Math.ceil(expiresAt) + graceSeconds,
  }
}

/** An issuer with all that verifiers need to judge its JWTs: they fetch nothing themselves. */
export function trustedIssuerObject(it: Issuer, now: Seconds): FeedObject {
  const { id, version, status, issuer, clientId, audience, scope, rules, keys } = it
  const state = { status, issuer, clientId, audience, scope, rules, keys }
  const dropAt = status === 'revoked' ? afterLongestLife(now) : neverDropAt
  return { type: 'trusted_issuer', id, version, state, dropAt }
}

/** A JWT of ours that nothing lists, named by its client: its end is not known, so it is kept for the longest life. */
export function issuedTokenObject(
  { clientId, jti }: { readonly clientId: string; readonly jti: string },
  version: number,
  state: TokenState,
  now: Seconds,
): FeedObject {
  return { type: 'issued_token', id: issuedTokenId(clientId, jti), version, state, dropAt: afterLongestLife(now) }
}

/** A removed `kid` is remembered for good: a cached JWK Set cannot bring it back (docs/protocol/feed.md §6). */
export function signingKeyObject(key: SigningKey): FeedObject {
  const { kid, version, status, alg, purpose, publicJwk } = key
  return {
    type: 'signing_key',
    id: kid,
    version,
    state: { status, alg, purpose, ...(status === 'active' ? { publicJwk } : {}) },
    dropAt: neverDropAt,
  }
}

/** Most records have no limits, and their entries then have no such members. */
function limitsOf({ rateLimit, rateLimits }: Limited): Limited {
  return { ...(rateLimit === undefined ? {} : { rateLimit }), ...(rateLimits === undefined ? {} : { rateLimits }) }
}

/**
 * The drop time may lag behind the clock that `now` was read from, and catches up by a hundredth of what passes: 3.7 days
 * in the longest life. The rest is the day that a lag may have.
 */
const lagSeconds = 5 * 86_400

function afterLongestLife(now: Seconds): Seconds {
  return Math.ceil(now) + longestLifeSeconds + lagSeconds + graceSeconds
}
