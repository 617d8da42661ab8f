/** Our SDK as an API's own process has it: fed by the server, so that what it accepts may also have been revoked. */
import { createVerifier } from '@countersign/verifier'
import { answerQuestions } from '../answering.ts'
import type { Fixture } from '../fixture.ts'
import { falsify } from '../target.ts'
import { jwtsOf } from './jwts.ts'
import { type Case, startTurns } from './subject.ts'

answerQuestions(async ({ fixture, of }: { readonly fixture: Fixture; readonly of: Case }) => {
  const { url: issuer, audience, verifierKey: credential, apiKey, scope } = fixture
  const verifier = createVerifier({ issuer, audience, credential, maxStalenessSeconds: 300 })
  await verifier.ready()
  const expectation = { scope }
  const judge = (text: string): boolean | Promise<boolean> => {
    const outcome = verifier.verify(text, expectation)
    return outcome instanceof Promise ? outcome.then(isVerified) : isVerified(outcome)
  }
  const credentials = of === 'warm_key' ? { credentials: [apiKey], refused: [falsify(apiKey)] } : jwtsOf(fixture, of)
  // The first use looks the credential up, and the first JWT fetches the public keys: not what is measured here.
  await judge(of === 'warm_key' ? apiKey : fixture.jwt)
  return startTurns({ ...credentials, judge })
})

function isVerified(outcome: { readonly outcome: string }): boolean {
  return outcome.outcome === 'verified'
}
