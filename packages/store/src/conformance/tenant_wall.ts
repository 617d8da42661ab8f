import { expect, inject, it } from 'vitest'
import type { Append } from '../feed/append.ts'
import type { Store, WriteTransaction } from '../store.ts'
import {
  digestOf,
  exampleApi,
  exampleAudit,
  exampleClient,
  exampleCount,
  exampleIdempotency,
  exampleIssuer,
  exampleJwk,
  exampleKey,
  exampleOperationUse,
  examplePosition,
  exampleRefusal,
  exampleSecret,
  exampleSigningKey,
  exampleToken,
  keyChange,
  seed,
} from './examples.ts'
import {
  exampleAccessRequest,
  exampleAccount,
  exampleInvitation,
  exampleLogo,
  exampleMembership,
  examplePasskey,
  exampleSession,
  exampleSettings,
  exampleTeam,
} from './people_examples.ts'
import type { CreateDatabase, TestDatabase } from './test_database.ts'
import { randomFrom, startAt, withStore } from './test_database.ts'

/** Pairs that a careless collation, normalisation or padding would treat as equal. */
const lookalikes = [
  ['abc', 'ABC', 'aBc'],
  ['caf\u00e9', 'cafe\u0301'],
  ['a', 'a ', ' a', 'a\t'],
  ['\u212b', '\u00c5', 'A\u030a'],
  ['stra\u00dfe', 'strasse', 'STRASSE'],
  ['\uff41', 'a\u200b', '\u0430'],
  ['1', '01', '1.0', '1e0'],
  ['%', '_', '\\', "'", '"', '--', '*', '?'],
] as const

