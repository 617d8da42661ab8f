/**
 * Merges into a restored backup what was taken since: revoked, deleted, disabled, narrowed, ended earlier
 * (docs/protocol/feed.md §7). Access that was given since is lost. Each merged change has its entry and its audit
 * event.
 */
import type { FeedObject, Seconds } from '@countersign/core'
import { identityKinds, type Store } from '@countersign/store'
import { signingKeyObject } from '../feed/objects.ts'
import type { MasterKey } from '../keys/master_key.ts'
import { mergeEntry } from './merge_entry.ts'
import {
  append,
  deleteClient,
  deleteTenant,
  endRow,
  revokeSigningKey,
  type Taking,
  takeApi,
  takeClient,
  takeCredentials,
  takeKey,
  takeToken,
} from './taken.ts'
import { type LaterAccount, takeExternalSubject, takeLaterAccount } from './taken_account.ts'
import { type LaterTeam, takeExternalId, takeTeam, takeTeamOf } from './taken_team.ts'

const pageRows = 100

/** Compares a restored store with the one it replaces. How many objects were changed. */
export async function mergeTaken(restored: Store, replaced: Store, now: Seconds): Promise<number> {
  let count = 0
  for await (const tenant of pages((page) => restored.read.tenants.list(page))) {
    if (tenant.status === 'revoked') continue
    const later = await replaced.read.tenants.find(tenant.id)
    if (later === undefined || later.status === 'revoked') {
      count += await inTransaction(restored, now, (taking) => deleteTenant(taking, tenant))
      continue
    }
    const merge: Merge = { restored, replaced, tenant: tenant.id, now }
    count += await mergeSigningKeys(merge)
    count += await mergeApis(merge)
    count += await mergeAccounts(merge)
    count += await mergeTeams(merge)
    count += await mergeClients(merge)
    count += await mergeKeys(merge)
    count += await mergeTokens(merge)
    count += await mergeBook(merge)
  }
  return count
}

/**
 * The same from what verifiers are told: entries of `GET /v1/feed/snapshot` or of the feed, kept outside the database.
 */
export async function mergeEntries(
  restored: Store,
  entries: readonly (FeedObject & { readonly tenant: string })[],
  master: MasterKey,
  now: Seconds,
): Promise<number> {
  let count = 0
  for (const entry of entries) {
    count += await inTransaction(restored, now, (taking) => mergeEntry(taking, entry.tenant, entry, master))
  }
  return count
}

interface Merge {
  readonly restored: Store
  readonly replaced: Store
  readonly tenant: string
  readonly now: Seconds
}

/** True when something was changed. */
type Work = (taking: Taking) => Promise<boolean>

const cause = { actor: { kind: 'system' }, action: 'restore.merge', requestId: 'restore' } as const

async function inTransaction(store: Store, now: Seconds, work: Work): Promise<number> {
  const { value } = await store.write((it) => work({ it, now, cause }))
  return value ? 1 : 0
}

async function mergeSigningKeys({ restored, replaced, tenant, now }: Merge): Promise<number> {
  const earlier = await restored.read.signingKeys.list(tenant)
  const later = await replaced.read.signingKeys.list(tenant)
  return inTransaction(restored, now, async (taking) => {
    let isChanged = false
    // JWTs that its keys signed since are out and sound: the keys come along, sealed under the same master key.
    for (const key of later.filter(({ kid }) => earlier.every((each) => each.kid !== kid))) {
      await taking.it.signingKeys.insert(key)
      append(taking, tenant, 'signing_key', key.kid, signingKeyObject(key))
      isChanged = true
    }
    for (const key of earlier) {
      const status = later.find(({ kid }) => kid === key.kid)?.status ?? 'revoked'
      if (status === 'revoked') isChanged = (await revokeSigningKey(taking, key)) || isChanged
    }
    return isChanged
  })
}

async function mergeApis({ restored, replaced, tenant, now }: Merge): Promise<number> {
  let count = 0
  for await (const api of pages((page) => restored.read.apis.list(tenant, page))) {
    const later = await replaced.read.apis.find(tenant, api.id)
    count += await inTransaction(restored, now, (taking) => takeApi(taking, api, later?.status ?? 'revoked'))
  }
  return count
}

async function mergeAccounts({ restored, replaced, tenant, now }: Merge): Promise<number> {
  let count = 0
  for await (const { id, externalSubject } of pages((page) => restored.read.accounts.list(tenant, page))) {
    if (externalSubject === undefined) continue
    const later = await replaced.read.accounts.find(tenant, id)
    const work: Work = (taking) => takeExternalSubject(taking, { tenant, id }, later?.externalSubject)
    const cleared = await inTransaction(restored, now, work)
    // The second pass counts it where it gives the later one.
    if (later?.externalSubject === undefined) count += cleared
  }
  for await (const { id } of pages((page) => restored.read.accounts.list(tenant, page))) {
    const later = await laterAccount(replaced, tenant, id)
    count += await inTransaction(restored, now, (taking) => takeLaterAccount(taking, { tenant, id }, later))
  }
  return count
}

