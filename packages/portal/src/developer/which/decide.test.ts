import { expect, it } from 'vitest'
import { whichText } from '../../shared/text/which.ts'
import { callers, credentials, decide, endings, parties } from './decide.ts'

const all = callers.flatMap((caller) =>
  parties.flatMap((party) => endings.map((ending) => ({ answers: { caller, party, ending } }))),
)
const decided = all.map(({ answers }) => ({ ...answers, ...decide(answers) }))

it('every combination of answers has a credential with its name and its reason in words, and each credential is reached', () => {
  expect(decided).toHaveLength(20)
  for (const { credential, reason } of decided) {
    expect(whichText.credentials[credential]).toEqual(expect.any(String))
    expect(whichText.reasons[reason]).toEqual(expect.any(String))
  }
  expect(new Set(decided.map(({ credential }) => credential))).toEqual(new Set(credentials))
  expect(new Set(decided.map(({ reason }) => reason))).toEqual(new Set(Object.keys(whichText.reasons)))
})

it('a page or a phone is given no secret, a person lets in what acts for them, and a job keeps nothing', () => {
  for (const { caller, party, credential } of decided) {
    if (caller === 'ci') expect(credential).toBe('trusted_issuer')
    else if (caller === 'device' || party === 'person') expect(credential).toBe('code')
  }
})

it('a credential that must end at once is never a text that verifiers of other makers would go on taking', () => {
  const own = decided.filter(({ party, caller }) => party === 'itself' && caller !== 'device' && caller !== 'ci')
  expect(own.filter(({ ending }) => ending === 'at_once').map(({ credential }) => credential)).toEqual([
    'api_key',
    'api_key',
    'api_key',
  ])
})
