/**
 * Our own keys (docs/protocol/feed.md §6): published before they sign, retired before they leave, removed at once in an
 * emergency.
 */
import {
  generateKeyPair,
  importSigningKey,
  jwkThumbprint,
  type Seconds,
  type SigningKey as SigningHandle,
  type SigningPurpose,
} from '@countersign/core'
import type { SigningKey, Store, WriteTransaction } from '@countersign/store'
import { Cache } from '@countersign/verifier/engine'
import type { Books } from '../feed/books.ts'
import { serverLimits } from '../limits.ts'
import { type MasterKey, seal, unseal } from './master_key.ts'
import { createPublishedKeys, type Jwk } from './published_keys.ts'

export interface SigningKeys {
  /**
   * The key that signs now. Throws when the tenant has none for the algorithm: it is made with the API that asks for
   * it.
   */
  signer(tenant: string, alg: string, purpose: SigningPurpose): SigningHandle | Promise<SigningHandle>
  /** The public keys to show now: RFC 7517. The same list until they change. */
  published(tenant: string, purpose: SigningPurpose): Promise<readonly Jwk[]>
  /** Forget what is cached of a tenant. */
  forget(tenant: string): void
}

interface Loaded {
  readonly handle: SigningHandle
  /** Another key takes over then. */
  readonly until: Seconds
}

export function createSigningKeys(options: {
  readonly store: Store
  readonly master: MasterKey
  readonly books: Books
  readonly now: () => Seconds
}): SigningKeys {
  const { store, master, books, now } = options
  const loaded = new Cache<Map<string, Loaded>>(10_000)
  const watched = new Set<string>()
  /** How often anything that is kept was dropped: rows that were being read meanwhile may be older than that. */
  let changes = 0
  const shown = createPublishedKeys({ store, now, watch, changes: () => changes })
  books.onReload(() => {
    changes++
    loaded.clear()
    shown.clear()
  })

  /** Every entry of the feed about a signing key makes the keys be read again. */
  function watch(tenant: string): void {
    if (watched.has(tenant)) return
    watched.add(tenant)
    books.subscribe(tenant, (entry) => {
      if (entry.type === 'signing_key') forget(tenant)
    })
  }

  function forget(tenant: string): void {
    changes++
    loaded.delete(tenant)
    shown.forget(tenant)
  }

  async function load(tenant: string, alg: string, purpose: SigningPurpose): Promise<SigningHandle> {
    watch(tenant)
    const before = changes
    const rows = (await store.read.signingKeys.list(tenant)).filter((key) => key.alg === alg && key.purpose === purpose)
    if (changes !== before) return load(tenant, alg, purpose)
    const row = signingNow(rows, now())
    if (row === undefined) throw new Error(`tenant ${tenant} has no ${alg} key that signs now`)
    const next = Math.min(...rows.map((key) => (key.signsAt > now() ? key.signsAt : Number.POSITIVE_INFINITY)))
    const handle = openSigningKey(row, master)
    const byUse = loaded.get(tenant) ?? new Map<string, Loaded>()
    loaded.set(tenant, byUse.set(`${alg} ${purpose}`, { handle, until: next }))
    return handle
  }

  return {
    signer(tenant, alg, purpose) {
      const known = loaded.get(tenant)?.get(`${alg} ${purpose}`)
      return known !== undefined && now() < known.until ? known.handle : load(tenant, alg, purpose)
    },
    published: shown.find,
    forget,
  }
}

/** A new key, its private half sealed. `signsAt` is now for the first of its kind, else after it was seen by all. */
export async function createSigningKey(options: {
  readonly tenant: string
  readonly alg: string
  readonly purpose: SigningPurpose
  readonly master: MasterKey
  readonly now: Seconds
  readonly signsAt: Seconds
}): Promise<SigningKey> {
  const { tenant, alg, purpose, master, now, signsAt } = options
  const { publicJwk, privateJwk } = await generateKeyPair(alg as Parameters<typeof generateKeyPair>[0])
  const kid = await jwkThumbprint(publicJwk)
  return {
    tenant,
    kid,
    alg,
    purpose,
    publicJwk: { ...publicJwk },
    sealedPrivateJwk: seal(master.derive('signing_keys'), JSON.stringify(privateJwk), sealContext(tenant, kid)),
    publishedAt: Math.floor(now),
    signsAt: Math.floor(signsAt),
    status: 'active',
    version: 1,
  }
}

/**
 * A new key for each use there is, published now and signing later, when the old one retires. `in_progress` when one is
 * published already that has not begun to sign.
 */
