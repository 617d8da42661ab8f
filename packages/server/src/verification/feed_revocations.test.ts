import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import {
  type CutOff,
  type CutOffKind,
  endlessRevocation,
  type FeedObject,
  type HandedBack,
  type HandedBackCutOff,
  neverDropAt,
} from '@countersign/core'
import { openSqliteStore, type Store } from '@countersign/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MasterKey } from '../keys/master_key.ts'
import {
  accessTokenType,
  audience,
  baseUrl,
  exchangeGrant,
  otherAudience,
  startAt,
  startWorld,
  type World,
} from '../server.fixture.ts'
import { type CountersignServer, createServer } from '../server.ts'
import type { Wire } from '../wire.fixture.ts'

const path = '/v1/feed/revocations'
let master: MasterKey
let world: World
let verifier: string
let acme: { readonly as: string; readonly at: string }

beforeEach(async () => {
  master = new MasterKey(randomBytes(32))
  world = await startWorld({ master })
  verifier = (await world.caller('credentials:verify', [audience])).key
  acme = { as: (await world.ok('POST', '/v1/tenants', { slug: 'acme', name: 'Acme' })).adminKey, at: '/t/acme' }
})
afterEach(() => world.close())

interface Copy {
  readonly server: CountersignServer
  readonly store: Store
  readonly epoch: string
  call: World['call']
  /** As the verifier, unless options say another. */
  handBack(
    revocations: readonly object[],
    more?: { as?: string; at?: string; epoch?: string },
  ): ReturnType<World['call']>
  codeOf(credential: string, of?: string): Promise<string>
  /** Differs as soon as anything was written. */
  state(): Promise<string>
}

/** The database as it is now, put in the place of the one in use once `take` has taken something from it. */
async function restoredAfter(take: () => Promise<unknown>): Promise<Copy> {
  const file = join(world.file, `../copy-${randomBytes(4).toString('hex')}.db`)
  await world.store.backup(file)
  await take()
  const now = (): number => world.now
  const store = await openSqliteStore({ file, auditKey: master.derive('audit'), now, randomBytes })
  const epoch = await store.startEpoch(0)
  const note = (fields: object, message: string) => void world.logged.push({ level: 'warn', fields, message })
  const log = { info: note, warn: note, error: note }
  const server = await createServer({ store, master, baseUrl, version: '0.0.0', log, now, flushUsageMs: 3_600_000 })
  closing.push(() => server.close())
  const call: World['call'] = (method, target, options = {}) => world.call(method, target, { ...options, server })
  return {
    server,
    store,
    epoch,
    call,
    handBack: (revocations, { epoch: named = epoch, ...more } = {}) =>
      call('POST', path, { as: verifier, body: { epoch: named, revocations }, ...more }),
    async codeOf(credential, of = audience) {
      const { body } = await call('POST', '/v1/verify', { body: { credential, audience: of } })
      return body.active ? 'active' : body.code
    },
    async state() {
      const events = await Promise.all(
        ['default', server.services.books.tenantBySlug('acme') ?? 'default'].map((tenant) => store.verifyAudit(tenant)),
      )
      return JSON.stringify([await store.feed.head(), events])
    },
  }
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** The revocations that a verifier of this tenant was told, in the form in which it hands them back. */
async function told(more: { as?: string; at?: string } = {}): Promise<readonly HandedBack[]> {
  const { text } = await world.call('GET', '/v1/feed/snapshot', { as: verifier, ...more })
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Wire & HandedBack)
    .filter(({ mac }) => mac !== undefined)
    .map(({ type, id, dropAt, mac }) => ({ type, id, dropAt: Math.min(dropAt, endlessRevocation), mac }))
}

const revokeAtOauth = (token: string, client: { clientId: string; clientSecret: string }) =>
  world.form('/oauth/revoke', { token, client_id: client.clientId, client_secret: client.clientSecret })

