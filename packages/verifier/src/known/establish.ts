/** Step two of the engine: finds out which credential a text is, by digest or signature. Nothing is decided here. */
import {
  type Address,
  clientIdPrefix,
  type MaybePromise,
  parseCredential,
  parseJwt,
  type Rejection,
} from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import type { Clock, Stamp } from '../clock.ts'
import type { Directory } from '../directory.ts'
import type { Budget } from './budget.ts'
import { type Establishment, malformed } from './establishment.ts'
import { createExternalEstablisher } from './external_jwt.ts'
import { createLookUp } from './look_up.ts'
import { establishOwnJwt } from './own_jwt.ts'
import type { PackedKeysView } from './packed_keys.ts'
import { createPublicKeys } from './public_keys.ts'
import { createSelfIssuedEstablisher } from './self_issued_jwt.ts'
import { createKeyEstablisher } from './shown_key.ts'
import { Signers } from './signers.ts'

export interface Establisher {
  /** `from` is the address that showed it, for the budget of look-ups. */
  (text: string, digest: string, book: StatusBook, at: Stamp, from?: Address): MaybePromise<Establishment>
  /** Drops all looked-up records: the book was replaced by this one. */
  clear(book: StatusBook | undefined): void
}

export function createEstablisher(options: {
  readonly directory: Directory
  readonly packed: PackedKeysView
  readonly budget: Budget
  readonly clock: Clock
  /** As in `EngineOptions`. */
  readonly keepsRefused: boolean
}): Establisher {
  const { directory, packed, clock, keepsRefused } = options
  const lookUp = createLookUp(options)
  const signers = new Signers()
  const publicKeys = createPublicKeys({ directory, lookUp, clock })
  const establishKey = createKeyEstablisher({ directory, packed, lookUp, keepsRefused })
  const establishExternalJwt = createExternalEstablisher({ directory, signers, clock })
  const establishSelfIssuedJwt = createSelfIssuedEstablisher({ directory, lookUp, publicKeys, signers, keepsRefused })

  function establish(
    text: string,
    digest: string,
    book: StatusBook,
    at: Stamp,
    from?: Address,
  ): MaybePromise<Establishment> {
    const parsed = parseCredential(text)
    if (parsed === undefined) return notACredential
    if (parsed.kind === 'key') return establishKey(parsed.key, digest, book, at, from)
    const jwt = parseJwt(text)
    if ('fault' in jwt) return malformed(jwt.detail)
    const issuer = jwt.claims.iss
    if (issuer === undefined || issuer === '') return malformed('iss is missing')
    if (issuer.startsWith(clientIdPrefix)) return establishSelfIssuedJwt(jwt, book, from)
    // Our own issuer goes before all others: no rule can make a token of ours another's.
    const trusted = issuer === book.issuer ? undefined : book.trustedIssuer(issuer)
    return trusted === undefined
      ? establishOwnJwt(signers, jwt, issuer, book, at)
      : establishExternalJwt(jwt, text, trusted, book, at)
  }

  return Object.assign(establish, {
    clear(book: StatusBook | undefined) {
      publicKeys.clear()
      packed.clear(book)
    },
  })
}

/** The rejection of a text that by its shape can be no credential of any kind. Looks nothing up. */
export function findMalformed(text: string): Rejection | undefined {
  return parseCredential(text) === undefined ? notACredential.rejection : undefined
}

const notACredential = malformed('it is neither an API key nor a token, or its checksum is wrong')