async function laterAccount({ read }: Store, tenant: string, id: string): Promise<LaterAccount | undefined> {
  const account = await read.accounts.find(tenant, id)
  if (account === undefined) return undefined
  const said = await read.statusEntries.find(tenant, 'account', id)
  const found = await Promise.all(identityKinds.map((kind) => read.identities.find(tenant, id, kind)))
  const identities = found.filter((each) => each !== undefined)
  return { account, said, identities, passkeys: await read.passkeys.ofAccount(tenant, id) }
}

async function mergeTeams({ restored, replaced, tenant, now }: Merge): Promise<number> {
  let count = 0
  for await (const { id, externalId } of pages((page) => restored.read.teams.list(tenant, {}, page))) {
    if (externalId === undefined) continue
    const later = await replaced.read.teams.find(tenant, id)
    const work: Work = (taking) => takeExternalId(taking, { tenant, id }, later?.externalId)
    const cleared = await inTransaction(restored, now, work)
    if (later?.externalId === undefined) count += cleared
  }
  for await (const team of pages((page) => restored.read.teams.list(tenant, {}, page))) {
    const later = await laterTeam(replaced, tenant, team.id)
    count += await inTransaction(restored, now, (taking) => takeTeam(taking, team, later))
  }
  return count
}

async function laterTeam({ read }: Store, tenant: string, id: string): Promise<LaterTeam | undefined> {
  const team = await read.teams.find(tenant, id)
  if (team === undefined) return undefined
  const members = await read.memberships.list(tenant, id, { limit: 1_000 })
  const invitations = await read.invitations.list(tenant, id, 0, { limit: 1_000 })
  return {
    team,
    roles: new Map(members.map(({ accountId, role }) => [accountId, role])),
    invitations: new Set(invitations.map((invitation) => invitation.id)),
  }
}

async function mergeClients({ restored, replaced, tenant, now }: Merge): Promise<number> {
  let count = 0
  for await (const { id } of pages((page) => restored.read.clients.list(tenant, page))) {
    const later = await replaced.read.clients.find(tenant, id)
    const secrets = await replaced.read.clients.secrets(tenant, id)
    const jwks = await replaced.read.clients.jwks(tenant, id)
    count += await inTransaction(restored, now, async (taking) => {
      const client = await taking.it.clients.find(tenant, id)
      if (client === undefined) return false
      if (later === undefined || later.status === 'revoked') return deleteClient(taking, client)
      const areTaken = await takeCredentials(taking, client, { secrets, jwks })
      const isMoved = client.teamId !== later.teamId
      const current = isMoved ? await takeTeamOf(taking, client) : client
      return (await takeClient(taking, current, later)) || areTaken || isMoved
    })
  }
  return count
}

async function mergeKeys({ restored, replaced, tenant, now }: Merge): Promise<number> {
  let count = 0
  for await (const key of pages((page) => restored.read.keys.list(tenant, { now }, page))) {
    const later = (await replaced.read.keys.find(tenant, key.id)) ?? { ...key, status: 'revoked' as const }
    count += await inTransaction(restored, now, async (taking) => {
      const current = await taking.it.keys.find(tenant, key.id)
      return current !== undefined && takeKey(taking, current, later)
    })
  }
  return count
}

async function mergeTokens({ restored, replaced, tenant, now }: Merge): Promise<number> {
  let count = 0
  for await (const token of pages((page) => restored.read.tokens.list(tenant, {}, page))) {
    const later = await replaced.read.tokens.find(tenant, token.jti)
    if (later === undefined) continue
    count += await inTransaction(restored, now, async (taking) => {
      const current = await taking.it.tokens.find(tenant, token.jti)
      return current !== undefined && takeToken(taking, current, later)
    })
  }
  return count
}

/** Entries without a row: JWTs, and deleted objects. */
async function mergeBook({ restored, replaced, tenant, now }: Merge): Promise<number> {
  const { entries } = await replaced.feed.snapshot(tenant)
  const revoked = entries.filter(({ state }) => state.status === 'revoked')
  let count = 0
  for (let from = 0; from < revoked.length; from += pageRows) {
    count += (
      await restored.write(async (it) => {
        const missing: FeedObject[] = []
        for (const { type, id, version, state, dropAt } of revoked.slice(from, from + pageRows)) {
          await endRow({ it, now, cause }, tenant, { type, id })
          const found = await it.statusEntries.find(tenant, type, id)
          if (found?.state.status !== 'revoked') missing.push({ type, id, version, state, dropAt } as FeedObject)
        }
        if (missing.length > 0) append({ it, now, cause }, tenant, 'tenant', tenant, ...missing)
        return missing.length
      })
    ).value
  }
  return count
}

/** Newest changes do not move an item in a list, so pages stay whole while they are worked on. */
async function* pages<T extends { readonly id: string } | { readonly jti: string }>(
  read: (page: { readonly limit: number; readonly after?: string }) => Promise<readonly T[]>,
): AsyncGenerator<T> {
  let after: string | undefined
  for (;;) {
    const items = await read({ limit: pageRows, ...(after === undefined ? {} : { after }) })
    const last = items.at(-1)
    // Before an item is worked on: what is deleted can no longer be followed.
    after = last === undefined ? undefined : 'id' in last ? last.id : last.jti
    yield* items
    if (items.length < pageRows || after === undefined) return
  }
}
