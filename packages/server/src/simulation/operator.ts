/** The acts of an operator on an object: the transactions of the management API, with the real code of revoking. */
import { type FeedObject, ownName, splitClientObjectId } from '@countersign/core'
import type { Client, Key, Token, WriteTransaction } from '@countersign/store'
import { apiId, type Dependency, type ModelCredential } from './credentials.ts'
import type { Parts } from './process.ts'
import type { Random } from './timeline.ts'

export interface Circumstances {
  readonly parts: Parts
  /** By the server's clock, in seconds. */
  readonly now: number
  readonly random: Random
  /** The credential that is changed; undefined where the object is none. */
  readonly credential: ModelCredential | undefined
}

type Work = (it: WriteTransaction) => Promise<void>

const actor = { kind: 'system' } as const

/** Something that may be done to it; nothing happens to what is not there, or revoked. */
export function change({ tenant, type, id }: Dependency, around: Circumstances): Work {
  const { parts, now, random } = around
  const context = { tenant, now, actor, requestId: 'simulated' }
  const status = random.pick(['active', 'active', 'disabled', 'revoked'] as const)
  const scope = random.pick(['a b', 'a', 'b', ''])
  const ends = random.chance(0.3) ? { expiresAt: Math.ceil(now) + random.between(0, 60) } : {}
  switch (type) {
    case 'key':
      return async (it) => {
        const key = await it.keys.find(tenant, id)
        if (key === undefined || key.status === 'revoked') return
        if (status === 'revoked') return void (await parts.revokeKey(it, key, context))
        const changed: Key = { ...key, status, scope, ...ends, version: key.version + 1 }
        await it.keys.update(changed)
        append(it, tenant, parts.keyObject(changed, now))
      }
    case 'token':
    case 'opaque_token':
      return async (it) => {
        const token = await it.tokens.find(tenant, id)
        if (token === undefined) return revokeUnregistered(it, around, { tenant, type, id })
        if (token.status === 'revoked') return
        if (status === 'revoked') return void (await parts.revokeToken(it, token, context))
        const end = Math.min(token.issuedExpiresAt, ends.expiresAt ?? Number.POSITIVE_INFINITY)
        const set = ends.expiresAt === undefined ? {} : { expiresAt: end }
        const changed: Token = { ...token, status, scope, ...set, version: token.version + 1 }
        await it.tokens.update(changed)
        append(it, tenant, parts.tokenObject(changed))
      }
    case 'client_token':
      return (it) => revokeUnregistered(it, around, { tenant, type, id })
    case 'client':
      return changeClient(tenant, id, status, scope, around)
    case 'public_key': {
      const { clientId, name: thumbprint } = splitClientObjectId(id)
      const isDone = random.chance(0.3)
      return async (it) => {
        const jwk = (await it.clients.jwks(tenant, clientId)).find((each) => each.thumbprint === thumbprint)
        if (jwk === undefined || !isDone) return
        await it.clients.deleteJwk(tenant, clientId, jwk.kid)
        append(it, tenant, parts.publicKeyObject(clientId, thumbprint, now))
      }
    }
    case 'signing_key': {
      const isDone = random.chance(0.3)
      const cause = { actor, action: 'signing_key.remove', requestId: 'simulated' }
      return async (it) => {
        const key = (await it.signingKeys.list(tenant)).find(({ kid }) => kid === id)
        if (key !== undefined && isDone) await parts.revokeSigningKey({ it, now, cause }, key)
      }
    }
    case 'api':
      return async (it) => {
        const api = await it.apis.find(tenant, id)
        if (api === undefined) return
        const changed = {
          ...api,
          status: status === 'active' ? status : ('disabled' as const),
          version: api.version + 1,
        }
        await it.apis.update(changed)
        append(it, tenant, parts.apiObject(changed, now))
      }
    case 'tenant':
      return async () => {}
  }

  async function revokeUnregistered(it: WriteTransaction, of: Circumstances, what: Dependency): Promise<void> {
    if (of.credential === undefined) return
    const { clientId, endsAt, signedBy } = of.credential
    const jti = ownName(what)
    const kind = what.type === 'client_token' ? 'client_token' : 'token'
    const jwt = { kind, clientId, jti, expiresAt: endsAt, signedBy: signedBy?.id } as const
    await parts.revokeUnregistered(it, jwt, context)
  }
}

/** A cut-off of its tokens, a revoke of everything it has, its end, or another state and access. */
function changeClient(
  tenant: string,
  id: string,
  status: 'active' | 'disabled' | 'revoked',
  scope: string,
  { parts, now, random }: Circumstances,
): Work {
  const kind = random.pick(['change', 'change', 'change', 'change', 'tokens', 'everything', 'everything'] as const)
  const access = { [apiId]: random.pick(['a b', 'a b', scope]) }
  const isDeleted = status === 'revoked' && random.chance(0.2)
  const cause = { actor, action: 'client.delete', requestId: 'simulated' }
  return async (it) => {
    const client = await it.clients.find(tenant, id)
    if (client === undefined) return
    const changed: Client = { ...client, version: client.version + 1, updatedAt: Math.floor(now) }
    if (kind === 'change') {
      if (isDeleted) return void (await parts.deleteClient({ it, now, cause }, client))
      const next = { ...changed, access, status: status === 'active' ? status : ('disabled' as const) }
      await it.clients.update(next)
      return append(it, tenant, parts.clientObject(next, now))
    }
    const gone: FeedObject[] = []
    await it.tokens.revokeByClient(tenant, id, now)
    if (kind === 'everything') {
      await it.keys.revokeByClient(tenant, id, now)
      await it.clients.deleteSecrets(tenant, id)
      for (const { kid, thumbprint } of await it.clients.jwks(tenant, id)) {
        await it.clients.deleteJwk(tenant, id, kid)
        gone.push(parts.publicKeyObject(id, thumbprint, now))
      }
    }
    await it.clients.update(changed)
    it.append({ tenant, audit: audit('client', id), ...parts.cutOffAt(it, changed, kind, now, gone) })
  }
}

export function append(it: WriteTransaction, tenant: string, object: FeedObject): void {
  it.append({ tenant, audit: audit(object.type, object.id), objects: () => [object] })
}

function audit(objectType: string, objectId: string) {
  return { actor, action: `${objectType}.change`, objectType, objectId, requestId: 'simulated' }
}
