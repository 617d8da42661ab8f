/** jose: `jwtVerify` with an imported key. It keeps nothing, so a JWT seen before costs as much as a new one. */
import { answerQuestions } from '../answering.ts'
import type { Fixture } from '../fixture.ts'
import { importPeer } from '../peer.ts'
import { jwtsOf } from './jwts.ts'
import { type Case, startTurns } from './subject.ts'

interface Jose {
  importJWK(jwk: object, algorithm: string): Promise<unknown>
  jwtVerify(token: string, key: unknown, options: object): Promise<{ readonly payload: { readonly iss?: string } }>
}

answerQuestions(async ({ fixture, of }: { readonly fixture: Fixture; readonly of: Case }) => {
  const { importJWK, jwtVerify } = await importPeer<Jose>('jose')
  const { url: issuer, audience, publicJwk } = fixture
  const key = await importJWK(publicJwk, 'ES256')
  const options = { issuer, audience, algorithms: ['ES256'], requiredClaims: ['exp'] }
  const judge = async (token: string): Promise<boolean> => (await jwtVerify(token, key, options)).payload.iss === issuer
  return startTurns({ ...jwtsOf(fixture, of), judge })
})
