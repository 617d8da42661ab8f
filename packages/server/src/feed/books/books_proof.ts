import { ageAt, type Clock, isFreshAt, type Proof, type Stamp } from '@countersign/verifier/engine'

/** How fresh the books of all tenants are (docs/protocol/feed.md §3). */
export interface BooksProof {
  /** The books hold everything that was committed at `askedAt`. */
  note(askedAt: Stamp): void
  forget(): void
  /** Milliseconds since the proof that the books stand for began. */
  ageMs(): number
  isFresh(): boolean
}

export function createBooksProof(clock: Clock, boundMs: number): BooksProof {
  let proof: Proof | undefined
  return {
    note(askedAt) {
      proof = { askedAt, ageMs: 0 }
    },
    forget() {
      proof = undefined
    },
    ageMs: () => ageAt(proof, clock.stamp()),
    isFresh: () => isFreshAt(proof, boundMs, clock.stamp()),
  }
}
