import { lendBase64urlBytes } from '#crypto'
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { type JsonObject, parseJsonObjectBytes } from '../json.ts'
import { isIdentifier } from '../jwk/jwk.ts'
import { joseHeaderBytesMax, jwtBytesMax, kidLengthMax } from '../jwt/limits.ts'
import { algorithmNamed, isJwsAlgorithm, type JwsAlgorithm } from './algorithm.ts'

declare const brand: unique symbol

/** The header of RFC 7515 §4. These members are checked; any other is not to be believed. */
export interface JoseHeader extends JsonObject {
  readonly alg: JwsAlgorithm
  readonly typ?: string
  readonly kid?: string
}

interface Jws<Payload> {
  readonly header: JoseHeader
  readonly payload: Payload
  /** The first two parts as they came: the signed text. */
  readonly signingInput: string
  readonly signature: Uint8Array
}

/** A JWS as read: well-formed, not verified. */
export interface UnverifiedJws<Payload = object> extends Jws<Payload> {
  readonly [brand]: 'unverified'
}

/** A JWS whose signature held. Only `verifyJws` makes it. */
export interface VerifiedJws<Payload = object> extends Jws<Payload> {
  readonly [brand]: 'verified'
}

/** The reason why a JWS is refused. `detail` is for the log of the owner: the rule, never a piece of the text. */
export interface JwsFault {
  readonly fault: 'malformed' | 'bad_signature'
  readonly detail: string
}

/**
 * Reads a JWS in compact serialisation (RFC 7515 §7.1), at most 16 KiB with a header part of at most 4 KiB: three parts
 * in canonical base64url, a header that is one JSON object with an `alg` we verify, and a signature that is not empty.
 * `read` makes the payload of bytes that are only lent to it, or gives the rule that they break, as text. A fault is a
 * value; nothing is thrown.
 *
 * `crit` is always refused: we understand no extension, and RFC 7515 §4.1.11 makes that a refusal. Keys that a token
 * brings along (`jwk`, `jku`, `x5u`, `x5c`) are not read.
 */
export function parseJws<Payload extends object>(
  text: string,
  read: (bytes: Uint8Array) => Payload | string,
): UnverifiedJws<Payload> | JwsFault {
  if (typeof text !== 'string') return malformed('a JWS must be text')
  if (text.length > jwtBytesMax) return malformed(`a JWS must have at most ${jwtBytesMax} bytes`)
  const first = text.indexOf('.')
  const second = text.indexOf('.', first + 1)
  if (first === -1 || second === -1 || text.includes('.', second + 1)) return malformed('a JWS must have three parts')
  if (first > joseHeaderBytesMax) return malformed(`a JOSE header must have at most ${joseHeaderBytesMax} bytes`)
  if (second + 1 === text.length) return malformed('a JWS must have a signature')

  const header = headerOf(text, first)
  if (typeof header === 'string') return malformed(header)
  const signature = decodeBase64url(text.slice(second + 1))
  const payloadBytes = lendBase64urlBytes(text.slice(first + 1, second))
  if (payloadBytes === undefined || signature === undefined) return malformed(notCanonical)
  const payload = read(payloadBytes)
  if (typeof payload === 'string') return malformed(payload)
  return { header, payload, signingInput: text.slice(0, second), signature } as unknown as UnverifiedJws<Payload>
}

const notCanonical = 'the parts of a JWS must be canonical base64url'

interface KnownHeader {
  readonly text: string
  readonly header: JoseHeader
}

/**
 * Headers by their exact text, since all tokens of one key have the same one. Few are kept, all short, frozen and flat.
 * Their text is encoded afresh; otherwise each would keep in memory the whole token that it was cut from.
 */
const knownHeaders = new Map<string, KnownHeader>()
const knownHeadersMax = 64
const knownHeaderBytesMax = 256
/** The header asked about last is mostly the one asked about next. */
let recent: KnownHeader | undefined

/** The header, or the rule that it breaks. */
function headerOf(text: string, end: number): JoseHeader | string {
  if (recent?.text.length === end && text.startsWith(recent.text)) return recent.header
  const known = knownHeaders.get(text.slice(0, end))
  if (known === undefined) return readHeader(text, end)
  recent = known
  return known.header
}

function readHeader(text: string, end: number): JoseHeader | string {
  const bytes = decodeBase64url(text.slice(0, end))
  if (bytes === undefined) return notCanonical
  const header = parseJsonObjectBytes(bytes)
  if (header === undefined) return 'a JOSE header must be one JSON object with unique names'
  const problem = headerProblem(header)
  if (problem !== undefined) return problem
  const read = Object.freeze(Object.assign(header, { alg: algorithmNamed(header.alg) }) as unknown as JoseHeader)
  if (end <= knownHeaderBytesMax && Object.values(header).every((member) => typeof member === 'string')) {
    if (knownHeaders.size >= knownHeadersMax) knownHeaders.clear()
    recent = { text: encodeBase64url(bytes), header: read }
    knownHeaders.set(recent.text, recent)
  }
  return read
}

function headerProblem(header: JsonObject): string | undefined {
  const { alg, typ, kid } = header
  if (!isJwsAlgorithm(algorithmNamed(alg))) return '"alg" of a JOSE header must be one we verify'
  if ('crit' in header) return '"crit" of a JOSE header names an extension we do not understand'
  // RFC 7797 §6 wants "b64" in "crit"; without it, two readers would disagree about what was signed.
  if ('b64' in header) return '"b64" of a JOSE header must not be used'
  if (typ !== undefined && typeof typ !== 'string') return '"typ" of a JOSE header must be a string'
  if (kid !== undefined && !(isIdentifier(kid) && kid.length <= kidLengthMax)) {
    return `"kid" of a JOSE header must be a well-formed string of at most ${kidLengthMax} characters`
  }
  return undefined
}

function malformed(detail: string): JwsFault {
  return { fault: 'malformed', detail }
}
