/**
 * Each takes something from one object of a restored store, which may lose and never gain. Each resolves to whether
 * anything was changed.
 */
import {
  type CutOffKind,
  type CutOffs,
  type FeedObject,
  type HandedBackCutOff,
  type Identity,
  limits,
  type Seconds,
  type Status,
  type SubjectState,
} from '@countersign/core'
import type { Api, AuditDraft, Client, Key, SigningKey, Tenant, Token, WriteTransaction } from '@countersign/store'
import {
  accountObject,
  apiObject,
  clientObject,
  endedSessionObjects,
  keyObject,
  publicKeyObject,
  revokedKeyObject,
  signingKeyObject,
  subjectObject,
  tenantObject,
  tokenObject,
  withCutOff,
} from '../feed/objects.ts'

import { narrow, rank, takenAccess, worse } from './narrowed.ts'

/** The transaction that takes, when that is, and what the audit log says of it. */
export interface Taking {
  readonly it: WriteTransaction
  readonly now: Seconds
  readonly cause: Pick<AuditDraft, 'actor' | 'action' | 'requestId'>
}

export async function takeApi(taking: Taking, api: Api, status: Status): Promise<boolean> {
  const { it, now } = taking
  if (api.isBuiltIn || rank[status] <= rank[api.status]) return false
  const changed = { ...api, status, version: api.version + 1, updatedAt: Math.floor(now) }
  if (status === 'revoked') await it.apis.delete(api.tenant, api.id)
  else await it.apis.update(changed)
  append(taking, api.tenant, 'api', api.id, apiObject(changed, now))
  return true
}

export async function takeClient(
  taking: Taking,
  client: Client,
  later: Pick<Client, 'status' | 'access' | 'cutOff' | 'cutOffs' | 'guards' | 'own'>,
): Promise<boolean> {
  const { it, now } = taking
  const status = worse(client.status, later.status)
  const access = takenAccess(client.access, later.access)
  // Where no more is known than what its team had left of it, it has no more by itself either.
  const left = later.own ?? later
  const own = client.own && {
    status: worse(client.own.status, left.status),
    access: takenAccess(client.own.access, left.access),
  }
  const guards = later.guards.includes('*')
    ? client.guards
    : client.guards.filter((each) => later.guards.includes(each))
  const cutOff = Math.max(client.cutOff, later.cutOff)
  const cutOffs = laterCutOffs(client.cutOffs, later.cutOffs)
  const more = { ...(own === undefined ? {} : { own }), ...(cutOffs === undefined ? {} : { cutOffs }) }
  const changed = { ...client, status, access, guards, cutOff, ...more }
  if (JSON.stringify(changed) === JSON.stringify(client)) return false
  const next = { ...changed, version: client.version + 1, updatedAt: Math.floor(now) }
  await it.clients.update(next)
  append(taking, client.tenant, 'client', client.id, clientObject(next, now))
  return true
}

/** The later of each kind. */
function laterCutOffs(one: CutOffs | undefined, other: CutOffs | undefined): CutOffs | undefined {
  if (one === undefined || other === undefined) return one ?? other
  const later = (what: CutOffKind) => {
    const [first, second] = [one[what], other[what]]
    const cutOff = (first?.sequence ?? 0) >= (second?.sequence ?? 0) ? first : second
    return cutOff === undefined ? {} : { [what]: cutOff }
  }
  return { ...later('tokens'), ...later('everything') }
}

/** The revoke of a client, subject or account, or the cut-off of a client, that a verifier knew and this database does not. */
export function takeCutOff(taking: Taking, tenant: string, said: Omit<HandedBackCutOff, 'mac'>): Promise<boolean> {
  const { type, id, sequence, at } = said
  switch (type) {
    case 'client':
      return takeClientCutOff(taking, tenant, said)
    case 'subject':
    case 'account':
      return takeParty(taking, tenant, { type, id }, { cutOff: sequence, cutOffs: { everything: { sequence, at } } })
  }
}

/**
 * A client's revoke or cut-off that a verifier knew and this database does not. Its number is compared with the one that
 * was recorded of its kind, never with what the recorded one was raised to; what was made after it stays.
 */
async function takeClientCutOff(
  taking: Taking,
  tenant: string,
  { id, what, sequence, at }: Omit<HandedBackCutOff, 'mac' | 'type'>,
): Promise<boolean> {
  const { it, now } = taking
  const client = await it.clients.find(tenant, id)
  if (client === undefined || sequence <= recordedOf(client, what)) return false
  const second = Math.floor(now)
  await it.tokens.revokeByClient(tenant, id, second, sequence)
  const removed = what === 'everything' ? await endCredentials(taking, client, at + limits.clockLeewaySeconds) : []
  const next = { ...withCutOff(client, what, { sequence, at }), version: client.version + 1, updatedAt: second }
  await it.clients.update(next)
  append(taking, tenant, 'client', id, clientObject(next, now), ...removed)
  return true
}