describe('what this installation once said was revoked', () => {
  it('is revoked again, of every type, each with its entry and its audit event, and the audit log holds', async () => {
    const opaque = await world.ok('POST', '/v1/apis', {
      audience: otherAudience,
      name: 'I',
      scopes: [{ name: 'i:read' }],
      tokenFormat: 'opaque',
    })
    const both = [
      { audience, scope: 'orders:read' },
      { audience: otherAudience, scope: 'i:read' },
    ]
    const owner = (await world.client({ access: both })) as Wire
    const gone = (await world.client()) as Wire
    const signed = await world.signedClient()
    const key = await world.key()
    const minted = await world.mint()
    const tokenOf = async (client: Wire, fields: Record<string, string> = {}) => {
      const { clientId: client_id, clientSecret: client_secret } = client
      return (await world.token({ client_id, client_secret, resource: audience, ...fields })).body.access_token
    }
    const jwt = await tokenOf(owner)
    const at = await tokenOf(owner, { resource: otherAudience })
    const ofGone = await tokenOf(gone)
    const selfIssued = await signed.selfIssued({ jti: 'self-1' })
    const bySignedKey = await signed.selfIssued()
    const credentials = [key.key, minted.token, jwt, ofGone, selfIssued]
    const copy = await restoredAfter(async () => {
      await world.ok('POST', `/v1/keys/${key.id}/revoke`)
      await world.ok('POST', `/v1/tokens/${minted.jti}/revoke`)
      expect((await revokeAtOauth(jwt, owner)).status).toBe(200)
      expect((await revokeAtOauth(at, owner)).status).toBe(200)
      expect((await revokeAtOauth(selfIssued, signed)).status).toBe(200)
      await world.ok('DELETE', `/v1/clients/${gone.clientId}`)
    })
    expect(await Promise.all(credentials.map((each) => copy.codeOf(each)))).toEqual(Array(5).fill('active'))
    expect(await copy.codeOf(at, otherAudience)).toBe('active')
    const lost = await told()
    expect(lost.map(({ type }) => type).sort()).toEqual([
      'client',
      'client_token',
      'key',
      'opaque_token',
      'token',
      'token',
    ])
    const { position } = await copy.store.feed.head()
    expect((await copy.handBack(lost)).body).toEqual({ applied: 6, known: 0, refused: 0 })
    expect(await Promise.all(credentials.map((each) => copy.codeOf(each)))).toEqual(Array(5).fill('revoked'))
    expect(await copy.codeOf(at, otherAudience)).toBe('revoked')
    expect((await copy.call('GET', `/v1/keys/${key.id}`)).body.status).toBe('revoked')
    expect((await copy.call('GET', `/v1/tokens/${minted.jti}`)).body.status).toBe('revoked')
    expect((await copy.call('GET', `/v1/clients/${gone.clientId}`)).status).toBe(404)
    const { data } = (await copy.call('GET', '/v1/audit?action=revocation.hand_back')).body
    expect(data.map((event) => event.objectId).sort()).toEqual(lost.map(({ id }) => id).sort())
    expect((await copy.store.feed.head()).position).toBe(position + 6)
    expect((await copy.store.verifyAudit('default')).brokenAt).toBeUndefined()

    // Revoking the API or a signing key ends much else, so these are tried on another copy.
    const second = await restoredAfter(async () => {
      await world.ok('PATCH', `/v1/clients/${signed.clientId}`, { jwks: { keys: [] } })
      const { data: keys } = await world.ok('GET', '/v1/signing-keys')
      for (const { kid } of keys) await world.ok('POST', `/v1/signing-keys/${kid}/revoke`)
      await world.ok('DELETE', `/v1/apis/${opaque.id}`)
    })
    expect(await second.codeOf(bySignedKey)).toBe('active')
    const types = new Set(['public_key', 'signing_key', 'api'])
    const more = (await told()).filter(({ type }) => types.has(type))
    expect((await second.handBack(more)).body).toEqual({ applied: more.length, known: 0, refused: 0 })
    expect(new Set(more.map(({ type }) => type))).toEqual(types)
    expect(await second.codeOf(bySignedKey)).toBe('unknown')
    expect((await second.call('GET', `/v1/clients/${signed.clientId}`)).body.jwks).toEqual({ keys: [] })
    const { data: signing } = (await second.call('GET', '/v1/signing-keys')).body
    const removed = more.filter(({ type }) => type === 'signing_key').map(({ id }) => id)
    expect(signing.filter(({ kid, status }) => removed.includes(kid) && status !== 'revoked')).toEqual([])
    // Another one signs at once.
    expect(
      (
        await second.call('POST', '/v1/tokens', {
          body: { clientId: owner.clientId, audience, scope: 'orders:read', ttlSeconds: 60 },
        })
      ).status,
    ).toBe(201)
    expect((await second.store.verifyAudit('default')).brokenAt).toBeUndefined()
  })

  it('is a whole tenant as well, when its own verifier says so, and deleted once', async () => {
    const id = world.server.services.books.tenantBySlug('acme') as string
    const copy = await restoredAfter(() => world.ok('DELETE', `/v1/tenants/${id}`))
    const { entries } = await world.store.feed.snapshot(id)
    const { type, mac } = world.server.services.macs.mark(
      id,
      entries.find((entry) => entry.type === 'tenant') as FeedObject,
    )
    const gone = { type, id, dropAt: endlessRevocation, mac }
    expect((await copy.handBack([gone, gone], acme)).body).toEqual({ applied: 1, known: 1, refused: 0 })
    expect((await copy.call('GET', `/v1/tenants/${id}`)).status).toBe(404)
    expect((await copy.handBack([gone], acme)).status).toBe(404)
    expect((await copy.store.verifyAudit(id)).brokenAt).toBeUndefined()
  })

  it('is remembered by the book alone where the copy has no row for it, for as long as it was said', async () => {
    const copy = await restoredAfter(async () => {
      const { id } = await world.key()
      await world.ok('POST', `/v1/keys/${id}/revoke`)
      const { clientId } = await world.client()
      await world.ok('DELETE', `/v1/clients/${clientId}`)
    })
    const lost = await told()
    expect((await copy.handBack(lost)).body).toEqual({ applied: 2, known: 0, refused: 0 })
    for (const { type, id, dropAt } of lost) {
      expect(copy.server.services.books.book('default')?.isRevoked(type, id)).toBe(true)
      expect(await copy.store.read.statusEntries.find('default', type, id)).toMatchObject({
        dropAt,
        state: { status: 'revoked' },
      })
    }
  })

  it('is known the second time, and changes nothing then; two who hand it back at once do no harm', async () => {
    const keys = [await world.key(), await world.key()]
    const copy = await restoredAfter(async () => {
      for (const { id } of keys) await world.ok('POST', `/v1/keys/${id}/revoke`)
    })
    const lost = await told()
    const answers = await Promise.all([copy.handBack(lost), copy.handBack(lost.toReversed())])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(answers.reduce((sum, { body }) => sum + (body.applied as number), 0)).toBe(2)
    const before = await copy.state()
    let writes = 0
    const { store } = copy.server.services
    const { write } = store
    Object.assign(store, {
      write: (...given: Parameters<typeof write>) => {
        writes++
        return write(...given)
      },
    })
    expect((await copy.handBack(lost)).body).toEqual({ applied: 0, known: 2, refused: 0 })
    expect((await copy.handBack([...lost, ...lost])).body).toEqual({ applied: 0, known: 4, refused: 0 })
    expect(await copy.state()).toBe(before)
    // A thousand verifiers hand back the same: that must not be a thousand transactions.
    expect(writes).toBe(0)
    expect(await Promise.all(keys.map(({ key }) => copy.codeOf(key)))).toEqual(['revoked', 'revoked'])
  })

  it('is not wanted any more once the drop time is past its end, and until then whatever the clock says', async () => {
    const [one, other] = [await world.mint({ ttlSeconds: 600 }), await world.mint({ ttlSeconds: 600 })]
    const copy = await restoredAfter(async () => {
      for (const { jti } of [one, other]) await world.ok('POST', `/v1/tokens/${jti}/revoke`)
    })
    const [first, second] = (await told()) as [HandedBack, HandedBack]
    // A clock that is far ahead ends nothing.
    world.now = first.dropAt + 86_400
    expect((await copy.handBack([first])).body).toEqual({ applied: 1, known: 0, refused: 0 })
    const before = await copy.state()
    copy.server.services.books.raiseDropTime(second.dropAt + 1)
    expect((await copy.handBack([second])).body).toEqual({ applied: 0, known: 1, refused: 0 })
    expect(await copy.state()).toBe(before)
  })

  it('without an end never ends: a signing key that the copy never had, removed, in the year 2107 neither', async () => {
    const copy = await restoredAfter(async () => {
      const { data } = await world.ok('POST', '/v1/signing-keys/rotate')
      await world.ok('POST', `/v1/signing-keys/${data[0]?.kid}/revoke`)
    })
    const [removed] = (await told()) as [HandedBack]
    expect(removed).toMatchObject({ type: 'signing_key', dropAt: endlessRevocation })
    world.now = 2 ** 32 + 86_400 * 366
    expect((await copy.handBack([removed])).body).toEqual({ applied: 1, known: 0, refused: 0 })
    const entry = await copy.store.read.statusEntries.find('default', 'signing_key', removed.id)
    expect(entry).toMatchObject({ dropAt: neverDropAt, state: { status: 'revoked' } })
  })
})

