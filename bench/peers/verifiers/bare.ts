/** The primitives: one ES256 signature verified, one SHA-256 of a key looked up in a Map. */
import { createPublicKey, hash, verify } from 'node:crypto'
import { answerQuestions } from '../answering.ts'
import type { Fixture } from '../fixture.ts'
import { falsify } from '../target.ts'
import { jwtsOf } from './jwts.ts'
import { startTurns } from './subject.ts'

type Primitive = 'signature' | 'hash'

answerQuestions(async ({ fixture, primitive }: { readonly fixture: Fixture; readonly primitive: Primitive }) => {
  if (primitive === 'hash') {
    const { apiKey } = fixture
    const known = new Set([hash('sha256', apiKey, 'base64url')])
    const judge = (key: string): boolean => known.has(hash('sha256', key, 'base64url'))
    return startTurns({ credentials: [apiKey], refused: [falsify(apiKey)], judge })
  }
  const key = createPublicKey({ key: fixture.publicJwk, format: 'jwk' })
  const judge = (token: string): boolean => {
    const dot = token.lastIndexOf('.')
    const signature = Buffer.from(token.slice(dot + 1), 'base64url')
    return verify('sha256', Buffer.from(token.slice(0, dot)), { key, dsaEncoding: 'ieee-p1363' }, signature)
  }
  // It reads no claims: only what is wrong with the signature can be refused.
  const { credentials, refusedJwts } = { ...jwtsOf(fixture, 'cold_jwt'), ...fixture }
  const [falsified, , , foreign] = refusedJwts
  return startTurns({ credentials, refused: [falsified, foreign].filter((each) => each !== undefined), judge })
})
