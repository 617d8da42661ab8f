/** For tests: the authority in memory, and an engine that follows it with all real parts. */
import type { CredentialRecord, FeedObject, MaybePromise, Scope } from '@countersign/core'
import type { Engine, EngineOptions, Question } from './engine.ts'
import type { FeedFollower } from './feed/feed_follower.ts'
import type { FeedSource } from './feed/feed_source.ts'
import type { Outcome } from './outcome.ts'
import { Authority, createAuthorityKeys } from './testing/authority.ts'
import { startEngine } from './testing/engine.ts'
import { exampleRecord as exampleRecordFor } from './testing/records.ts'
import { createTestTime, type TestTime } from './testing/time.ts'

export { createFollower } from './testing/engine.ts'
export { macOf } from './testing/log.ts'
export { apiId, clientId, tenant } from './testing/records.ts'
export { createTestTime as createTime, settled, startAt } from './testing/time.ts'

export const issuer = 'https://auth.example.com'
export const audience = 'https://api.example.com'

const keys = await createAuthorityKeys()
export const ownPublicJwk = keys.own.publicJwk
export const { clientThumbprint } = keys

export function createAuthority(time: Pick<TestTime, 'now'>): Authority {
  return new Authority({ issuer, audience, keys, now: () => time.now() })
}

/** The record that a look-up of a live key of the fixture’s client finds. */
export function exampleRecord(id: string): CredentialRecord {
  return exampleRecordFor(id, audience)
}

export interface World {
  readonly authority: Authority
  readonly time: TestTime
  readonly keeper: FeedFollower
  readonly engine: Engine
  /** Say it, and wait until the verifier has heard it. */
  say: Authority['say'] extends (...words: infer W) => number ? (...words: W) => Promise<number> : never
  verify(credential: string, requires?: string | readonly Scope[], more?: Partial<Question>): MaybePromise<Outcome>
  /** `verified`, a rejection's code, or `unavailable`. */
  codeOf(credential: string, requires?: string | readonly Scope[], more?: Partial<Question>): Promise<string>
}

/** An engine that has loaded its book. */
export async function createWorld(
  options: Partial<EngineOptions> & { readonly maxStalenessSeconds?: number; readonly source?: FeedSource } = {},
): Promise<World> {
  const time = createTestTime()
  const authority = createAuthority(time)
  const { engine, keeper } = await startEngine(authority, time, options)
  const verify: World['verify'] = (credential, requires = 'orders:read', more = {}) =>
    engine.verify({
      credential,
      audience,
      requires: typeof requires === 'string' ? [requires.split(' ').filter((token) => token !== '')] : requires,
      address: undefined,
      origin: undefined,
      ...more,
    })
  return {
    authority,
    time,
    keeper,
    engine,
    verify,
    async say(type, id, state, dropAt) {
      const sequence = authority.say(type, id, state, dropAt)
      await keeper.reach(sequence)
      return sequence
    },
    async codeOf(credential, requires, more) {
      const outcome = await verify(credential, requires, more)
      return outcome.outcome === 'rejected' ? outcome.rejection.code : outcome.outcome
    },
  }
}

/** The machine's own time, for tests of what reads it. */
export function realTime(): Pick<TestTime, 'now'> {
  return { now: () => Date.now() / 1000 }
}

/** The authority over HTTP, as a `fetch` that never leaves the process. */
export function createFetch(authority: Authority): typeof fetch {
  const json = (body: unknown) => Response.json(body, { headers: { 'Cache-Control': 'no-store' } })
  const signal = new AbortController().signal
  return async (input, init) => {
    const url = new URL(String(input))
    const body = init?.body === undefined || init.body === null ? undefined : JSON.parse(String(init.body))
    const isStream = new Headers(init?.headers).get('accept') === 'text/event-stream'
    switch (url.pathname) {
      case '/v1/feed/snapshot': {
        const { entries, ...head } = await authority.source.snapshot(signal)
        const subjects = [...(entries as Iterable<FeedObject>)]
        const lines = [head, ...subjects, { end: subjects.length }].map((line) => JSON.stringify(line))
        return new Response(`${lines.join('\n')}\n`)
      }
      case '/v1/feed/revocations':
        return json(await authority.source.handBack(body, signal))
      case '/v1/feed/position':
        return json(await authority.source.position(body, signal))
      case '/v1/feed': {
        if (isStream) return new Response(new ReadableStream())
        const place = { ...authority.place(), sequence: Number(url.searchParams.get('after')) }
        return json(await authority.source.entries(place, signal))
      }
      case '/v1/lookup': {
        const place = authority.place()
        const { directory } = authority
        const answer = await (body.digest !== undefined
          ? directory.credential(body.digest, place)
          : body.kid !== undefined
            ? directory.publicKey(body.clientId, body.kid, place)
            : directory.client(body.clientId, place))
        return json({ ...answer, record: answer.record ?? null })
      }
      default:
        return new Response(null, { status: 404 })
    }
  }
}
