import { type ClientState, type CutOff, type CutOffKind, type FeedObject, splitClientObjectId } from '@countersign/core'
import type { Client, SigningKey } from '@countersign/store'
import { signingKeyObject } from '../feed/objects.ts'
import type { MasterKey } from '../keys/master_key.ts'
import { createSigningKey, signingNow } from '../keys/signing_keys.ts'
import {
  append,
  appendRevoked,
  deleteClient,
  deleteTenant,
  revokeSigningKey,
  type Taking,
  takeApi,
  takeClient,
  takeCutOff,
  takeKey,
  takeParty,
  takeSecret,
  takeToken,
} from './taken.ts'
import { takeAccount, takeAccountAccess } from './taken_account.ts'
import { takeIssuer } from './taken_issuer.ts'

/**
 * Takes from an object what one entry, as verifiers are told it, takes (docs/protocol/feed.md §7.3). A revoked object
 * without a row is kept as an entry alone. Resolves to whether anything was changed.
 */
export async function mergeEntry(
  taking: Taking,
  tenant: string,
  entry: FeedObject,
  master: MasterKey,
): Promise<boolean> {
  const { it } = taking
  const { id } = entry
  const isRevoked = entry.state.status === 'revoked'
  switch (entry.type) {
    case 'tenant': {
      const found = await it.tenants.find(id)
      const isThere = found !== undefined && found.slug !== '' && found.status !== 'revoked'
      return isRevoked && isThere && deleteTenant(taking, found)
    }
    case 'api': {
      const found = await it.apis.find(tenant, id)
      return found === undefined ? appendRevoked(taking, tenant, entry) : takeApi(taking, found, entry.state.status)
    }
    case 'client': {
      const found = await it.clients.find(tenant, id)
      if (found === undefined) return appendRevoked(taking, tenant, entry)
      return isRevoked ? deleteClient(taking, found) : mergeClient(taking, found, entry.state)
    }
    case 'subject':
      return isRevoked ? false : takeParty(taking, tenant, { type: 'subject', id }, entry.state)
    case 'account': {
      const found = await it.accounts.find(tenant, id)
      if (found === undefined) return appendRevoked(taking, tenant, entry)
      if (isRevoked) return takeAccount(taking, found, 'revoked')
      const isNarrowed = await takeAccountAccess(taking, found, entry.state.access ?? {})
      const isCut = await takeParty(taking, tenant, { type: 'account', id }, entry.state)
      const current = (await it.accounts.find(tenant, id)) ?? found
      return (await takeAccount(taking, current, entry.state.status)) || isNarrowed || isCut
    }
    case 'session':
    case 'consent':
    case 'family':
      return appendRevoked(taking, tenant, entry)
    case 'key': {
      const found = await it.keys.find(tenant, id)
      return (
        (found !== undefined && (await takeKey(taking, found, entry.state))) || appendRevoked(taking, tenant, entry)
      )
    }
    case 'token':
    case 'opaque_token': {
      const found = await it.tokens.find(tenant, id)
      return (
        (found !== undefined && (await takeToken(taking, found, entry.state))) || appendRevoked(taking, tenant, entry)
      )
    }
    case 'signing_key': {
      const found = (await it.signingKeys.list(tenant)).find(({ kid }) => kid === id)
      if (found === undefined) return appendRevoked(taking, tenant, entry)
      if (!isRevoked || !(await revokeSigningKey(taking, found))) return false
      await followSigningKey(taking, found, master)
      return true
    }
    case 'public_key': {
      const { clientId, name: thumbprint } = splitClientObjectId(id)
      const found = (await it.clients.jwks(tenant, clientId)).find((jwk) => jwk.thumbprint === thumbprint)
      if (found !== undefined) await it.clients.deleteJwk(tenant, clientId, found.kid)
      return appendRevoked(taking, tenant, entry)
    }
    case 'client_secret': {
      const { clientId, name: secretId } = splitClientObjectId(id)
      const found = await it.clients.find(tenant, clientId)
      if (found !== undefined) await takeSecret(taking, found, secretId)
      return appendRevoked(taking, tenant, entry)
    }
    case 'trusted_issuer': {
      const found = await it.issuers.find(tenant, id)
      return found === undefined ? appendRevoked(taking, tenant, entry) : takeIssuer(taking, found, entry.state)
    }
    case 'client_token':
    case 'issued_token':
    case 'external_token':
      return appendRevoked(taking, tenant, entry)
  }
}

/** First its cut-offs, which end more than the state says: keys and secrets made before. */
async function mergeClient(taking: Taking, client: Client, state: ClientState): Promise<boolean> {
  const { tenant, id, guards } = client
  let isTaken = false
  for (const [what, cutOff] of Object.entries(state.cutOffs ?? {}) as [CutOffKind, CutOff][]) {
    if (await takeCutOff(taking, tenant, { type: 'client', id, what, ...cutOff })) isTaken = true
  }
  const current = await taking.it.clients.find(tenant, id)
  if (current === undefined) return isTaken
  return (await takeClient(taking, current, { guards, ...state })) || isTaken
}

/** The key that signed instead is lost with the rest; without another one nothing could be issued. */
async function followSigningKey(taking: Taking, removed: SigningKey, master: MasterKey): Promise<void> {
  const { it, now } = taking
  const { tenant, alg, purpose } = removed
  const same = (await it.signingKeys.list(tenant)).filter((key) => key.alg === alg && key.purpose === purpose)
  if (signingNow(same, now) !== undefined) return
  const next = await createSigningKey({ tenant, alg, purpose, master, now, signsAt: now })
  await it.signingKeys.insert(next)
  append(taking, tenant, 'signing_key', next.kid, signingKeyObject(next))
}
