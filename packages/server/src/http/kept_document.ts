/** A public document that seldom changes (RFC 9110 §8.8.3, §12.5.3): made once as bytes, compressed once, then only sent. */
import { createHash } from 'node:crypto'
import { brotliCompressSync, gzipSync, constants as zlib } from 'node:zlib'
import type { Answer } from './answer.ts'
import { headerValues } from './header.ts'
import type { HttpRequest } from './request.ts'

export interface KeptDocument {
  readonly headers: Readonly<Record<string, string>>
  readonly identity: Form
  readonly compressed: Map<Compression, Form>
  /** `compressed` has all forms that there are: none is made here. Default false. */
  readonly isCompressed?: true
}

type Compression = 'br' | 'gzip'
type Coding = Compression | 'identity'

interface Form {
  readonly bytes: Buffer
  readonly etag: string
}

/** Pages of any origin may read a document that says the same to everybody (Fetch, CORS protocol). No credentials go along. */
export const anyOrigin = { 'Access-Control-Allow-Origin': '*' }

/** `headers` say what it is and how long it may be cached. */
export function keepDocument(text: string, headers: Readonly<Record<string, string>>): KeptDocument {
  const bytes = Buffer.from(text)
  const etag = createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
  return {
    headers: { ...headers, Vary: 'Accept-Encoding' },
    identity: { bytes, etag: `"${etag}"` },
    compressed: new Map(),
  }
}

/** In the coding that the caller prefers, or 304 when the caller has it already. */
export function answerKept(request: HttpRequest, document: KeptDocument): Answer {
  const coding = chooseCoding(headerValues(request, 'accept-encoding').join(','), codingsOf(document))
  const { bytes, etag } = formOf(document, coding)
  const headers = {
    ...document.headers,
    ETag: etag,
    ...(coding === 'identity' ? {} : { 'Content-Encoding': coding }),
  }
  const isKnown = headerValues(request, 'if-none-match').some((value) => names(value, etag))
  return isKnown ? { status: 304, headers } : { status: 200, headers, body: bytes }
}

const codings = ['br', 'gzip'] as const

function codingsOf({ compressed, isCompressed }: KeptDocument): readonly Compression[] {
  return isCompressed === true ? codings.filter((coding) => compressed.has(coding)) : codings
}

/** Made when it is first asked for: each coding has an ETag of its own (RFC 9110 §8.8.3.3). */
function formOf(document: KeptDocument, coding: Coding): Form {
  const { identity, compressed } = document
  if (coding === 'identity') return identity
  const known = compressed.get(coding)
  if (known !== undefined) return known
  const form = { bytes: compress[coding](identity.bytes), etag: `${identity.etag.slice(0, -1)}-${coding}"` }
  compressed.set(coding, form)
  return form
}

const compress = {
  br: (bytes: Buffer) => brotliCompressSync(bytes, { params: { [zlib.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: (bytes: Buffer) => gzipSync(bytes),
}

/** Only what is named and not refused with `q=0`; no other weight changes what we would send. */
function chooseCoding(accepted: string, known: readonly Compression[]): Coding {
  if (accepted === '') return 'identity'
  const named = accepted.toLowerCase().split(',', codingsMax).map(readCoding)
  return known.find((coding) => named.includes(coding)) ?? 'identity'
}

const codingsMax = 16

function readCoding(part: string): string {
  const [name = '', ...parameters] = part.split(';')
  return parameters.some((parameter) => /^\s*q=0(?:\.0*)?\s*$/.test(parameter)) ? '' : name.trim()
}

/** RFC 9110 §13.1.2: compared weakly; `*` is any. */
function names(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(',').some((part) => part.trim() === '*' || part.trim().replace(/^W\//, '') === etag)
}
