/** Pictures that owners name: fetched once, believed by their bytes alone, and kept here. */
import { createHash } from 'node:crypto'
import { encodeBase64url } from '@countersign/core'
import type { Logo, LogoType } from '@countersign/store'
import type { Outbound } from '../outbound/outbound_client.ts'

/** There is no picture of the kinds that pages show. */
export class LogoError extends Error {
  override readonly name = 'LogoError'
}

/** Throws `OutboundError` or `LogoError`. No `Content-Type` of others is ever repeated. */
export async function fetchLogo(outbound: Outbound, uri: string): Promise<Pick<Logo, 'digest' | 'type' | 'content'>> {
  const { status, body } = await outbound.get(uri, { accept: 'image/png, image/jpeg, image/webp' })
  if (status !== 200) throw new LogoError(`the answer has the status ${status}`)
  const type = typeOf(body)
  if (type === undefined) throw new LogoError('the answer is no PNG, JPEG or WebP')
  return { digest: createHash('sha256').update(body).digest('hex'), type, content: encodeBase64url(body) }
}

/** By the bytes that each of them begins with. */
export function typeOf(bytes: Uint8Array): LogoType | undefined {
  const begin = Buffer.from(bytes.subarray(0, 12)).toString('latin1')
  if (begin.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (begin.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  return begin.startsWith('RIFF') && begin.slice(8) === 'WEBP' ? 'image/webp' : undefined
}