/** The cut-offs that a verifier of the default tenant was told of, as it hands them back. */
async function toldCutOffs(): Promise<readonly HandedBackCutOff[]> {
  const { text } = await world.call('GET', '/v1/feed/snapshot', { as: verifier })
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as FeedObject)
  return lines.flatMap((entry) => {
    if (entry.type !== 'client' && entry.type !== 'subject') return []
    const { type, id, state, cutOffMacs = {} } = entry
    return Object.entries(state.cutOffs ?? {}).map(([what, cutOff]) => {
      const kind = what as CutOffKind
      return { type, id, what: kind, ...(cutOff as CutOff), mac: cutOffMacs[kind] ?? '' }
    })
  })
}

it('a secret that was ended at once is ended again, and the one that took its place in the copy is not', async () => {
  const client = (await world.client()) as Wire
  const secret = (clientSecret: string, server: CountersignServer) =>
    world.form(
      '/oauth/token',
      { grant_type: 'client_credentials', audience, client_id: client.clientId, client_secret: clientSecret },
      { server },
    )
  const copy = await restoredAfter(() =>
    world.ok('POST', `/v1/clients/${client.clientId}/secrets`, { graceSeconds: 0 }),
  )
  const kept = (await copy.call('POST', `/v1/clients/${client.clientId}/secrets`)).body
  expect((await secret(client.clientSecret, copy.server)).status).toBe(200)
  const lost = await told()
  expect(lost.map(({ type }) => type)).toEqual(['client_secret'])
  expect((await copy.handBack(lost)).body).toEqual({ applied: 1, known: 0, refused: 0 })
  expect((await secret(client.clientSecret, copy.server)).status).toBe(401)
  expect((await secret(kept.clientSecret, copy.server)).status).toBe(200)
})

