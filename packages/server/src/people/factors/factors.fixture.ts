/** Accounts with second factors, as the pages make them. */
import { expect } from 'vitest'
import { baseUrl, type World } from '../../server.fixture.ts'
import { type Browser, openBrowser } from '../../sign_in.fixture.ts'
import type { Reply } from '../../wire.fixture.ts'
import { type Authenticator, createAuthenticator } from './passkey.fixture.ts'
import { stepAt, totpCode } from './totp.ts'

export const password = 'correct horse battery'
let count = 0

export interface Person {
  readonly id: string
  readonly email: string
}

export async function person(world: World, more: object = {}): Promise<Person> {
  const email = `f${++count}@example.com`
  const { id } = await world.ok('POST', '/v1/accounts', { email, emailVerified: true, name: 'Ann', password, ...more })
  return { id: String(id), email }
}

/** The answer to address and password: a session, or the page that asks for more. */
export async function enterPassword(world: World, { email }: Person, browser = openBrowser(world)): Promise<Reply> {
  return browser.submit(await browser.get('/login'), '/login', { email, password })
}

export async function signedIn(world: World, who: Person): Promise<Browser> {
  const browser = openBrowser(world)
  expect((await enterPassword(world, who, browser)).status).toBe(303)
  return browser
}

export interface App {
  readonly secret: Uint8Array
  readonly codes: readonly string[]
  /** The code of this moment, or of some steps from it. */
  code(world: World, steps?: number): string
}

/** Sets an app up at the account that is signed in there. */
export async function enrolTotp(world: World, browser: Browser): Promise<App> {
  const page = await browser.get('/account/authenticator')
  const secret = secretOf(page)
  const app = appOf(secret)
  const reply = await browser.submit(page, '/account/authenticator', { totp: app.code(world) })
  expect(reply.status, reply.text).toBe(303)
  const codes = await shownCodes(browser, reply)
  // The next code is of a later step.
  world.now += 60
  return { ...app, codes }
}

export function appOf(secret: Uint8Array): Pick<App, 'secret' | 'code'> {
  return { secret, code: ({ now }, steps = 0) => totpCode(secret, stepAt(now) + steps) }
}

export function secretOf(page: Reply): Uint8Array {
  const text = /<code>([A-Z2-7 ]+)<\/code>/.exec(page.text)?.[1]?.replaceAll(' ', '')
  if (text === undefined) throw new Error(`the page shows no secret: ${page.text}`)
  let bits = ''
  for (const character of text)
    bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(character).toString(2).padStart(5, '0')
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
}

export async function shownCodes(browser: Browser, reply: Reply): Promise<readonly string[]> {
  const page = await browser.get(String(reply.headers.Location).slice(baseUrl.length))
  return [...page.text.matchAll(/<li><code>([0-9A-Z-]{19})<\/code>/g)].map(([, code]) => code as string)
}

/** Registers a passkey at the account that is signed in there. */
export async function enrolPasskey(
  browser: Browser,
  more: Readonly<Record<string, string>> = {},
): Promise<Authenticator & { readonly codes: readonly string[] }> {
  const authenticator = createAuthenticator()
  const path = '/account/passkeys'
  const page = await browser.get(path)
  const reply = await browser.post(path, { ...authenticator.create(page, path), name: 'Laptop', ...more })
  expect(reply.status, reply.text).toBe(303)
  const codes = String(reply.headers.Location).includes('shown=') ? await shownCodes(browser, reply) : []
  return Object.assign(authenticator, { codes })
}
