/** jsonwebtoken: `verify`, synchronous. It keeps nothing either. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { answerQuestions } from '../answering.ts'
import type { Fixture } from '../fixture.ts'
import { importPeer } from '../peer.ts'
import { jwtsOf } from './jwts.ts'
import { type Case, startTurns } from './subject.ts'

interface Jsonwebtoken {
  readonly default: { verify(token: string, key: KeyObject, options: object): { readonly iss: string } }
}

answerQuestions(async ({ fixture, of }: { readonly fixture: Fixture; readonly of: Case }) => {
  const { default: jsonwebtoken } = await importPeer<Jsonwebtoken>('jsonwebtoken')
  const { url: issuer, audience, publicJwk } = fixture
  const key = createPublicKey({ key: publicJwk, format: 'jwk' })
  const options = { issuer, audience, algorithms: ['ES256'] }
  const judge = (token: string): boolean => jsonwebtoken.verify(token, key, options).iss === issuer
  return startTurns({ ...jwtsOf(fixture, of), judge })
})
