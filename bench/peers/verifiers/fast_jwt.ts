/** fast-jwt: `createVerifier` with its cache for JWTs seen before, without it for those that were not. */
import { createPublicKey } from 'node:crypto'
import { answerQuestions } from '../answering.ts'
import type { Fixture } from '../fixture.ts'
import { importPeer } from '../peer.ts'
import { jwtsOf } from './jwts.ts'
import { type Case, startTurns } from './subject.ts'

interface FastJwt {
  createVerifier(options: object): (token: string) => { readonly iss: string }
}

/** `text`: the cache keyed by the token itself instead of its digest, which fast-jwt's option allows. */
type CacheKey = 'digest' | 'text'

interface Parameter {
  readonly fixture: Fixture
  readonly of: Case
  readonly cacheKey?: CacheKey
}

answerQuestions(async ({ fixture, of, cacheKey }: Parameter) => {
  const { createVerifier } = await importPeer<FastJwt>('fast-jwt')
  const { url, audience, publicJwk } = fixture
  const verify = createVerifier({
    key: createPublicKey({ key: publicJwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' }),
    algorithms: ['ES256'],
    allowedIss: url,
    allowedAud: audience,
    requiredClaims: ['exp'],
    cache: of === 'warm_jwt',
    ...(cacheKey === 'text' ? { cacheKeyBuilder: (token: string) => token } : {}),
  })
  return startTurns({ ...jwtsOf(fixture, of), judge: (token) => verify(token).iss === url })
})
