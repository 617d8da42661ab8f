/** For tests: an authorization server's feed and directory in memory, and an engine that follows it with all real parts. */
import {
  type AccessTokenInput,
  accessTokenClaims,
  type CredentialRecord,
  chainInput,
  decodeBase64url,
  digest,
  emptyChain,
  encodeBase64url,
  type FeedEntry,
  generateKey,
  generateKeyPair,
  type HandBackQuestion,
  importSigningKey,
  jwkThumbprint,
  type MaybePromise,
  neverDropAt,
  type Place,
  type PublicKeyRecord,
  type Scope,
  type SigningKey,
  type StateByType,
  type Subject,
  signJwt,
} from '@countersign/core'
import type { Clock, Stamp } from './clock.ts'
import type { Directory } from './directory.ts'
import type { Engine, EngineOptions, Question } from './engine.ts'
import { createFeedFollower, type FeedFollower, type FeedFollowerOptions } from './feed/feed_follower.ts'
import type { FeedSource } from './feed/feed_source.ts'
import { memoryLimiter } from './limiter.ts'
import type { Outcome } from './outcome.ts'
import { createEngine } from './verify.ts'

export const issuer = 'https://auth.example.com'
export const audience = 'https://api.example.com'
export const tenant = 'ten_1'
export const apiId = 'api_1'
export const clientId = 'client_1'
export const startAt = 1_790_000_000

async function createPair(kid: string): Promise<{ readonly signingKey: SigningKey; readonly publicJwk: object }> {
  const { privateJwk, publicJwk } = await generateKeyPair('ES256')
  return { signingKey: importSigningKey({ ...privateJwk, kid }), publicJwk: { ...publicJwk, kid } }
}

const own = await createPair('k1')
const ofClient = await createPair('c1')
export const ownPublicJwk = own.publicJwk as { readonly [member: string]: unknown }
export const clientThumbprint = await jwkThumbprint(ofClient.publicJwk)

/** Time that stands still unless a test moves it. Timers run when their time has come. */
export interface ManualTime extends Clock {
  monotonicMs: number
  wallMs: number
  /** The time that has truly passed, by the server’s clock. */
  trueMs: number
  readonly schedule: (delayMs: number, run: () => void) => () => void
  /** Both clocks move, timers run in order, promises settle. */
  advance(ms: number): Promise<void>
}

export function createTime(): ManualTime {
  const timers = new Map<number, { readonly at: number; readonly run: () => void }>()
  let last = 0
  return {
    monotonicMs: 1_000,
    wallMs: startAt * 1000,
    trueMs: 0,
    stamp(): Stamp {
      return { monotonicMs: this.monotonicMs, wallMs: this.wallMs }
    },
    schedule(delayMs, run) {
      const id = ++last
      timers.set(id, { at: this.monotonicMs + delayMs, run })
      return () => timers.delete(id)
    },
    async advance(ms) {
      const end = this.monotonicMs + ms
      for (;;) {
        const due = [...timers].filter(([, { at }]) => at <= end).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0]
        const at = due === undefined ? end : Math.max(due[1].at, this.monotonicMs)
        this.wallMs += at - this.monotonicMs
        this.trueMs += at - this.monotonicMs
        this.monotonicMs = at
        if (due === undefined) break
        timers.delete(due[0])
        due[1].run()
        await settled()
      }
      await settled()
    },
  }
}

/** All promises that can go on have gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export type KeyChanges = { -readonly [K in keyof CredentialRecord]?: CredentialRecord[K] | undefined }

export interface Authority {
  /** The server's own clock, in seconds. */
  readonly now: number
  readonly log: FeedEntry[]
  place(): Place
  /** Append to the log. Answers the sequence. */
  say<T extends Subject['type']>(type: T, id: string, state: StateByType[T], dropAt?: number): number
  issueKey(changes?: KeyChanges): { readonly text: string; readonly id: string }
  /** A key that has its text already. */
  takeKey(text: string, record: CredentialRecord): void
  /** Change what a look-up of it gives; undefined: it is gone. */
  change(text: string, changes: KeyChanges | undefined): void
  issueJwt(changes?: Partial<AccessTokenInput>, extra?: object, typ?: string): Promise<string>
  selfIssue(changes?: object, typ?: string): Promise<string>
  /** The record of the client's key; undefined: removed. */
  publicKey: PublicKeyRecord | undefined
  readonly directory: Directory
  readonly source: FeedSource
  /** The revocations that were handed back to it. */
  readonly handedBack: HandBackQuestion[]
  /** Look-ups asked so far. */
  lookups: number
  /** When set, look-ups wait for it and are answered as of before or after it, as the test says. */
  wait: Promise<void> | undefined
}