/**
 * Takes what an entry says of a subject or an account: its cut-off, and the number that another epoch raised it to, since tokens of
 * that history may have numbers between the two. What was said of either before stands in its entry, in no row.
 */
export async function takeParty(
  taking: Taking,
  tenant: string,
  { type, id }: Identity<'subject' | 'account'>,
  later: Pick<SubjectState, 'cutOff' | 'cutOffs'>,
): Promise<boolean> {
  const { it, now } = taking
  const account = type === 'account' ? await it.accounts.find(tenant, id) : undefined
  if (type === 'account' && (account === undefined || account.status === 'revoked')) return false
  const found = await it.statusEntries.find(tenant, type, id)
  const before: typeof later = (found?.state as SubjectState | undefined) ?? { cutOff: 0 }
  const everything = laterCutOffs(before.cutOffs, later.cutOffs)?.everything
  const isNew = everything !== undefined && everything.sequence !== before.cutOffs?.everything?.sequence
  const cutOff = Math.max(before.cutOff, later.cutOff)
  if (!isNew && cutOff === before.cutOff) return false
  await it.tokens.revokeBySubject(tenant, id, now, cutOff)
  const keys = isNew ? await it.keys.revokeBySubject(tenant, id, now, everything.at + limits.clockLeewaySeconds) : []
  const cutOffs = everything === undefined ? {} : { cutOffs: { everything } }
  const sessions = account === undefined ? [] : await it.sessions.revokeByAccount(tenant, id, now, cutOff)
  const object =
    account === undefined
      ? subjectObject(id, (found?.version ?? 0) + 1, { status: 'active', cutOff, ...cutOffs }, now)
      : accountObject(account, found, now, { cutOff, ...cutOffs })
  const ended = [...keys.map((key) => revokedKeyObject(key, now)), ...endedSessionObjects(sessions, now)]
  append(taking, tenant, type, id, object, ...ended)
  return true
}

/** The client's own entry has every process read its secrets anew. */
export async function takeSecret(taking: Taking, client: Client, secretId: string): Promise<void> {
  const { it, now } = taking
  await it.clients.deleteSecret(client.tenant, client.id, secretId)
  const next = { ...client, version: client.version + 1, updatedAt: Math.floor(now) }
  await it.clients.update(next)
  append(taking, client.tenant, 'client', client.id, clientObject(next, now))
}

/** A cut-off from before its kind was recorded has a number alone. */
function recordedOf({ cutOff, cutOffs }: Client, what: CutOffKind): number {
  return cutOffs === undefined ? cutOff : (cutOffs[what]?.sequence ?? 0)
}

/**
 * Keys, secrets and public keys made by then. The client's entry has verifiers look its keys up anew; each key has an entry
 * as well, for the tokens that were made from it after the database had forgotten the revoke.
 */
async function endCredentials(
  { it, now }: Taking,
  { tenant, id }: Client,
  madeBy: Seconds,
): Promise<readonly FeedObject[]> {
  const keys: Key[] = []
  for (const keyId of await it.keys.revokeByClient(tenant, id, Math.floor(now), madeBy)) {
    const key = await it.keys.find(tenant, keyId)
    if (key !== undefined) keys.push(key)
  }
  await it.clients.deleteSecrets(tenant, id, madeBy)
  const jwks = (await it.clients.jwks(tenant, id)).filter(({ createdAt }) => createdAt <= madeBy)
  for (const { kid } of jwks) await it.clients.deleteJwk(tenant, id, kid)
  return [
    ...keys.map((key) => keyObject(key, now)),
    ...jwks.map(({ thumbprint }) => publicKeyObject(id, thumbprint, now)),
  ]
}

/** Secrets and public keys that are not there any more. The store ends secrets all but one, so one by one is by end. */
export async function takeCredentials(
  taking: Taking,
  { tenant, id }: Client,
  later: {
    readonly secrets: readonly { readonly id: string; readonly expiresAt?: Seconds }[]
    readonly jwks: readonly { readonly thumbprint: string }[]
  },
): Promise<boolean> {
  const { it, now } = taking
  let isTaken = false
  const earlier = await it.clients.secrets(tenant, id)
  const kept = earlier.filter((secret) =>
    later.secrets.some((each) => each.id === secret.id && !endsBefore(each, secret)),
  )
  if (kept.length < earlier.length) {
    await it.clients.deleteSecrets(tenant, id)
    for (const secret of kept) await it.clients.insertSecret(secret)
    for (const secret of earlier.filter((each) => !kept.includes(each))) {
      const found = later.secrets.find((each) => each.id === secret.id)
      if (found?.expiresAt !== undefined) await it.clients.insertSecret({ ...secret, expiresAt: found.expiresAt })
    }
    isTaken = true
  }
  for (const { kid, thumbprint } of await it.clients.jwks(tenant, id)) {
    if (later.jwks.some((jwk) => jwk.thumbprint === thumbprint)) continue
    await it.clients.deleteJwk(tenant, id, kid)
    append(taking, tenant, 'client', id, publicKeyObject(id, thumbprint, now))
    isTaken = true
  }
  return isTaken
}