describe('a client’s cut-off that this database has forgotten', () => {
  const handBack = async (copy: Copy, cutOffs: readonly HandedBackCutOff[]) =>
    (await copy.call('POST', path, { as: verifier, body: { epoch: copy.epoch, revocations: [], cutOffs } })).body

  it('ends its tokens, keys, secrets and public keys made by then, as its revoke did; what was made later stays', async () => {
    const client = await world.signedClient()
    const ids = { client_id: client.clientId, client_secret: client.clientSecret }
    const key = await world.key({ clientId: client.clientId })
    const minted = await world.mint({ clientId: client.clientId })
    const token = (await world.token(ids)).body.access_token
    const selfIssued = await client.selfIssued()
    const copy = await restoredAfter(() => world.ok('POST', `/v1/clients/${client.clientId}/revoke`))
    const held = [key.key, minted.token, token, selfIssued]
    expect(await Promise.all(held.map((each) => copy.codeOf(each)))).toEqual(Array(4).fill('active'))
    // By the leeway later, in the copy: a key that the revoke never saw.
    world.now += 11
    const body = { clientId: client.clientId, audience, scope: 'orders:read', name: 'later' }
    const later = (await copy.call('POST', '/v1/keys', { body })).body
    // And a token made from the key that the revoke had ended: its number is of the copy, and says nothing.
    const request = {
      grant_type: exchangeGrant,
      subject_token: key.key,
      subject_token_type: accessTokenType,
      audience,
    }
    held.push((await world.form('/oauth/token', { ...request, ...ids }, { server: copy.server })).body.access_token)
    expect(await copy.codeOf(held.at(-1) as string)).toBe('active')
    const cutOffs = await toldCutOffs()
    expect(cutOffs).toMatchObject([{ id: client.clientId, what: 'everything' }])
    expect(await handBack(copy, cutOffs)).toEqual({ applied: 1, known: 0, refused: 0 })
    for (const each of held) expect(await copy.codeOf(each)).not.toBe('active')
    expect(await copy.codeOf(later.key)).toBe('active')
    const fields = { grant_type: 'client_credentials', audience, ...ids }
    expect((await world.form('/oauth/token', fields, { server: copy.server })).status).toBe(401)
    expect(await handBack(copy, cutOffs)).toEqual({ applied: 0, known: 1, refused: 0 })
  })

  it('ends what spoke for a subject by then, as its revoke did; what was made later stays', async () => {
    const client = await world.client()
    const ids = { client_id: client.clientId, client_secret: client.clientSecret as string }
    const of = { clientId: client.clientId, subject: 'ann' }
    const [key, minted] = [await world.key(of), await world.mint(of)]
    const child = (await world.exchange(minted.token, ids)).body.access_token
    const copy = await restoredAfter(() => world.ok('POST', '/v1/revocations', { subject: 'ann' }))
    const held = [key.key, minted.token, child]
    expect(await Promise.all(held.map((each) => copy.codeOf(each)))).toEqual(Array(3).fill('active'))
    world.now += 11
    const body = { ...of, audience, scope: 'orders:read', name: 'later' }
    const later = (await copy.call('POST', '/v1/keys', { body })).body
    const cutOffs = await toldCutOffs()
    expect(cutOffs).toMatchObject([{ type: 'subject', id: 'ann', what: 'everything' }])
    expect(await handBack(copy, cutOffs)).toEqual({ applied: 1, known: 0, refused: 0 })
    expect(await Promise.all(held.map((each) => copy.codeOf(each)))).toEqual(Array(3).fill('revoked'))
    expect(await copy.codeOf(later.key)).toBe('active')
    expect(await handBack(copy, cutOffs)).toEqual({ applied: 0, known: 1, refused: 0 })
    // The MAC covers the type: a client of that name is another object.
    const forged = cutOffs.map((each) => ({ ...each, type: 'client' as const }))
    expect(await handBack(copy, forged)).toEqual({ applied: 0, known: 0, refused: 1 })
  })

  it('that is older than the recorded one changes nothing: an old genuine one ends no newer key', async () => {
    const client = await world.client()
    await world.ok('POST', `/v1/clients/${client.clientId}/revoke`)
    const [old] = await toldCutOffs()
    world.now += 100
    await world.ok('POST', `/v1/clients/${client.clientId}/revoke`)
    const key = await world.key({ clientId: client.clientId })
    const { epoch } = await world.store.feed.head()
    const body = { epoch, revocations: [], cutOffs: [old] }
    const answer = await world.call('POST', path, { as: verifier, body })
    expect(answer.body).toEqual({ applied: 0, known: 1, refused: 0 })
    expect((await world.verify(key.key)).active).toBe(true)
  })

  it('of its tokens alone ends no key and no secret', async () => {
    const client = (await world.client()) as Wire
    const ids = { client_id: client.clientId, client_secret: client.clientSecret }
    const key = await world.key({ clientId: client.clientId })
    const [last, sibling] = [(await world.token(ids)).body.access_token, (await world.token(ids)).body.access_token]
    const copy = await restoredAfter(async () => {
      await world.store.write(async (transaction) =>
        transaction.append({
          tenant: 'default',
          countedFor: client.clientId,
          audit: { actor: { kind: 'system' }, action: 'x', objectType: 'token', objectId: 'many', requestId: 'x' },
          objects: () =>
            Array.from({ length: 10_000 }, (_, index) => ({
              type: 'token',
              id: `${client.clientId}-${index}`,
              version: 1,
              state: { status: 'revoked' },
              dropAt: startAt + 10_000,
            })),
        }),
      )
      expect((await revokeAtOauth(last, client)).status).toBe(200)
    })
    const cutOffs = await toldCutOffs()
    expect(cutOffs).toMatchObject([{ what: 'tokens' }])
    expect(await handBack(copy, cutOffs)).toMatchObject({ applied: 1 })
    expect(await copy.codeOf(sibling)).toBe('revoked')
    expect(await copy.codeOf(key.key)).toBe('active')
    const fields = { grant_type: 'client_credentials', audience, ...ids }
    expect((await world.form('/oauth/token', fields, { server: copy.server })).status).toBe(200)
  })

  it('handed back before the revocation of one of its tokens keeps that from nobody’s book', async () => {
    const client = await world.client()
    const minted = await world.mint({ clientId: client.clientId })
    const copy = await restoredAfter(async () => {
      await world.ok('POST', `/v1/tokens/${minted.jti}/revoke`)
      await world.ok('POST', `/v1/clients/${client.clientId}/revoke`)
    })
    expect(await handBack(copy, await toldCutOffs())).toMatchObject({ applied: 1 })
    const lost = (await told()).filter(({ id }) => id === minted.jti)
    expect((await copy.handBack(lost)).body).toEqual({ applied: 1, known: 0, refused: 0 })
    expect((await copy.handBack(lost)).body).toEqual({ applied: 0, known: 1, refused: 0 })
    expect(copy.server.services.books.book('default')?.isRevoked('token', minted.jti)).toBe(true)
  })

  it('altered in any member is refused, and so is another tenant’s', async () => {
    const client = await world.client()
    const copy = await restoredAfter(() => world.ok('POST', `/v1/clients/${client.clientId}/revoke`))
    const [said] = (await toldCutOffs()) as [HandedBackCutOff]
    const forged: HandedBackCutOff[] = [
      { ...said, at: said.at + 1 },
      { ...said, sequence: said.sequence + 1 },
      { ...said, what: 'tokens' },
      { ...said, id: world.clientId },
      { ...said, mac: 'A'.repeat(22) },
    ]
    const before = await copy.state()
    expect(await handBack(copy, forged)).toEqual({ applied: 0, known: 0, refused: forged.length })
    expect(await copy.state()).toBe(before)
  })
})

