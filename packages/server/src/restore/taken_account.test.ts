import type { Account, Identity, Passkey } from '@countersign/store'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { accountObject } from '../feed/objects.ts'
import {
  enrolPasskey,
  enrolTotp,
  enterPassword,
  type Person,
  person,
  signedIn,
} from '../people/factors/factors.fixture.ts'
import { audience, startWorld, type World } from '../server.fixture.ts'
import { type Browser, openBrowser } from '../sign_in.fixture.ts'
import { mergeEntry } from './merge_entry.ts'
import type { Taking } from './taken.ts'
import { type LaterAccount, takeExternalSubject, takeLaterAccount } from './taken_account.ts'

let world: World
let ann: Person
let browser: Browser
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())
beforeEach(async () => {
  world.now += 7_200
  ann = await person(world, { role: 'operator', scope: 'keys:read keys:write' })
  browser = await signedIn(world, ann)
})

const cause = { actor: { kind: 'system' }, action: 'restore.merge', requestId: 'restore' } as const

const take = (later: LaterAccount | undefined): Promise<boolean> =>
  merge((taking) => takeLaterAccount(taking, { tenant: 'default', id: ann.id }, later))

async function merge(work: (taking: Taking) => Promise<boolean>): Promise<boolean> {
  const { value, entries } = await world.store.write((it) => work({ it, now: world.now, cause }))
  await world.server.services.books.settle(entries)
  return value
}

async function same(): Promise<LaterAccount> {
  const { read } = world.store
  const account = (await read.accounts.find('default', ann.id)) as Account
  const said = await read.statusEntries.find('default', 'account', ann.id)
  const found = await Promise.all(
    (['password', 'totp', 'recovery_codes'] as const).map((kind) => read.identities.find('default', ann.id, kind)),
  )
  const identities = found.filter((each): each is Identity => each !== undefined)
  return { account, said, identities, passkeys: await read.passkeys.ofAccount('default', ann.id) }
}

const me = async () => (await browser.call('GET', '/v1/me')).status

it('a restored account that is the same stays as it is', async () => {
  await enrolTotp(world, browser)
  await enrolPasskey(browser)
  const before = world.dump()
  expect(await take(await same())).toBe(false)
  expect(world.dump()).toBe(before)
})

it('has the password, the app and the passkeys of the later state, and no others', async () => {
  const early = await same()
  const app = await enrolTotp(world, browser)
  const passkey = await enrolPasskey(browser)
  const late = await same()
  await take(early)
  expect((await enterPassword(world, ann)).status).toBe(303)
  expect(await world.store.read.passkeys.ofAccount('default', ann.id)).toEqual([])
  expect(await take(late)).toBe(true)
  const other = openBrowser(world)
  const asked = await enterPassword(world, ann, other)
  expect(asked.status).toBe(200)
  expect((await other.submit(asked, '/login', { totp: app.code(world) })).status).toBe(303)
  world.now += 60
  const page = await other.get('/login')
  expect((await other.post('/login', passkey.get(page, '/login'))).status).toBe(303)
  const password = late.identities.map((each) => (each.kind === 'password' ? { ...each, content: {} } : each))
  await take({ ...late, identities: password.filter(({ kind }) => kind !== 'password') })
  expect((await enterPassword(world, ann)).status).toBe(422)
})

it('a code that was used since is used', async () => {
  const app = await enrolTotp(world, browser)
  const early = await same()
  const [recovery_code = ''] = app.codes
  const totp = app.code(world)
  for (const fields of [{ totp }, { recovery_code }] as Readonly<Record<string, string>>[]) {
    const other = openBrowser(world)
    expect((await other.submit(await enterPassword(world, ann, other), '/login', fields)).status).toBe(303)
  }
  const late = await same()
  await take(early)
  await take(late)
  for (const fields of [{ totp }, { recovery_code }] as Readonly<Record<string, string>>[]) {
    const other = openBrowser(world)
    expect((await other.submit(await enterPassword(world, ann, other), '/login', fields)).status).toBe(422)
  }
})

it('loses role, scope, access and address that it lost since, and gains none', async () => {
  const now = await same()
  const { role: _, ...plain } = now.account
  const wider = {
    ...now.account,
    scope: 'keys:read audit:read',
    access: { api_x: 'a' },
    email: now.account.email ?? '',
  }
  await take({ ...now, account: wider })
  expect((await same()).account).toMatchObject({
    role: 'operator',
    scope: 'keys:read',
    access: {},
    emailVerified: true,
  })
  await take({ ...(await same()), account: { ...plain, scope: '', email: 'other@example.com' } })
  const { account } = await same()
  expect([account.role, account.scope, account.emailVerified]).toEqual([undefined, '', false])
})

