/**
 * Whether an address has an account shows neither in the calls on the database, nor in the hashes made, nor in the time that
 * this thread works on an answer (Welch's t below 4.5, as in tests for leaks of time).
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createMailbox } from '../../mail/mailbox.fixture.ts'
import { startWorld, type World } from '../../server.fixture.ts'
import { type Browser, openBrowser, signIn } from '../../sign_in.fixture.ts'
import type { Reply } from '../../wire.fixture.ts'
import { asked, bare, countHashes, hidden, password, person } from './mail_codes.fixture.ts'

const samples = inject('isFull') ? 500 : 25
const warmUp = 10
const tMax = 4.5

const mailbox = createMailbox()
let world: World
/** The calls of the request that runs: chores of the server call as well, at moments that no request chooses. */
const callsOf = new AsyncLocalStorage<string[]>()
beforeAll(async () => {
  world = await startWorld({
    mail: mailbox,
    openness: 'open',
    limitsFailures: false,
    fails: (call) => {
      // The books poll the head of the log when they are no longer fresh, whoever asks.
      if (call !== 'feed.head') callsOf.getStore()?.push(call)
      return false
    },
  })
})
afterAll(() => world.close())

/** Prepared, then sent: only the sending is measured. */
type Door = (browser: Browser, email: string) => Promise<() => Promise<Reply>>

const asking =
  (path: string, fields: object = {}): Door =>
  async (browser, email) => {
    const page = await browser.get(path)
    return () => browser.submit(page, path, { email, ...fields })
  }

const trying =
  (path: string, fields: object = {}, more: object = {}): Door =>
  async (browser, email) => {
    const page = await asked(browser, path, { email, ...fields })
    const sent = { ...hidden(page), ...more, code: '1234567x' }
    return () => browser.post(path, sent)
  }

const newPerson = { name: 'Ann', password }
const newPassword = { password: 'another horse entirely' }

const doors: Readonly<Record<string, Door>> = {
  'a wrong password': async (browser, email) => {
    const page = await browser.get('/login')
    return () => browser.submit(page, '/login', { email, password: 'wrong password' })
  },
  'asking for a code to sign in': asking('/login/code'),
  'a wrong code to sign in': trying('/login/code'),
  'asking to sign up': asking('/signup', newPerson),
  'a wrong code to sign up': trying('/signup', newPerson),
  'asking for a new password': asking('/recover'),
  'a wrong code for a new password': trying('/recover', {}, newPassword),
  'asking for another address': asking('/account/address'),
  'a wrong code for another address': trying('/account/address'),
}

interface Work {
  readonly calls: readonly string[]
  readonly hashes: number
  readonly microseconds: number
  readonly seen: string
}

/** One request, measured from its arrival to its answer. */
async function measure(door: Door, browser: Browser, email: string): Promise<Work> {
  // Beyond every limit of before, and within the step-up that a new address wants.
  world.now += 7_200
  const send = await door(browser, email)
  // Mails of before have left: they are no part of this request.
  await mailbox.to(email)
  await world.server.services.books.poll()
  const hashes = countHashes(world)
  const calls: string[] = []
  const before = process.threadCpuUsage()
  const reply = await callsOf.run(calls, send)
  const { user, system } = process.threadCpuUsage(before)
  hashes.stop()
  return { calls: [...calls], hashes: hashes.count, microseconds: user + system, seen: bare(reply).toLowerCase() }
}

/** Welch's t of two samples. */
function welch(one: readonly number[], other: readonly number[]): number {
  const [a, b] = [momentsOf(one), momentsOf(other)]
  return (a.mean - b.mean) / Math.sqrt(a.variance / one.length + b.variance / other.length)
}

function momentsOf(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) }
}

/** The slowest twentieth is the garbage collector's, in both alike. */
function cropped(values: readonly number[]): readonly number[] {
  return values.toSorted((a, b) => a - b).slice(0, Math.floor(values.length * 0.95))
}

describe.each(Object.entries(doors))('%s', (name, door) => {
  it('does the same work for an address that has an account and for one that has none', async () => {
    const known = await person(world)
    const self = await person(world)
    const addresses = [known.email, `x${known.email}`] as const
    const times: [number[], number[]] = [[], []]
    for (let sample = 0; sample < samples + warmUp; sample++) {
      const works: Work[] = []
      // In turn the one and the other goes first.
      for (const which of sample % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        const work = await measure(withSession(name, self.id, door), openBrowser(world), addresses[which])
        works[which] = work
        if (sample >= warmUp) times[which].push(work.microseconds)
      }
      const [one, other] = works as [Work, Work]
      expect(one.calls).toEqual(other.calls)
      expect([one.hashes, one.seen]).toEqual([other.hashes, other.seen])
    }
    expect(Math.abs(welch(cropped(times[0]), cropped(times[1])))).toBeLessThan(tMax)
  }, 600_000)
})

/** With a session that is new at this moment of the clock, where the page is for somebody who is signed in. */
function withSession(name: string, id: string, door: Door): Door {
  if (!name.endsWith('another address')) return door
  return async (_, email) => door(await signIn(world, id), email)
}

it('the measure finds a small difference, and none between the same', () => {
  const noise = (base: number): readonly number[] => Array.from({ length: 200 }, (_, at) => base + ((at * 37) % 20))
  expect(Math.abs(welch(noise(500), noise(500)))).toBeLessThan(tMax)
  expect(Math.abs(welch(noise(500), noise(510)))).toBeGreaterThan(tMax)
})