describe('what it never said', () => {
  it('changes nothing, whatever was altered; the others of the request apply, and one line counts it', async () => {
    const [key, other] = [await world.key(), await world.key()]
    const minted = await world.mint()
    const copy = await restoredAfter(async () => {
      await world.ok('POST', `/v1/keys/${key.id}/revoke`)
      await world.ok('POST', `/v1/tokens/${minted.jti}/revoke`)
    })
    const lost = await told()
    const said = lost.find(({ id }) => id === key.id) as HandedBack
    const token = lost.find(({ id }) => id === minted.jti) as HandedBack
    const flip = (mac: string) => (mac.startsWith('A') ? 'B' : 'A') + mac.slice(1)
    const altered = [
      { ...said, mac: flip(said.mac) },
      { ...said, mac: token.mac },
      { ...said, id: other.id },
      { ...said, id: `${said.id}"` },
      { ...said, type: 'opaque_token' },
      { ...said, type: 'client', id: world.clientId },
      { ...said, dropAt: said.dropAt + 1 },
      { ...said, dropAt: said.dropAt - 1 },
      { ...said, dropAt: endlessRevocation },
      // The same bytes with the spare bits of the last character set.
      { ...said, mac: said.mac.slice(0, -1) + String.fromCharCode((said.mac.charCodeAt(21) as number) + 1) },
    ]
    const before = await copy.state()
    world.logged.length = 0
    for (const each of altered) expect((await copy.handBack([each])).body).toEqual({ applied: 0, known: 0, refused: 1 })
    expect(await copy.state()).toBe(before)
    expect(await Promise.all([key.key, other.key].map((each) => copy.codeOf(each)))).toEqual(['active', 'active'])
    world.logged.length = 0
    expect((await copy.handBack([...altered, token, ...altered])).body).toEqual({ applied: 1, known: 0, refused: 20 })
    expect(await copy.codeOf(minted.token)).toBe('revoked')
    expect(await copy.codeOf(key.key)).toBe('active')
    expect(world.logged).toEqual([
      { level: 'warn', message: expect.any(String), fields: expect.objectContaining({ refused: 20 }) },
    ])
    expect(JSON.stringify(world.logged)).not.toContain(said.id)
    expect(JSON.stringify(world.logged)).not.toContain(said.mac)
  })

  it('to this tenant is what it said to another: the same words with another tenant’s MAC change nothing', async () => {
    const { clientId } = (
      await world.call('POST', '/v1/clients', { ...acme, body: { name: 'c', type: 'service', access: [] } })
    ).body
    const key = await world.key()
    const copy = await restoredAfter(async () => {
      await world.ok('POST', `/v1/keys/${key.id}/revoke`)
      await world.call('DELETE', `/v1/clients/${clientId}`, acme)
    })
    const [ours, theirs] = [await told(), await told(acme)]
    const before = await copy.state()
    expect((await copy.handBack(theirs)).body).toEqual({ applied: 0, known: 0, refused: 1 })
    expect((await copy.handBack(ours, acme)).body).toEqual({ applied: 0, known: 0, refused: 1 })
    expect(await copy.state()).toBe(before)
    expect((await copy.handBack(theirs, acme)).body).toEqual({ applied: 1, known: 0, refused: 0 })
    expect(await copy.codeOf(key.key)).toBe('active')
  })

  it('is whatever another installation said: its master key is another', async () => {
    const key = await world.key()
    await world.ok('POST', `/v1/keys/${key.id}/revoke`)
    const other = await startWorld()
    const { epoch } = await other.store.feed.head()
    const { body } = await other.call('POST', path, { body: { epoch, revocations: await told() } })
    expect(body).toEqual({ applied: 0, known: 0, refused: 1 })
    await other.close()
  })
})

