import { credentialHeadersFlaw, limits, requireOptions } from '@countersign/core'
import { isMaxStaleness, type Verifier, verifierOver } from '../create_verifier.ts'
import { Authority, createAuthorityKeys } from './authority.ts'
import { createConnection } from './connection.ts'
import {
  type TestCredential,
  type TestCredentialChanges,
  type TestCredentialOptions,
  TestCredentials,
} from './credentials.ts'
import { startEngine } from './engine.ts'
import { createTestTime, type TestTime } from './time.ts'

/** The options of `createTestIssuer`. */
export interface TestIssuerOptions {
  /** The API under test. */
  readonly audience: string
  /** The issuer's URL. Nobody is asked there. Default `https://auth.example.com`. */
  readonly issuer?: string
  /** The clock. Default: one of its own, from 2026-09-21. */
  readonly time?: TestTime
  /** Without proof of freshness for this long, the verifier is `unavailable`. 1 to 300 seconds, default 10. */
  readonly maxStalenessSeconds?: number
  /** Headers that the API names as places of credentials, at most 4. Default none. */
  readonly credentialHeaders?: readonly string[]
}

/** An authorization server in memory, and a verifier that follows it with all real parts. */
export interface TestIssuer {
  /** The issuer of its JWTs (RFC 7519 §4.1.1). */
  readonly issuer: string
  /** The API under test, for which its credentials are. */
  readonly audience: string
  /** The clock of issuer and verifier. It stands still until `advance` moves it. */
  readonly time: TestTime
  /** The verifier to give to the API under test: `protect({ verifier })`. */
  readonly verifier: Verifier
  /** Makes an API key. Throws a `TypeError` for a scope that is none (RFC 6749 §3.3), as the next two do. */
  makeKey(options?: TestCredentialOptions): TestCredential
  /** Makes an access token without claims, which the verifier looks up. */
  makeOpaqueToken(options?: TestCredentialOptions): TestCredential
  /** Makes an access token that is a JWT (RFC 9068), signed with ES256. */
  makeJwt(options?: TestCredentialOptions): Promise<TestCredential>
  /** Ends a credential for good. Resolves when the verifier knows; while disconnected, at once. */
  revoke(credential: TestCredential): Promise<void>
  /** Narrows, widens, ends earlier, disables or enables a credential. Resolves as `revoke` does. */
  change(credential: TestCredential, changes: TestCredentialChanges): Promise<void>
  /** From now on nobody answers the verifier: it becomes stale when `time` has gone on for `maxStalenessSeconds`. */
  disconnect(): void
  /** Resolves when the verifier is fresh again, and knows all that was said meanwhile. */
  reconnect(): Promise<void>
  /** Ends what the verifier has under way. The verifier's own `close` does the same. */
  close(): Promise<void>
}

const optionNames = {
  audience: true,
  issuer: true,
  time: true,
  maxStalenessSeconds: true,
  credentialHeaders: true,
} satisfies Record<keyof TestIssuerOptions, true>

/**
 * Makes an authorization server in memory, with which an API's owner tests guarded routes without a server, a network or
 * a sleep. Its verifier is the real one: the same engine, follower and decision.
 *
 * @throws TypeError when an option is missing, unknown or out of range.
 * @example
 * ```ts
 * const testIssuer = await createTestIssuer({ audience: 'https://api.example.com' })
 * const key = testIssuer.makeKey({ scope: 'orders:read' })
 * await testIssuer.revoke(key)
 * const outcome = await testIssuer.verifier.verify(key.text)
 * ```
 */
export async function createTestIssuer(options: TestIssuerOptions): Promise<TestIssuer> {
  const { audience, issuer, time, maxStalenessSeconds, credentialHeaders } = readOptions(options)
  const keys = await createAuthorityKeys()
  const authority = new Authority({ issuer, audience, credentialHeaders, keys, now: () => time.now() })
  const connection = createConnection(authority)
  const { source, directory } = connection
  const { engine, keeper } = await startEngine(authority, time, { source, directory, maxStalenessSeconds })
  const credentials = new TestCredentials(authority)
  const ready = async (): Promise<void> => {}
  const close = async (): Promise<void> => keeper.close()

  async function hear(): Promise<void> {
    if (!connection.isOpen) return
    await keeper.refresh()
    await keeper.reach(authority.log.length)
  }

  return {
    issuer,
    audience,
    time,
    verifier: verifierOver({ engine, keeper }, audience, { issuer, ready, close }),
    makeKey: (options = {}) => credentials.make('key', options),
    makeOpaqueToken: (options = {}) => credentials.make('opaque_token', options),
    makeJwt: (options = {}) => credentials.makeJwt(options),
    async revoke(credential) {
      credentials.revoke(credential)
      await hear()
    },
    async change(credential, changes) {
      credentials.change(credential, changes)
      await hear()
    },
    disconnect() {
      connection.isOpen = false
    },
    async reconnect() {
      connection.isOpen = true
      await hear()
    },
    close,
  }
}

function readOptions(options: TestIssuerOptions): Required<TestIssuerOptions> {
  requireOptions('createTestIssuer', options, optionNames)
  const { audience, issuer = 'https://auth.example.com', time = createTestTime() } = options
  const { maxStalenessSeconds = limits.maxStalenessSecondsDefault, credentialHeaders = [] } = options
  if (typeof audience !== 'string' || audience === '') throw new TypeError('createTestIssuer needs "audience"')
  if (!isMaxStaleness(maxStalenessSeconds)) throw new TypeError('maxStalenessSeconds must lie between 1 and 300')
  if (!Array.isArray(credentialHeaders) || credentialHeadersFlaw(credentialHeaders) !== undefined) {
    throw new TypeError('credentialHeaders must name at most 4 headers in which credentials may be read')
  }
  return { audience, issuer, time, maxStalenessSeconds, credentialHeaders }
}
