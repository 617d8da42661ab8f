/** The public keys of tenants as the JWK Set shows them (RFC 7517), read once and kept until they change. */
import type { Seconds, SigningPurpose } from '@countersign/core'
import type { SigningKey, Store } from '@countersign/store'
import { Cache } from '@countersign/verifier/engine'
import { serverLimits } from '../limits.ts'

export type Jwk = { readonly [member: string]: unknown }

export interface PublishedKeys {
  /** The public keys to show now. The same list until they change. */
  find(tenant: string, purpose: SigningPurpose): Promise<readonly Jwk[]>
  forget(tenant: string): void
  clear(): void
}

interface Shown {
  readonly keys: readonly Jwk[]
  /** One leaves then, or the list is read anew whatever was said. */
  readonly until: Seconds
}

const purposes: readonly SigningPurpose[] = ['access_token', 'gateway_assertion', 'id_token']

/** `watch` sees to it that `forget` is called. `changes` counts what was said of keys. */
export function createPublishedKeys(options: {
  readonly store: Store
  readonly now: () => Seconds
  readonly watch: (tenant: string) => void
  readonly changes: () => number
}): PublishedKeys {
  const { store, now, watch, changes } = options
  const shown = new Cache<Shown>(10_000)

  async function read(tenant: string, purpose: SigningPurpose): Promise<readonly Jwk[]> {
    watch(tenant)
    const before = changes()
    const rows = (await store.read.signingKeys.list(tenant)).filter((key) => key.purpose === purpose)
    const keys = rows.filter((key) => isPublished(key, now())).map(shownJwk)
    const ends = rows.map(({ leavesAt }) => leavesAt ?? 0).filter((at) => at > now())
    // Read while something was said of a key, it may lack that.
    const until = Math.min(now() + serverLimits.jwksKeptSeconds, ...ends)
    if (changes() === before) shown.set(`${purpose} ${tenant}`, { keys, until })
    return keys
  }

  return {
    async find(tenant, purpose) {
      const known = shown.get(`${purpose} ${tenant}`)
      return known !== undefined && now() < known.until ? known.keys : read(tenant, purpose)
    },
    forget(tenant) {
      for (const purpose of purposes) shown.delete(`${purpose} ${tenant}`)
    },
    clear: () => shown.clear(),
  }
}

/** From the moment it is stored: `publishedAt` lies ahead only where the clock that wrote it did. */
function isPublished(key: SigningKey, now: Seconds): boolean {
  return key.status === 'active' && (key.leavesAt === undefined || now < key.leavesAt)
}

function shownJwk(key: SigningKey): Jwk {
  return { ...key.publicJwk, kid: key.kid, alg: key.alg, use: 'sig' }
}