describe('refused altogether', () => {
  it('in another epoch: 409, and nothing is changed', async () => {
    const key = await world.key()
    const { epoch: former } = await world.store.feed.head()
    const copy = await restoredAfter(() => world.ok('POST', `/v1/keys/${key.id}/revoke`))
    const before = await copy.state()
    for (const epoch of [former, '', 'another']) {
      expect(await copy.handBack(await told(), { epoch })).toMatchObject({ status: 409, body: { code: 'conflict' } })
    }
    expect(await copy.state()).toBe(before)
    expect(await copy.codeOf(key.key)).toBe('active')
  })

  it('without credentials:verify, and with a credential of another tenant', async () => {
    const { epoch } = await world.store.feed.head()
    const body = { epoch, revocations: [{ type: 'key', id: 'k', dropAt: startAt, mac: 'A'.repeat(22) }] }
    const reader = (await world.caller('keys:read keys:write')).key
    expect((await world.call('POST', path, { as: reader, body })).status).toBe(403)
    expect((await world.call('POST', path, { as: null, body })).status).toBe(401)
    expect((await world.call('POST', path, { as: acme.as, body })).status).toBe(401)
    expect((await world.call('POST', path, { as: verifier, body })).status).toBe(200)
  })

  it('over 500 in one request, none, or with a member of another kind', async () => {
    const { epoch } = await world.store.feed.head()
    const one = { type: 'key', id: 'k', dropAt: startAt, mac: 'A'.repeat(22) }
    const send = (revocations: unknown, more: object = {}) =>
      world.call('POST', path, { as: verifier, body: { epoch, revocations, ...more } })
    // At their longest, 500 of them are less than a body may have.
    const longest = Array.from({ length: 500 }, () => ({
      ...one,
      type: 'opaque_token',
      id: '\u0001'.repeat(256),
      dropAt: endlessRevocation,
    }))
    expect((await send(longest)).body).toEqual({ applied: 0, known: 0, refused: 500 })
    const before = await world.store.feed.head()
    for (const revocations of [
      [...longest, one],
      [],
      null,
      {},
      [null],
      [{ ...one, type: 'grant' }],
      [{ ...one, id: '' }],
      [{ ...one, id: 'x'.repeat(257) }],
      [{ ...one, id: 1 }],
      [{ ...one, dropAt: -1 }],
      [{ ...one, dropAt: 1.5 }],
      [{ ...one, dropAt: '1' }],
      [{ ...one, dropAt: endlessRevocation + 1 }],
      [{ ...one, mac: 'A'.repeat(21) }],
      [{ ...one, mac: 'A'.repeat(23) }],
      [{ ...one, mac: `${'A'.repeat(21)}=` }],
      [{ ...one, mac: undefined }],
      [{ ...one, state: { status: 'revoked' } }],
    ]) {
      const { status, body } = await send(revocations)
      expect(status, JSON.stringify(revocations)?.slice(0, 80)).toBe(400)
      expect(body.errors[0]?.pointer).toMatch(/^\/revocations/)
    }
    expect((await send([one], { more: 1 })).status).toBe(400)
    expect((await world.call('POST', path, { as: verifier, body: { revocations: [one] } })).status).toBe(400)
    expect(await world.store.feed.head()).toEqual(before)
  })
})