export async function rotateKeys(
  transaction: WriteTransaction,
  { tenant, master, now }: { readonly tenant: string; readonly master: MasterKey; readonly now: Seconds },
): Promise<readonly SigningKey[] | 'in_progress'> {
  const current = (await transaction.signingKeys.list(tenant)).filter(isCurrent)
  if (current.some((key) => isAwaited(key, now))) return 'in_progress'
  // After a removal in the middle of a rotation two keys may have one use.
  const uses = new Map(current.map(({ alg, purpose }) => [`${alg} ${purpose}`, { alg, purpose }]))
  const longestLifeSeconds = await longestLife(transaction, tenant)
  const signsAt = now + serverLimits.publishBeforeSigningSeconds
  const made: SigningKey[] = []
  for (const { alg, purpose } of uses.values()) {
    const key = await createSigningKey({ tenant, alg, purpose, master, now, signsAt })
    await transaction.signingKeys.insert(key)
    await retireBefore(transaction, key, longestLifeSeconds)
    made.push(key)
  }
  return made
}

/** Whether a key that signs has done so for as long as a key may. Not while another one waits to sign. */
export function isRotationDue(keys: readonly SigningKey[], now: Seconds): boolean {
  const current = keys.filter(isCurrent)
  if (current.some((key) => key.signsAt > now)) return false
  return current.some((key) => key.signsAt + serverLimits.signingKeyLifeSeconds <= now)
}

/**
 * A time further ahead than clocks that are right could write was written by one that was not: nobody waits for that.
 */
function isAwaited({ signsAt }: SigningKey, now: Seconds): boolean {
  const apartMax = serverLimits.clocksApartMsMax / 1000
  return signsAt > now && signsAt <= now + serverLimits.publishBeforeSigningSeconds + apartMax
}

function isCurrent(key: SigningKey): boolean {
  return key.status === 'active' && key.retiredAt === undefined
}

async function longestLife(transaction: WriteTransaction, tenant: string): Promise<Seconds> {
  let longest = 0
  let after: string | undefined
  for (;;) {
    const apis = await transaction.apis.list(tenant, { limit: 100, ...(after === undefined ? {} : { after }) })
    for (const api of apis) longest = Math.max(longest, api.tokenTtlSecondsMax)
    after = apis.at(-1)?.id
    if (apis.length < 100 || after === undefined) return longest
  }
}

/** Retire what a new key follows. It leaves when the longest-lived token it may have signed has ended. */
async function retireBefore(
  transaction: WriteTransaction,
  next: SigningKey,
  longestLifeSeconds: number,
): Promise<void> {
  const retiredAt = next.signsAt
  const leavesAt = retiredAt + serverLimits.jwksMaxAgeSeconds + longestLifeSeconds + 10
  for (const key of await transaction.signingKeys.list(next.tenant)) {
    const isSame = key.alg === next.alg && key.purpose === next.purpose && key.kid !== next.kid
    if (!isSame || key.status !== 'active' || key.retiredAt !== undefined) continue
    await transaction.signingKeys.update({ ...key, retiredAt, leavesAt, version: key.version + 1 })
  }
}

/**
 * The latest that already signs and is not retired yet. Where none does, every one was made while a clock was ahead, and
 * waiting for their time would stop the tenant for as long: the one signs that was the first to.
 */
export function signingNow(keys: readonly SigningKey[], now: Seconds): SigningKey | undefined {
  const current = keys.filter((key) => key.status === 'active' && retirementOf(key) > now)
  const signing = current.filter((key) => key.signsAt <= now).toSorted((one, other) => one.signsAt - other.signsAt)
  return signing.at(-1) ?? current.toSorted(bySuccession)[0]
}

/** A key that another one follows comes before it, whichever clock wrote the times of either. */
function bySuccession(one: SigningKey, other: SigningKey): number {
  const [ofOne, ofOther] = [retirementOf(one), retirementOf(other)]
  return ofOne === ofOther ? one.signsAt - other.signsAt : ofOne - ofOther
}

function retirementOf(key: SigningKey): Seconds {
  return key.retiredAt ?? Number.POSITIVE_INFINITY
}

function openSigningKey(key: SigningKey, master: MasterKey): SigningHandle {
  if (key.sealedPrivateJwk === undefined) throw new Error(`signing key ${key.kid} has no private half`)
  const text = unseal(master.derive('signing_keys'), key.sealedPrivateJwk, sealContext(key.tenant, key.kid))
  return importSigningKey({ ...(JSON.parse(text) as object), kid: key.kid }, { alg: key.alg as never })
}

function sealContext(tenant: string, kid: string): string {
  return JSON.stringify(['signing_key', tenant, kid])
}

/** Whether it was sealed under this master key. */
export function opensSigningKey(
  master: MasterKey,
  sealed: Uint8Array,
  { tenant, kid }: { readonly tenant: string; readonly kid: string },
): boolean {
  try {
    unseal(master.derive('signing_keys'), sealed, sealContext(tenant, kid))
    return true
  } catch {
    return false
  }
}
