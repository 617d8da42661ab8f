import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/** The uses of keys that are derived from the master key, each one only. */
export type DerivedUse =
  | 'key_check'
  | 'signing_keys'
  | 'audit'
  | 'cursors'
  | 'form_tokens'
  | 'authorization_codes'
  | 'refresh_tokens'
  | 'mail_codes'
  | 'second_factors'
  | 'feed_revocations'
  | 'feed_cut_offs'
  | 'feed_places'

/** 32 bytes from which every other key of the installation is derived (HKDF-SHA256, RFC 5869), each for one use. */
export class MasterKey {
  readonly #bytes: Uint8Array
  readonly #derived = new Map<string, Uint8Array>()

  /** @throws TypeError unless `bytes` are exactly 32. */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== 32) throw new TypeError('the master key must be 32 bytes, in base64url')
    this.#bytes = Uint8Array.from(bytes)
  }

  derive(use: DerivedUse): Uint8Array {
    const known = this.#derived.get(use)
    if (known !== undefined) return known
    const key = this.#hkdf(use, '')
    this.#derived.set(use, key)
    return key
  }

  /** A key that needs the caller's own secret beside ours: a copy of database and master key opens nothing. */
  deriveWith(use: 'idempotency' | 'recovery_codes', secret: string): Uint8Array {
    return this.#hkdf(use, secret)
  }

  toJSON(): string {
    return '[redacted]'
  }

  #hkdf(use: string, salt: string): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.#bytes, salt, `countersign ${use}`, 32))
  }
}

/** AES-256-GCM: nonce, tag, ciphertext. `context` must be the same when opened: a row cannot stand in for another. */
export function seal(key: Uint8Array, plain: string, context: string): Uint8Array {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
  const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext])
}

/** @throws when the key or the context is another, or a byte was changed. */
export function unseal(key: Uint8Array, sealed: Uint8Array, context: string): string {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 })
    .setAAD(Buffer.from(context))
    .setAuthTag(sealed.subarray(12, 28))
  return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString('utf8')
}