export function tenantWallCases(create: CreateDatabase): void {
  it('CVE-2026-55170: ids that only look alike are different ids, tenants included', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const ids = [...new Set(lookalikes.flat())]
      await store.write(async (transaction) => {
        for (const id of ids) {
          await transaction.keys.insert(exampleKey('acme', id, { name: id }))
          await transaction.keys.insert(exampleKey(`tenant ${id}`, 'key_1', { name: id }))
          await transaction.apis.insert(exampleApi('acme', id, { audience: id }))
          await transaction.signingKeys.insert(exampleSigningKey('acme', id))
          transaction.append(keyChange('acme', id))
        }
      })
      for (const id of ids) {
        expect((await store.read.keys.find('acme', id))?.name).toBe(id)
        expect((await store.read.keys.find(`tenant ${id}`, 'key_1'))?.name).toBe(id)
        expect((await store.read.apis.findByAudience('acme', id))?.id).toBe(id)
        expect((await store.read.statusEntries.find('acme', 'key', id))?.id).toBe(id)
        expect(await store.lookup.credential('acme', digestOf(`key acme ${id}`))).toMatchObject({ id })
      }
      expect(await store.read.signingKeys.list('acme')).toHaveLength(ids.length)
      for (const [id] of lookalikes) {
        expect(await store.read.keys.find('acme', `${id}\0`)).toBeUndefined()
        expect(await store.read.keys.find('acme', `${id}\ud800`)).toBeUndefined()
      }
    }))

  it('text that a database would change on its way is refused, and found by nobody', () =>
    withStore(create, async (store) => {
      for (const id of ['a\0', '\ud800', 'a\udc00b']) {
        const insert = store.write((transaction) => transaction.keys.insert(exampleKey('acme', id)))
        await expect(insert).rejects.toMatchObject({ name: 'UnstorableTextError' })
        expect(await store.lookup.credential('acme', id)).toBeUndefined()
        expect(await store.read.statusEntries.count('acme', 'token', id)).toBe(0)
      }
      expect(await store.read.keys.find('acme', '\ufffd')).toBeUndefined()
    }))

  it('the wrong tenant finds nothing, by any method', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      await fill(store)
      const { read } = store
      const page = { limit: 10 }
      const idempotency = { ...exampleIdempotency('other'), tenant: 'other' }
      const found = await Promise.all([
        read.apis.find('other', 'api_9'),
        read.apis.findByAudience('other', 'https://api_9.example'),
        read.apis.findDescription('other', 'api_9'),
        read.apis.findDocumentText('other', 'api_9'),
        read.clients.find('other', 'client_9'),
        read.issuers.find('other', 'issuer_9'),
        read.keys.find('other', 'key_9'),
        read.keys.findByDigest('other', digestOf('key acme key_9')),
        read.tokens.find('other', 'jti_9'),
        read.tokens.findByDigest('other', digestOf('token acme jti_9')),
        read.statusEntries.find('other', 'key', 'key_9'),
        read.accounts.find('other', 'acct_9'),
        read.accounts.findByEmail('other', 'acct_9@example.com'),
        read.sessions.find('other', 'session_9'),
        read.sessions.findByDigest('other', digestOf('session acme session_9')),
        read.identities.find('other', 'acct_9', 'totp'),
        read.passkeys.find('other', 'passkey_9'),
        read.teams.find('other', 'team_9'),
        read.teams.findByExternalId('other', 'crm-team_9'),
        read.memberships.find('other', 'team_9', 'acct_9'),
        read.invitations.find('other', 'invite_9'),
        read.invitations.findByDigest('other', digestOf('invite_9')),
        read.accessRequests.find('other', 'request_9'),
        read.settings.find('other'),
        read.logos.find('other', 'digest_9'),
        store.write((transaction) => transaction.idempotency.find(idempotency, startAt)).then(({ value }) => value),
      ])
      expect(found).toEqual(found.map(() => undefined))
      const lists = await Promise.all([
        read.clients.listByApi('other', 'api_9', page),
        read.clients.list('other', page, { teamIds: ['team_9'] }),
        read.accounts.list('other', page),
        read.sessions.list('other', {}, page),
        read.passkeys.ofAccount('other', 'acct_9'),
        read.teams.list('other', {}, page),
        read.memberships.list('other', 'team_9', page),
        read.memberships.ofAccount('other', 'acct_9'),
        read.invitations.list('other', 'team_9', startAt, page),
        read.accessRequests.list('other', {}, page),
        read.accessRequests.list('other', { teamIds: ['team_9'] }, page),
        read.keys.list('other', { teamIds: ['team_9'], now: startAt }, page),
        read.tokens.list('other', { teamIds: ['team_9'] }, page),
        read.audit.list('other', { teamIds: ['team_9'] }, page),
        read.apis.scopeHolders('other', 'api_9', ['orders:read'], startAt, 10).then(({ holders }) => holders),
        read.clients.secrets('other', 'client_9'),
        read.clients.jwks('other', 'client_9'),
        read.keys.list('other', { clientId: 'client_9', now: startAt }, page),
        read.tokens.list('other', {}, page),
        read.signingKeys.list('other'),
        read.issuers.list('other', page),
        read.audit.list('other', {}, page),
        read.verifierPositions.list('other'),
        read.usage.refusals('other', { since: 0, limit: 10 }),
        read.usage.operations('other', { audience: 'https://api.example', from: 0, to: 2 ** 40, limit: 10 }),
        store.feed.after('other', 0, 10),
      ])
      expect(lists).toEqual(lists.map(() => []))
      expect(await store.feed.place('other')).toMatchObject({ sequence: 0, chain: '' })
      expect((await store.feed.snapshot('other')).entries).toEqual([])
    }))

  it('a mutation changes nothing outside its target, whatever it is', () =>
    withStore(create, async (store, database) => {
      const tenants = Array.from({ length: inject('isFull') ? 40 : 6 }, (_, index) => `tenant_${index}`)
      await seed(store, ...tenants)
      for (const tenant of tenants) await fill(store, tenant)
      const random = randomFrom(7)
      let before = await dump(database)
      for (let round = 0; round < mutations.length * 2; round++) {
        const tenant = tenants[random(tenants.length)]!
        await mutations[round % mutations.length]!(store, tenant).catch(() => {})
        const after = await dump(database)
        const touched = [...missing(before, after), ...missing(after, before)].map((row) => JSON.parse(row)[1])
        expect(touched.filter((each) => each !== tenant)).toEqual([])
        before = after
      }
    }))
}

function missing(from: ReadonlySet<string>, of: ReadonlySet<string>): readonly string[] {
  return [...of].filter((row) => !from.has(row))
}