it('has an address that signs nobody in where it was changed or verified since, until an operator says which is right', async () => {
  const { account, ...later } = await same()
  const email = `new-${ann.email}`
  await take({ ...later, account: { ...account, email } })
  expect((await enterPassword(world, ann)).status).toBe(422)
  expect((await enterPassword(world, { ...ann, email })).status).toBe(422)
  await world.ok('PATCH', `/v1/accounts/${ann.id}`, { email, emailVerified: true })
  expect((await enterPassword(world, { ...ann, email })).status).toBe(303)
})

describe('may give no more at an API than it could since', () => {
  const both = 'orders:read orders:write'
  const entryOf = async (access: Account['access']) => {
    const account = { ...(await same()).account, access }
    return accountObject(account, (await same()).said, world.now)
  }
  const ways: Readonly<Record<string, (access: Account['access']) => Promise<boolean>>> = {
    'by a later database': async (access) => {
      const later = await same()
      return take({ ...later, account: { ...later.account, access } })
    },
    'by an entry that a verifier kept': async (access) => {
      const entry = await entryOf(access)
      return merge((taking) => mergeEntry(taking, 'default', entry, world.server.services.master))
    },
  }

  describe.each(Object.entries(ways))('%s', (_, later) => {
    const access = async () => (await same()).account.access
    const setDefault = (scope: string) => world.ok('PATCH', `/v1/apis/${world.apiId}`, { accountScope: scope })

    it('where it had the default of the API before', async () => {
      await setDefault(both)
      expect(await later({ [world.apiId]: 'orders:read' })).toBe(true)
      expect(await access()).toEqual({ [world.apiId]: 'orders:read' })
      expect(await later({ [world.apiId]: both })).toBe(false)
      expect(await later({})).toBe(false)
    })

    it('where it has the default since', async () => {
      await setDefault('')
      await world.ok('PATCH', `/v1/accounts/${ann.id}`, { access: [{ audience, scope: both }] })
      expect(await later({})).toBe(true)
      expect(await access()).toEqual({ [world.apiId]: '' })
    })

    it('which verifiers hear', async () => {
      await setDefault(both)
      await later({ [world.apiId]: '' })
      expect((await same()).said?.state).toMatchObject({ access: { [world.apiId]: '' } })
    })
  })
})

it('is disabled, deleted and signed out as it was since', async () => {
  expect(await me()).toBe(200)
  const early = await same()
  await world.ok('POST', `/v1/accounts/${ann.id}/revoke`)
  const { said } = await same()
  const again = await signedIn(world, ann)
  expect((await again.call('GET', '/v1/me')).status).toBe(200)
  const { cutOff } = { cutOff: 0, ...said?.state }
  const sequence = cutOff + 1_000
  const state = { ...(said?.state as object), cutOff: sequence, cutOffs: { everything: { sequence, at: world.now } } }
  expect(
    await take({ ...early, account: (await same()).account, said: { ...said, state } as LaterAccount['said'] }),
  ).toBe(true)
  expect((await again.call('GET', '/v1/me')).status).toBe(401)
  await take({ ...(await same()), account: { ...early.account, status: 'disabled' } })
  expect((await same()).account.status).toBe('disabled')
  await take(undefined)
  const { account, identities, passkeys } = await same()
  expect([account.status, account.email, identities, passkeys satisfies readonly Passkey[]]).toEqual([
    'revoked',
    undefined,
    [],
    [],
  ])
})

it('is known by the id of the owner’s that it has since, and not by one that is another’s now', async () => {
  const named = { tenant: 'default', id: ann.id }
  await world.ok('PATCH', `/v1/accounts/${ann.id}`, { externalSubject: 'customer-1' })
  expect(await merge((taking) => takeExternalSubject(taking, named, 'customer-1'))).toBe(false)
  expect(await merge((taking) => takeExternalSubject(taking, named, undefined))).toBe(true)
  expect((await same()).account.externalSubject).toBeUndefined()
  const { account, ...later } = await same()
  expect(await take({ ...later, account: { ...account, externalSubject: 'customer-2' } })).toBe(true)
  expect((await same()).account.externalSubject).toBe('customer-2')
  expect(await take({ ...later, account })).toBe(true)
  expect((await same()).account.externalSubject).toBeUndefined()
})
