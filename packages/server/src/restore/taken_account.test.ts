import type { Account, Identity, Passkey } from '@countersign/store'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import {
  enrolPasskey,
  enrolTotp,
  enterPassword,
  type Person,
  person,
  signedIn,
} from '../people/factors/factors.fixture.ts'
import { startWorld, type World } from '../server.fixture.ts'
import { type Browser, openBrowser } from '../sign_in.fixture.ts'
import type { Taking } from './taken.ts'
import { type LaterAccount, takeLaterAccount } from './taken_account.ts'

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

async function take(later: LaterAccount | undefined): Promise<boolean> {
  const { value, entries } = await world.store.write((it) =>
    takeLaterAccount({ it, now: world.now, cause } satisfies Taking, { tenant: 'default', id: ann.id }, later),
  )
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