/** Inserts one more of every record, with 9 in its id. */
async function fill(store: Store, tenant = 'acme'): Promise<void> {
  await store.savePositions([examplePosition(tenant, 'verifier_9')])
  await store.write(async (transaction) => {
    await transaction.apis.insert(exampleApi(tenant, 'api_9'))
    await transaction.apis.saveDocument({
      tenant,
      apiId: 'api_9',
      text: '',
      isJson: false,
      description: {},
      importedAt: startAt,
    })
    await transaction.teams.insert(exampleTeam(tenant, 'team_9'))
    await transaction.accounts.insert(exampleAccount(tenant, 'acct_9'))
    await transaction.sessions.insert(exampleSession(tenant, 'session_9'))
    const totp = { tenant, accountId: 'acct_9', kind: 'totp', content: {} } as const
    await transaction.identities.put(totp, startAt)
    await transaction.passkeys.insert(examplePasskey(tenant, 'passkey_9'))
    await transaction.memberships.insert(exampleMembership(tenant, 'team_9', 'acct_9'))
    await transaction.invitations.insert(exampleInvitation(tenant, 'team_9', 'invite_9'))
    await transaction.accessRequests.insert(exampleAccessRequest(tenant, 'team_9', 'request_9'))
    await transaction.accessRequests.insert(exampleAccessRequest(tenant, 'team_9', 'request_10'))
    await transaction.settings.put(exampleSettings(tenant))
    await transaction.logos.put(exampleLogo(tenant, 'digest_9'))
    const access = { api_1: 'a', api_9: 'b' }
    await transaction.clients.insert(exampleClient(tenant, 'client_9', { access, teamId: 'team_9' }))
    await transaction.clients.insertSecret(exampleSecret(tenant, 'client_9', 'secret_9'))
    await transaction.clients.insertJwk(exampleJwk(tenant, 'client_9', 'kid_9'))
    await transaction.keys.insert(exampleKey(tenant, 'key_9', { clientId: 'client_9', apiId: 'api_9' }))
    await transaction.tokens.insert(exampleToken(tenant, 'jti_9', { clientId: 'client_9', apiId: 'api_9' }))
    await transaction.signingKeys.insert(exampleSigningKey(tenant, 'kid_9'))
    await transaction.issuers.insert(exampleIssuer(tenant, 'issuer_9'))
    await transaction.idempotency.insert(exampleIdempotency(tenant))
    await transaction.singleUse.take('client_assertion', tenant, 'jti', startAt + 60)
    transaction.append(keyChange(tenant, 'key_9'))
  })
}

const again = { version: 2 }

