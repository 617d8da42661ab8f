import type { AddressRange, Seconds, Secret } from '@countersign/core'
import type { BootClock, Openness, Store, UsageRetention } from '@countersign/store'
import type { RefusalTimes } from '@countersign/verifier/refusal_times'
import type { PlaceFile } from './feed/place_file.ts'
import type { MasterKey } from './keys/master_key.ts'
import type { MailTransport } from './mail/mailer.ts'
import type { KeptAddresses } from './observe/kept_address.ts'
import type { Log } from './observe/log.ts'
import type { RequestLogOptions } from './observe/request_log.ts'
import type { Outbound } from './outbound/outbound_client.ts'
import type { Passwords } from './people/password.ts'
import type { PortalFiles } from './people/portal/files.ts'
import type { ServerLimiter } from './redis/limiter.ts'

export interface ServerOptions {
  readonly store: Store
  readonly master: MasterKey
  /** The default tenant's issuer, without a slash at its end. */
  readonly baseUrl: string
  readonly version: string
  readonly log: Log
  /** A line for each request that it names. Default: none, since `dev` has lines of its own. */
  readonly requestLog?: RequestLogOptions
  readonly keyPrefix?: string
  readonly trustedProxies?: readonly AddressRange[]
  /** Says beside a database file how far its log had come. Default: nowhere. */
  readonly placeFile?: PlaceFile
  /** Used when the installation is new. */
  readonly adminKey?: Secret
  /** The wall clock in seconds. Default: the machine's. */
  readonly now?: () => Seconds
  /** The server's own bound against its database. Default 10 seconds. */
  readonly maxStalenessSeconds?: number
  /**
   * Called once when the database can no longer be trusted by this process, which must then end. Default: nothing beyond
   * the errors that are logged and answered; `serve` exits with 1.
   */
  readonly onFatal?: (error: Error) => void
  /** Counts rate limits, with other processes perhaps; closed with the server. Default: in this process alone. */
  readonly limiter?: ServerLimiter
  /** Failed credentials and wrong secrets are limited for each address. Default true; `dev` limits nothing. */
  readonly limitsFailures?: boolean
  /** How long counts of usage are kept. Default: by minute 2 days, by hour 60, by day 400. */
  readonly usageRetention?: UsageRetention
  /** How much is kept, for 30 days, of the address that a key was last used from. Default `network`. */
  readonly lastUsedAddresses?: KeptAddresses
  /** API keys that may be known without asking the database, about 60 bytes each. Default 1,250,000; see `packedKeysMax`. */
  readonly packedKeysMax?: number
  /** Counts are written this long after the first of them. Default 800 ms. */
  readonly flushUsageMs?: number
  /** A clock that nobody sets, since the machine's boot. Default: Linux's; none elsewhere. */
  readonly bootClock?: () => BootClock | undefined
  /** Fetches from URLs that others named. Default: https, and the public internet alone. */
  readonly outbound?: Outbound
  /** The way out for mail to people. Default: none, and what needs mail is off. */
  readonly mail?: MailTransport
  /** Who may become an account and who gets a team, where a tenant has not chosen. Default `invited`; `dev` is `open`. */
  readonly openness?: Openness
  /** The files of the portal. Default: those that this package carries, or that the checkout has built. */
  readonly portal?: PortalFiles
  /** Whether they are being made at the moment. Default: they are not. */
  readonly isPortalBuilding?: () => boolean
  /** The portal has the page of its parts, `/portal/kit`. Default false; `dev` has it. */
  readonly hasPortalKit?: boolean
  /** Hashes passwords, and is closed with the server. Default: argon2id in threads of this process. */
  readonly passwords?: Passwords
  /** When an answer 401 leaves. Default: such that its time tells nothing about the work it took. */
  readonly refusalTimes?: RefusalTimes
  /** Refuse requests whose `Host` is another (DNS rebinding): `dev` only. */
  readonly allowedHosts?: (host: string) => boolean
}
