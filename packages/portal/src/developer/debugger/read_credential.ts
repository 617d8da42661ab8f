/** A credential's own word. Anybody can write that: only the server tells whether it is so. */
import { type KeyParts, readKeyParts } from '../../shared/pasted_key.ts'

type Members = Readonly<Record<string, unknown>>

export interface ReadJwt {
  readonly kind: 'jwt'
  readonly header: Members
  readonly claims: Members
  readonly signatureBytes: number
}

export type Read = (KeyParts & { readonly kind: 'key' }) | ReadJwt | { readonly kind: 'encrypted' | 'nothing' }

export function readCredential(text: string): Read {
  const parts = readKeyParts(text)
  if (parts !== undefined) return { kind: 'key', ...parts }
  const segments = text.split('.')
  const header = membersOf(segments[0] ?? '')
  if (header === undefined) return { kind: 'nothing' }
  if (segments.length === 5) return { kind: 'encrypted' }
  const claims = membersOf(segments[1] ?? '')
  if (segments.length !== 3 || claims === undefined) return { kind: 'nothing' }
  return { kind: 'jwt', header, claims, signatureBytes: bytesOf(segments[2] ?? '')?.length ?? 0 }
}

function membersOf(segment: string): Members | undefined {
  const bytes = bytesOf(segment)
  if (bytes === undefined) return undefined
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined
  } catch {
    return undefined
  }
}

function bytesOf(base64url: string): Uint8Array | undefined {
  if (!/^[\w-]*$/.test(base64url)) return undefined
  try {
    return Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (each) => each.charCodeAt(0))
  } catch {
    return undefined
  }
}

export type Warning =
  | 'checksum'
  | 'unsigned'
  | 'symmetric'
  | 'noEnd'
  | 'ended'
  | 'notYet'
  | 'longLife'
  | 'noAudience'
  | 'wideAudience'
  | 'noAccessToken'

const longLifeSeconds = 86_400

/** `now`: seconds since 1970. A life is long past a day. */
export function warningsOf(read: Read, now: number): readonly Warning[] {
  if (read.kind === 'key') return read.isIntact ? [] : ['checksum']
  if (read.kind !== 'jwt') return []
  const { alg, typ } = read.header
  const { aud, exp, iat, nbf } = read.claims
  const audiences = Array.isArray(aud) ? aud : [aud]
  const found: readonly (readonly [Warning, boolean])[] = [
    ['unsigned', /^none$/i.test(String(alg)) || read.signatureBytes === 0],
    ['symmetric', /^HS/i.test(String(alg))],
    ['noEnd', typeof exp !== 'number'],
    ['ended', typeof exp === 'number' && exp <= now],
    ['notYet', typeof nbf === 'number' && nbf > now],
    ['longLife', typeof exp === 'number' && exp - (typeof iat === 'number' ? iat : now) > longLifeSeconds],
    ['noAudience', aud === undefined],
    ['wideAudience', audiences.length > 1 || audiences.some((each) => String(each).includes('*'))],
    ['noAccessToken', !/^(?:application\/)?at\+jwt$/i.test(String(typ))],
  ]
  return found.filter(([, isSo]) => isSo).map(([warning]) => warning)
}

/** Claims that are times, in seconds since 1970. */
const times = new Set(['exp', 'iat', 'nbf', 'auth_time', 'updated_at'])

/** The time that a claim says; `undefined` for any other claim. */
export function timeOf(name: string, value: unknown): string | undefined {
  const isTime = times.has(name) && typeof value === 'number' && Math.abs(value) < 8.64e12
  return isTime ? new Date(value * 1000).toISOString() : undefined
}
