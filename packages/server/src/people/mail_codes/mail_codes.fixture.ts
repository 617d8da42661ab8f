/** People who ask for mailed codes, as the pages let them. */
import { expect } from 'vitest'
import { baseUrl, type World } from '../../server.fixture.ts'
import { type Browser, hiddenFields } from '../../sign_in.fixture.ts'
import type { Reply, Wire } from '../../wire.fixture.ts'

export const password = 'correct horse battery'
let count = 0

export function freshAddress(): string {
  return `m${++count}@example.com`
}

export async function person(world: World, more: object = {}): Promise<Wire & { readonly email: string }> {
  const email = freshAddress()
  const body = { email, emailVerified: true, name: 'Ann', password, ...more }
  return { ...(await world.ok('POST', '/v1/accounts', body)), email }
}

/** Sends the first form of the page, with these fields. */
export async function ask(browser: Browser, path: string, fields: Readonly<Record<string, string>>): Promise<Reply> {
  return browser.submit(await browser.get(path), path.split('?')[0] as string, fields)
}

/** The page on which the code is entered. */
export async function asked(browser: Browser, path: string, fields: Readonly<Record<string, string>>): Promise<Reply> {
  const reply = await ask(browser, path, fields)
  expect(reply.status, reply.text).toBe(303)
  return browser.get(pathOf(reply))
}

export function pathOf({ headers }: Reply): string {
  return String(headers.Location).slice(baseUrl.length)
}

/** The hidden fields of all forms of a page. */
export function hidden(page: Reply): Readonly<Record<string, string>> {
  return hiddenFields(page.text)
}

/** Counts the passwords that are hashed from now on. */
export function countHashes({ server }: World): { readonly count: number; stop(): void } {
  const { passwords } = server.services
  const { hash } = passwords
  const counted = { count: 0, stop: () => void Object.assign(passwords, { hash }) }
  const counting = (text: string) => {
    counted.count++
    return hash(text)
  }
  Object.assign(passwords, { hash: counting })
  return counted
}

/** A wrong code, whatever the right one is. */
export function other(code: string): string {
  return String((Number(code) + 1) % 10 ** 8).padStart(8, '0')
}

/** Without all that differs from one page to the next of its kind. */
export function bare({ status, text, headers }: Reply): string {
  const { Location = '', ...rest } = headers
  return JSON.stringify([status, rest, Location, text])
    .replaceAll(/[\w-]{32,}/g, '')
    .replaceAll(/value=\\"[^"]*"/g, '')
    .replaceAll(/[\w-]+@example\.com/gi, '')
}
