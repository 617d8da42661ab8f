import {
  type AccessTokenInput,
  accessTokenClaims,
  type ClientRecord,
  type CredentialRecord,
  digest,
  type FeedEntry,
  type FeedObject,
  generateKey,
  generateKeyPair,
  type HandBackQuestion,
  importSigningKey,
  jwkThumbprint,
  neverDropAt,
  type Place,
  type PublicKeyRecord,
  type Seconds,
  type SigningKey,
  type StateByType,
  signJwt,
} from '@countersign/core'
import type { Directory } from '../directory.ts'
import type { FeedSource } from '../feed/feed_source.ts'
import { Log, sourceOf } from './log.ts'
import { apiId, clientId, examplePublicKey, exampleRecord, type RecordChanges, tenant, withChanges } from './records.ts'

/** The keys that an authority signs with, and those of its client. */
export interface AuthorityKeys {
  readonly own: SigningPair
  readonly ofClient: SigningPair
  /** The thumbprint of the client's public key (RFC 7638). */
  readonly clientThumbprint: string
}

interface SigningPair {
  readonly signingKey: SigningKey
  readonly publicJwk: PublicKeyRecord['publicJwk']
}

export interface AuthorityOptions {
  readonly issuer: string
  readonly audience: string
  /** The headers that the API names as places of credentials. Default none. */
  readonly credentialHeaders?: readonly string[]
  readonly keys: AuthorityKeys
  /** The server's clock. */
  readonly now: () => Seconds
}

/** An authorization server's feed and directory in memory, and its client: it issues what they would. */
export class Authority {
  /** The record of the client's key; undefined: removed. */
  publicKey: PublicKeyRecord | undefined
  /** The clients that a look-up finds, by their ids. */
  readonly clients = new Map<string, ClientRecord>()
  /** Look-ups asked so far. */
  lookups = 0
  /** When set, look-ups wait for it after they have read. */
  wait: Promise<void> | undefined
  readonly directory: Directory
  readonly source: FeedSource
  readonly #log: Log
  readonly #records = new Map<string, CredentialRecord>()
  readonly #options: AuthorityOptions

  constructor(options: AuthorityOptions) {
    const { issuer, keys, now } = options
    this.#options = options
    this.#log = new Log(now)
    this.source = sourceOf(this.#log, { tenant, issuer }, now)
    this.directory = {
      credential: (key) => this.#answer(() => this.#records.get(key)),
      publicKey: (client, kid) => this.#answer(() => this.#findPublicKey(client, kid)),
      client: (client) => this.#answer(() => this.clients.get(client)),
    }
    this.publicKey = examplePublicKey(keys.clientThumbprint, keys.ofClient.publicJwk)
    this.say('tenant', tenant, { status: 'active', slug: '' })
    this.nameHeaders(options.credentialHeaders ?? [])
    const { publicJwk } = keys.own
    this.say('signing_key', 'k1', { status: 'active', alg: 'ES256', purpose: 'access_token', publicJwk })
  }

  get audience(): string {
    return this.#options.audience
  }

  /** The server's own clock, in seconds. */
  get now(): Seconds {
    return this.#options.now()
  }

  get log(): FeedEntry[] {
    return this.#log.entries
  }

  /** The revocations that were handed back to it. */
  get handedBack(): HandBackQuestion[] {
    return this.#log.handedBack
  }

  place(): Place {
    return this.#log.place()
  }

  /** Says the API's entry with these `credentialHeaders`. */
  nameHeaders(credentialHeaders: readonly string[]): number {
    const { audience } = this.#options
    const state = {
      status: 'active',
      audience,
      maxStalenessSeconds: 300,
      createdSequence: 0,
      credentialHeaders,
    } as const
    return this.say('api', apiId, state)
  }

  /** Appends to the log, and gives the sequence. */
  say<T extends FeedObject['type']>(type: T, id: string, state: StateByType[T], dropAt: Seconds = neverDropAt): number {
    return this.#log.say(type, id, state, dropAt)
  }

  issueKey(changes: RecordChanges = {}): { readonly text: string; readonly id: string } {
    const random = (count: number) => crypto.getRandomValues(new Uint8Array(count))
    const marker = changes.kind === 'access_token' ? 'at' : 'live'
    const { id, text } = generateKey({ prefix: 'cs', marker, randomBytes: random })
    this.takeKey(text, withChanges(exampleRecord(id, this.#options.audience), changes))
    return { text, id }
  }

  /** A key that has its text already. */
  takeKey(text: string, record: CredentialRecord): void {
    this.#records.set(digest(text) as string, record)
  }

  /** Changes what a look-up of it gives; undefined: it is gone. */
  change(text: string, changes: RecordChanges | undefined): void {
    const key = digest(text) as string
    const record = this.#records.get(key)
    if (changes === undefined || record === undefined) this.#records.delete(key)
    else this.#records.set(key, withChanges(record, changes))
  }

  async issueJwt(changes: Partial<AccessTokenInput> = {}, extra: object = {}, typ = 'at+jwt'): Promise<string> {
    const { issuer, audience, keys } = this.#options
    const input: AccessTokenInput = {
      issuer,
      subject: clientId,
      audience,
      clientId,
      jti: crypto.randomUUID(),
      issuedAt: this.now,
      expiresAt: this.now + 3_600,
      scope: ['orders:read', 'orders:write'],
      position: this.log.length,
      ...changes,
    }
    return await signJwt({ typ, claims: { ...accessTokenClaims(input), ...extra }, key: keys.own.signingKey })
  }

  /** A JWT that the client signs itself. */
  async selfIssue(changes: object = {}, typ = 'at+jwt'): Promise<string> {
    const claims = {
      iss: clientId,
      sub: clientId,
      aud: this.#options.audience,
      jti: crypto.randomUUID(),
      iat: this.now,
      exp: this.now + 3_600,
      scope: 'orders:read',
      ...changes,
    }
    return await signJwt({ typ, claims, key: this.#options.keys.ofClient.signingKey })
  }

  async #answer<R>(read: () => R | undefined) {
    this.lookups++
    const found = { record: read(), place: this.place(), ageMs: 0 }
    await this.wait
    return found
  }

  #findPublicKey(client: string, kid: string): PublicKeyRecord | undefined {
    const { publicKey } = this
    return publicKey?.clientId === client && publicKey.kid === kid ? publicKey : undefined
  }
}

export async function createAuthorityKeys(): Promise<AuthorityKeys> {
  const [own, ofClient] = await Promise.all([createPair('k1'), createPair('c1')])
  return { own, ofClient, clientThumbprint: await jwkThumbprint(ofClient.publicJwk) }
}

async function createPair(kid: string): Promise<SigningPair> {
  const { privateJwk, publicJwk } = await generateKeyPair('ES256')
  return { signingKey: importSigningKey({ ...privateJwk, kid }), publicJwk: { ...publicJwk, kid } }
}