export function createAuthority(time: Pick<ManualTime, 'trueMs'>): Authority {
  const records = new Map<string, CredentialRecord>()
  const versions = new Map<string, number>()
  const log: FeedEntry[] = []
  const handedBack: HandBackQuestion[] = []
  const epoch = 'epoch-1'

  function chain(): string {
    return log.at(-1)?.chain ?? emptyChain
  }

  async function answer<R>(read: () => R | undefined) {
    authority.lookups++
    const found = { record: read(), place: authority.place(), ageMs: 0 }
    await authority.wait
    return found
  }

  const authority: Authority = {
    get now() {
      return startAt + time.trueMs / 1000
    },
    log,
    handedBack,
    lookups: 0,
    wait: undefined,
    publicKey: undefined,
    place: () => ({ epoch, sequence: log.length, chain: chain() }),
    say(type, id, state, dropAt = neverDropAt) {
      const version = (versions.get(`${type} ${id}`) ?? 0) + 1
      versions.set(`${type} ${id}`, version)
      const mac = state.status === 'revoked' ? { mac: macOf(type, id, dropAt) } : {}
      const subject = { type, id, version, state, dropAt, ...mac } as unknown as Subject
      const entry = { ...subject, sequence: log.length + 1, at: this.now, audit: 'a' } as Omit<FeedEntry, 'chain'>
      log.push({ ...entry, chain: digest(chainInput(chain(), entry)) as string } as FeedEntry)
      return log.length
    },
    issueKey(changes = {}) {
      const random = (count: number) => crypto.getRandomValues(new Uint8Array(count))
      const marker = changes.kind === 'access_token' ? 'at' : 'live'
      const { id, text } = generateKey({ prefix: 'cs', marker, randomBytes: random })
      this.takeKey(text, withChanges(exampleRecord(id), changes))
      return { text, id }
    },
    takeKey(text, record) {
      records.set(digest(text) as string, record)
    },
    change(text, changes) {
      const key = digest(text) as string
      const record = records.get(key)
      if (changes === undefined || record === undefined) records.delete(key)
      else records.set(key, withChanges(record, changes))
    },
    async issueJwt(changes = {}, extra = {}, typ = 'at+jwt') {
      const input: AccessTokenInput = {
        issuer,
        subject: clientId,
        audience,
        clientId,
        jti: crypto.randomUUID(),
        issuedAt: this.now,
        expiresAt: this.now + 3_600,
        scope: ['orders:read', 'orders:write'],
        position: log.length,
        ...changes,
      }
      return await signJwt({ typ, claims: { ...accessTokenClaims(input), ...extra }, key: own.signingKey })
    },
    async selfIssue(changes = {}, typ = 'at+jwt') {
      const claims = {
        iss: clientId,
        sub: clientId,
        aud: audience,
        jti: crypto.randomUUID(),
        iat: this.now,
        exp: this.now + 3_600,
        scope: 'orders:read',
        ...changes,
      }
      return await signJwt({ typ, claims, key: ofClient.signingKey })
    },
    directory: {
      credential: (key) => answer(() => records.get(key)),
      publicKey: (client, kid) =>
        answer(() => {
          const { publicKey } = authority
          return publicKey?.clientId === client && publicKey.kid === kid ? publicKey : undefined
        }),
    },
    source: {
      async snapshot() {
        // The latest state of each object, as the store keeps it.
        const latest = new Map(log.map((entry) => [`${entry.type} ${entry.id}`, entry]))
        const { now } = authority
        return { tenant, issuer, place: authority.place(), now, dropTime: now, entries: [...latest.values()] }
      },
      async position(question) {
        const { nonce, sequence } = question
        const isKnown = question.epoch === epoch && (log[sequence - 1]?.chain ?? emptyChain) === question.chain
        const head = log.length
        const { now } = authority
        return { nonce, epoch, head, ageMs: 0, now, dropTime: now, ...(isKnown ? {} : { reload: true as const }) }
      },
      entries: async (place) => ({ entries: log.slice(place.sequence, place.sequence + 100) }),
      stream: () => new Promise(() => {}),
      async handBack(question) {
        handedBack.push(question)
        return { applied: question.revocations.length, known: 0, refused: 0 }
      },
    },
  }
  authority.publicKey = {
    clientId,
    kid: 'c1',
    thumbprint: clientThumbprint,
    alg: 'ES256',
    publicJwk: ofClient.publicJwk as PublicKeyRecord['publicJwk'],
    lifeSecondsMax: 3_600,
    clientStatus: 'active',
    access: { [apiId]: 'orders:read orders:write' },
    metadata: {},
  }
  authority.say('tenant', tenant, { status: 'active', slug: '' })
  authority.say('api', apiId, { status: 'active', audience, maxStalenessSeconds: 300, createdSequence: 0 })
  authority.say('signing_key', 'k1', {
    status: 'active',
    alg: 'ES256',
    purpose: 'access_token',
    publicJwk: ownPublicJwk,
  })
  return authority
}

