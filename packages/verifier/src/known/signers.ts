import {
  type IssuerKey,
  importVerificationKey,
  isJwsAlgorithm,
  type KeyPurpose,
  type PublicKeyRecord,
  type SigningKeyState,
  type VerificationKey,
} from '@countersign/core'
import type { Known } from './known.ts'

type SignedBy = NonNullable<Known['signedBy']>

/** An imported key, with the `signedBy` of all credentials that it signed. */
export interface Signer {
  readonly key: VerificationKey
  readonly signedBy: SignedBy
}

/** A record or state that a key is made from. */
type KeySource = SigningKeyState | PublicKeyRecord | IssuerKey

/** Imported keys by the state or record they were made of: a newer state is another object, and is imported anew. */
export class Signers {
  readonly #imported = new WeakMap<KeySource, Signer>()

  /** `undefined` for a record that is no key of its algorithm: only credentials signed with it are refused. */
  find(from: KeySource, purpose: KeyPurpose, type: SignedBy['type'], id: string): Signer | undefined {
    const known = this.#imported.get(from)
    if (known !== undefined) return known
    const { publicJwk, alg } = from
    if (!isJwsAlgorithm(alg)) return undefined
    try {
      const signer = { key: importVerificationKey(publicJwk, { alg, purpose }), signedBy: { type, id } }
      this.#imported.set(from, signer)
      return signer
    } catch {
      return undefined
    }
  }
}