const inTransaction: readonly ((transaction: WriteTransaction, tenant: string) => Promise<unknown>)[] = [
  (it, tenant) => it.keys.revokeByClient(tenant, 'client_9', startAt),
  (it, tenant) => it.tokens.revokeByClient(tenant, 'client_9', startAt),
  (it, tenant) => it.keys.revokeBySubject(tenant, 'ann', startAt),
  (it, tenant) => it.tokens.revokeBySubject(tenant, 'ann', startAt),
  (it, tenant) => it.keys.update(exampleKey(tenant, 'key_1', { ...again, status: 'revoked' })),
  (it, tenant) => it.tokens.update(exampleToken(tenant, 'jti_9', { ...again, status: 'revoked' })),
  (it, tenant) => it.clients.update(exampleClient(tenant, 'client_1', { ...again, access: {} })),
  (it, tenant) => it.clients.setCutOff(tenant, 'client_9', 4),
  (it, tenant) => it.clients.expireSecrets(tenant, 'client_9', startAt),
  (it, tenant) => it.clients.deleteSecrets(tenant, 'client_9'),
  (it, tenant) => it.clients.deleteJwk(tenant, 'client_9', 'kid_9'),
  (it, tenant) => it.apis.update(exampleApi(tenant, 'api_1', { ...again, scopes: [] })),
  (it, tenant) => it.apis.setCreatedSequence(tenant, 'api_9', 4),
  (it, tenant) => it.apis.delete(tenant, 'api_9'),
  (it, tenant) => it.clients.delete(tenant, 'client_9'),
  (it, tenant) => it.sessions.update(exampleSession(tenant, 'session_9', { ...again, status: 'revoked' })),
  (it, tenant) => it.sessions.revokeByAccount(tenant, 'acct_9', startAt),
  (it, tenant) => it.identities.delete(tenant, 'acct_9', 'totp'),
  (it, tenant) => it.passkeys.update(examplePasskey(tenant, 'passkey_9', { ...again, name: 'Phone' })),
  (it, tenant) => it.passkeys.delete(tenant, 'passkey_9'),
  (it, tenant) => it.passkeys.deleteAll(tenant, 'acct_9'),
  (it, tenant) => it.teams.update(exampleTeam(tenant, 'team_9', { ...again, access: {} })),
  (it, tenant) => it.memberships.update(exampleMembership(tenant, 'team_9', 'acct_9', { ...again, role: 'viewer' })),
  (it, tenant) => it.invitations.deleteOf(tenant, 'team_9', { invitedBy: 'acct_9' }),
  (it, tenant) => it.invitations.deleteOf(tenant, 'team_9', {}),
  (it, tenant) =>
    it.accessRequests.update(exampleAccessRequest(tenant, 'team_9', 'request_9', { ...again, status: 'refused' })),
  (it, tenant) => it.accessRequests.delete(tenant, 'request_9'),
  (it, tenant) => it.accessRequests.deleteByTeam(tenant, 'team_9'),
  (it, tenant) => it.settings.put(exampleSettings(tenant, again)),
  (it, tenant) => it.logos.deleteUnused(tenant, 'digest_9'),
  (it, tenant) => it.memberships.delete(tenant, 'team_9', 'acct_9'),
  (it, tenant) => it.memberships.deleteByTeam(tenant, 'team_9'),
  (it, tenant) => it.signingKeys.update(exampleSigningKey(tenant, 'kid_9', { ...again, status: 'revoked' })),
  (it, tenant) => it.signingKeys.delete(tenant, 'kid_9'),
  (it, tenant) => it.issuers.update(exampleIssuer(tenant, 'issuer_9', { ...again, status: 'disabled' })),
  (it, tenant) => it.issuers.beginFetch(tenant, 'issuer_9', startAt + 60, startAt),
  (it, tenant) => it.issuers.noteFetch({ tenant, id: 'issuer_9', failures: 3, fetchAt: startAt }),
  (it, tenant) => it.issuers.delete(tenant, 'issuer_9'),
  (it, tenant) => it.idempotency.insert(exampleIdempotency(tenant, { createdAt: startAt + 99_999 })),
  (it, tenant) => it.singleUse.take('client_assertion', tenant, 'jti', startAt + 900),
  async (it, tenant) => it.append(keyChange(tenant, 'key_1', 2, 'revoked')),
  async (it, tenant) => it.append({ tenant, audit: exampleAudit('key_1') } satisfies Append),
  (it, tenant) => it.tenants.delete(tenant),
]

const mutations: readonly ((store: Store, tenant: string) => Promise<unknown>)[] = [
  (store, tenant) => store.savePositions([examplePosition(tenant, 'verifier_9', 5)]),
  (store, tenant) =>
    store.countUsage({
      id: 'batch_9',
      counts: [exampleCount(tenant, 'key_1')],
      refusals: [exampleRefusal(tenant)],
      operations: [exampleOperationUse(tenant)],
      now: startAt,
    }),
  ...inTransaction.map(
    (mutate) => (store: Store, tenant: string) => store.write((transaction) => mutate(transaction, tenant)),
  ),
]

const tables = [
  'feed',
  'status_entries',
  'audit',
  'counters',
  'tenants',
  'apis',
  'api_documents',
  'api_resources',
  'clients',
  'client_access',
  'client_origins',
  'client_secrets',
  'client_jwks',
  'accounts',
  'identities',
  'passkeys',
  'sessions',
  'teams',
  'memberships',
  'invitations',
  'access_requests',
  'settings',
  'logos',
  'keys',
  'tokens',
  'signing_keys',
  'issuers',
  'idempotency',
  'single_use',
  'verifier_positions',
  'usage_batches',
  'refusals',
  'usage_sums',
  'last_uses',
  'operation_uses',
]

/** Every row of every table, with its tenant. */
async function dump(database: TestDatabase): Promise<Set<string>> {
  const rows = new Set<string>()
  for (const table of tables) {
    for (const row of await database.query(`select * from ${table}`)) {
      rows.add(JSON.stringify([table, row.tenant ?? row.id, row]))
    }
  }
  return rows
}