/** As long as a MAC, and another for each: a verifier cannot tell what it is. */
export function macOf(type: string, id: string, dropAt: number): string {
  const bytes = decodeBase64url(digest(JSON.stringify([type, id, dropAt])) as string) as Uint8Array
  return encodeBase64url(bytes.subarray(0, 16))
}

/** The record that a look-up of a live key of the fixture’s client finds. */
export function exampleRecord(id: string): CredentialRecord {
  return {
    kind: 'api_key',
    id,
    version: 1,
    prefix: 'cs',
    clientId,
    subject: clientId,
    apiId,
    audience,
    scope: 'orders:read orders:write',
    status: 'active',
    environment: 'live',
    metadata: {},
    limitId: id,
    lineage: [],
    inherited: [],
    clientStatus: 'active',
    access: 'orders:read orders:write',
  }
}

function withChanges(record: CredentialRecord, changes: KeyChanges): CredentialRecord {
  const merged = Object.entries({ ...record, ...changes }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(merged) as unknown as CredentialRecord
}

export interface World {
  readonly authority: Authority
  readonly time: ManualTime
  readonly keeper: FeedFollower
  readonly engine: Engine
  /** Say it, and wait until the verifier has heard it. */
  say: Authority['say'] extends (...words: infer W) => number ? (...words: W) => Promise<number> : never
  verify(credential: string, requires?: string | readonly Scope[], more?: Partial<Question>): MaybePromise<Outcome>
  /** `verified`, a rejection's code, or `unavailable`. */
  codeOf(credential: string, requires?: string | readonly Scope[], more?: Partial<Question>): Promise<string>
}

/** A follower of the authority under a test's clock, not yet started. */
export function createFollower(
  authority: Authority,
  time: ManualTime,
  more: Partial<FeedFollowerOptions> = {},
): FeedFollower {
  return createFeedFollower({
    source: authority.source,
    clock: time,
    schedule: (delayMs, run) => time.schedule(delayMs, run),
    random: () => 0.5,
    verifierId: 'v',
    maxStalenessSeconds: 10,
    audience,
    onReload: () => {},
    ...more,
  })
}

/** An engine that has loaded its book. */
export async function createWorld(
  options: Partial<EngineOptions> & { readonly maxStalenessSeconds?: number; readonly source?: FeedSource } = {},
): Promise<World> {
  const time = createTime()
  const authority = createAuthority(time)
  const keeper = createFollower(authority, time, {
    source: options.source ?? authority.source,
    verifierId: 'verifier-1',
    maxStalenessSeconds: options.maxStalenessSeconds ?? 10,
    onReload: () => engine.clear(),
  })
  const engine = createEngine({
    keeper,
    directory: authority.directory,
    limiter: memoryLimiter(),
    clock: time,
    ...options,
  })
  await keeper.start()
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
export function realTime(): Pick<ManualTime, 'trueMs'> {
  return {
    get trueMs() {
      return Date.now() - startAt * 1000
    },
  }
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
        const subjects = [...(entries as Iterable<Subject>)]
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
        const answer =
          body.digest === undefined
            ? await authority.directory.publicKey(body.clientId, body.kid, place)
            : await authority.directory.credential(body.digest, place)
        return json({ ...answer, record: answer.record ?? null })
      }
      default:
        return new Response(null, { status: 404 })
    }
  }
}
