/** Pages of one origin, one of which answers late or never. */
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createRenewal } from './renewal.ts'
import { createTabs } from './tabs.ts'
import { asPublic, type TokenSet } from './token_set.ts'

const clientId = 'client_1'
const issuer = 'https://auth.example'
const tokens = (number: number): TokenSet => ({
  issuer,
  clientId,
  accessToken: `access-${number}`,
  refreshToken: `refresh-${number}`,
  renewAt: 80,
  expiresAt: 100,
})

let name: string
let closes: (() => void)[]
beforeEach(() => {
  name = randomUUID()
  closes = []
})
afterEach(() => {
  for (const close of closes) close()
})

/** Another page, which shows that it holds a set and says so when the test wants it. */
async function otherPage(order: number): Promise<{ answer(): void; answerOnceIn(ms: number): void }> {
  const channel = new BroadcastChannel(name)
  const answer = () => channel.postMessage({ says: 'kept', order, set: tokens(order) })
  closes.push(() => channel.close())
  await new Promise<void>((granted) => {
    void navigator.locks.request(`${name} kept ${order}`, { mode: 'shared' }, () => {
      granted()
      return new Promise<void>((release) => closes.push(release))
    })
  })
  const answerOnceIn = (ms: number): void =>
    channel.addEventListener('message', () => void setTimeout(answer, ms), { once: true })
  return { answer, answerOnceIn }
}

it('a page takes an answer that comes after it has stopped waiting, and tells nobody meanwhile that nobody is there', async () => {
  const slow = await otherPage(1)
  slow.answerOnceIn(1_300)
  const seen: (TokenSet | undefined)[] = []
  const page = createTabs(name, (set) => seen.push(set))
  expect(await page.load()).toBeUndefined()
  const next = createTabs(name, (set) => seen.push(set))
  expect(await next.load()).toEqual(tokens(1))
  expect(await page.load()).toEqual(tokens(1))
  expect(seen).toEqual([tokens(1), tokens(1)])
})

it('a sign-in takes the place of what a page that does not answer holds', async () => {
  const sleeping = await otherPage(4)
  const page = createTabs(name, () => {})
  await page.alone(() => page.save(tokens(5)))
  sleeping.answer()
  const next = createTabs(name, () => {})
  expect(await next.load()).toEqual(tokens(5))
  expect(await page.load()).toEqual(tokens(5))
})

it('a page that lacks newer tokens uses what it has to its end, and its refresh token no more', async () => {
  const page = createTabs(name, () => {})
  await page.save(tokens(1))
  const sleeping = await otherPage(2)
  let now = 80
  let asked = 0
  const fetch = async () => {
    asked += 1
    return new Response('{}', { status: 500 })
  }
  const asking = { issuer, clientId, authenticate: asPublic(clientId), fetch, now: () => now }
  const renewal = createRenewal(asking, page)
  expect(await renewal.token()).toBe('access-1')
  now = 100
  await expect(renewal.token()).rejects.toMatchObject({ code: 'sign_in_required' })
  sleeping.answer()
  now = 79
  await expect.poll(() => renewal.token()).toBe('access-2')
  expect(asked).toBe(0)
})