export async function deleteClient(taking: Taking, client: Client): Promise<boolean> {
  const { it, now } = taking
  await it.keys.revokeByClient(client.tenant, client.id, Math.floor(now))
  await it.tokens.revokeByClient(client.tenant, client.id, Math.floor(now))
  await it.clients.delete(client.tenant, client.id)
  const gone = { ...client, status: 'revoked' as const, version: client.version + 1 }
  append(taking, client.tenant, 'client', client.id, clientObject(gone, now))
  return true
}

export async function deleteTenant(taking: Taking, tenant: Tenant): Promise<boolean> {
  await taking.it.tenants.delete(tenant.id)
  const gone = { ...tenant, status: 'revoked' as const, version: tenant.version + 1 }
  append(taking, tenant.id, 'tenant', tenant.id, tenantObject(gone))
  return true
}

export async function takeKey(
  taking: Taking,
  key: Key,
  later: { readonly status: Status; readonly scope: string; readonly expiresAt?: Seconds },
): Promise<boolean> {
  const { it, now } = taking
  if (key.status === 'revoked') return false
  const status = worse(key.status, later.status)
  const scope = status === 'revoked' ? key.scope : narrow(key.scope, later.scope)
  const end = earlier(key.expiresAt, later.expiresAt)
  if (status === key.status && scope === key.scope && end === key.expiresAt) return false
  const ends = end === undefined ? {} : { expiresAt: end }
  const changed: Key = { ...key, status, scope, ...ends, version: key.version + 1, updatedAt: Math.floor(now) }
  await it.keys.update(changed)
  append(taking, key.tenant, 'key', key.id, keyObject(changed, now))
  return true
}

export async function takeToken(
  taking: Taking,
  token: Token,
  later: { readonly status: Status; readonly scope?: string; readonly expiresAt?: Seconds },
): Promise<boolean> {
  if (token.status === 'revoked') return false
  const status = worse(token.status, later.status)
  const current = token.scope ?? token.issuedScope
  const scope = later.scope === undefined ? current : narrow(current, later.scope)
  const end = earlier(token.expiresAt, later.expiresAt)
  if (status === token.status && scope === current && end === token.expiresAt) return false
  const members = { ...(scope === current ? {} : { scope }), ...(end === undefined ? {} : { expiresAt: end }) }
  const changed: Token = { ...token, ...members, status, version: token.version + 1 }
  await taking.it.tokens.update(changed)
  append(taking, token.tenant, 'token', token.jti, tokenObject(changed))
  return true
}

export async function revokeSigningKey(taking: Taking, key: SigningKey): Promise<boolean> {
  const { it, now } = taking
  if (key.status === 'revoked') return false
  const { sealedPrivateJwk: _, ...rest } = key
  const removed: SigningKey = { ...rest, status: 'revoked', leavesAt: Math.floor(now), version: key.version + 1 }
  await it.signingKeys.update(removed)
  append(taking, key.tenant, 'signing_key', key.kid, signingKeyObject(removed))
  return true
}

/** Without a row, or with one that a cut-off has ended without an entry, the book alone must remember. */
export async function appendRevoked(taking: Taking, tenant: string, entry: FeedObject): Promise<boolean> {
  if (entry.state.status !== 'revoked') return false
  const isEnded = await endRow(taking, tenant, entry)
  const found = await taking.it.statusEntries.find(tenant, entry.type, entry.id)
  if (found?.state.status === 'revoked') return isEnded
  append(taking, tenant, entry.type, entry.id, entry)
  return true
}

/** A consent or family that a restored row still has: its entry is dropped one day, and the row must not come back then. */
export async function endRow(
  { it, now }: Taking,
  tenant: string,
  { type, id }: Pick<FeedObject, 'type' | 'id'>,
): Promise<boolean> {
  const repository = type === 'consent' ? it.consents : type === 'family' ? it.families : undefined
  const found = await repository?.find(tenant, id)
  if (found === undefined || found.status === 'revoked') return false
  const ended = { ...found, status: 'revoked' as const, version: found.version + 1, updatedAt: Math.floor(now) }
  if ('consentId' in ended) await it.families.update(ended)
  else await it.consents.update(ended)
  return true
}

/** One change in the log, with its entries. */
export function append(
  { it, cause }: Taking,
  tenant: string,
  objectType: string,
  objectId: string,
  ...objects: FeedObject[]
) {
  it.append({ tenant, audit: { ...cause, objectType, objectId }, objects: () => objects })
}

function earlier(one: Seconds | undefined, other: Seconds | undefined): Seconds | undefined {
  return one === undefined || (other !== undefined && other < one) ? other : one
}

function endsBefore(later: { readonly expiresAt?: Seconds }, secret: { readonly expiresAt?: Seconds }): boolean {
  return earlier(secret.expiresAt, later.expiresAt) !== secret.expiresAt
}
