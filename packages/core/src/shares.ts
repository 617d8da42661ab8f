import { type Address, parseAddress } from './address/address.ts'

/** The user of a part of a shared resource. A name that is not given is not limited. */
export interface Holder {
  /** The id of the tenant. */
  readonly tenant?: string | undefined
  /** The id of the credential. */
  readonly credential?: string | undefined
  /** IPv6 counts by its /64, since one subscriber has a whole one. */
  readonly address?: string | Address | undefined
}

/**
 * Fair shares of one bounded resource. While more than half of it is used, no tenant holds more than a quarter and no
 * credential or address more than a sixteenth; below half, nobody is limited. A flood therefore takes half at most, and
 * everybody else finds room. While at most three quarters are used, other credentials of the flooding tenant find room
 * too: otherwise one credential that took half would use up its tenant's share, and block an installation with one
 * tenant.
 *
 * ```ts
 * const streams = new Shares(20_000)
 * if (!streams.take({ tenant, credential })) return unavailable
 * // … and when it ends:
 * streams.give({ tenant, credential })
 * ```
 */
export class Shares {
  #size: number
  readonly #ofTenant: Ledger
  readonly #ofCredential: Ledger
  readonly #ofAddress: Ledger
  #used = 0

  /** `size` is the number of units, at least 1. A share is never less than one unit. */
  constructor(size: number) {
    this.#size = size
    this.#ofTenant = new Ledger(4)
    this.#ofCredential = new Ledger(16)
    this.#ofAddress = new Ledger(16)
  }

  /** The number of units. */
  get size(): number {
    return this.#size
  }

  /** Changes the number of units from now on. Units already held stay held. */
  set size(size: number) {
    this.#size = size
  }

  /** The number of units that are held. */
  get used(): number {
    return this.#used
  }

  /** Takes units for a holder if it may have that many more. After `true`, the caller gives them back once. */
  take(holder: Holder, amount = 1): boolean {
    const after = this.#used + amount
    const size = this.#size
    if (after > size) return false
    const { tenant, credential, address } = holder
    const block = address === undefined ? undefined : addressBlock(address)
    const isScarce = after > size / 2
    const isSpared = credential !== undefined && after <= (size * 3) / 4
    if (isScarce && !isSpared && !this.#ofTenant.hasRoom(tenant, amount, size)) return false
    if (isScarce && !this.#ofCredential.hasRoom(credential, amount, size)) return false
    if (isScarce && !this.#ofAddress.hasRoom(block, amount, size)) return false
    this.#used = after
    this.#ofTenant.add(tenant, amount)
    this.#ofCredential.add(credential, amount)
    this.#ofAddress.add(block, amount)
    return true
  }

  /** Gives back units that were taken. */
  give({ tenant, credential, address }: Holder, amount = 1): void {
    this.#used -= amount
    this.#ofTenant.add(tenant, -amount)
    this.#ofCredential.add(credential, -amount)
    this.#ofAddress.add(address === undefined ? undefined : addressBlock(address), -amount)
  }
}

/** The units that each holder of one kind has. */
class Ledger {
  /** The largest part of the whole that one holder may have. */
  readonly #part: number
  readonly #held = new Map<string, number>()

  constructor(part: number) {
    this.#part = part
  }

  hasRoom(name: string | undefined, amount: number, size: number): boolean {
    return name === undefined || (this.#held.get(name) ?? 0) + amount <= Math.max(1, size / this.#part)
  }

  add(name: string | undefined, amount: number): void {
    if (name === undefined) return
    const after = (this.#held.get(name) ?? 0) + amount
    if (after === 0) this.#held.delete(name)
    else this.#held.set(name, after)
  }
}

/** An address as fair shares count it: IPv4 as itself, however it is written; IPv6 by its /64. */
export function addressBlock(written: string | Address): string {
  if (typeof written === 'string' && !written.includes(':')) return written
  const address = typeof written === 'string' ? parseAddress(written) : written
  if (address === undefined) return String(written)
  const isV4 = address.subarray(0, 10).every((byte) => byte === 0) && address[10] === 0xff && address[11] === 0xff
  return isV4 ? address.subarray(12).join('.') : `${address.subarray(0, 8).join('.')}/64`
}
