import type { Mutant } from './mutant.ts'

const server = 'packages/server/src'
const verifier = 'packages/verifier/src'

/** Rules whose loss no test noticed when they were first taken out, by the ids they had then. */
export const firstTable: readonly Mutant[] = [
  {
    id: 'FM10',
    what: 'the limit of failed proofs is applied before the check, not after it',
    file: `${server}/oauth/client_authenticator.ts`,
    find: '  const shape = parseKey(text)\n',
    replace:
      "  if (!services.failures.isLeft(JSON.stringify([tenant.id, 'client_secret', clientId, address ?? '']), { limit: 30, windowSeconds: 60 })) throw failed(services, tenant, clientId, address)\n  const shape = parseKey(text)\n",
    tests: [`${server}/oauth/token.test.ts`, '-t', 'never refused because of wrong ones'],
  },
  {
    id: 'FM10-count',
    what: 'failed proofs are not limited at all',
    file: `${server}/oauth/client_failure.ts`,
    find: '  if (isLeft) return refused(description)\n',
    replace: '  if (isLeft || true) return refused(description)\n',
    tests: [`${server}/flaws.test.ts`, '-t', 'CVE-2024-4629'],
  },
  {
    id: 'FM7',
    what: 'a second call of crypto.verify, anywhere in the server',
    file: `${server}/management/running.ts`,
    find: 'export function createRunning(',
    replace:
      "import * as second from 'node:crypto'\nexport const isSigned = (key: string, text: Buffer, signature: Buffer): boolean =>\n  second.verify(null, text, key, signature)\nexport function createRunning(",
    tests: ['scripts/signature_checks.test.ts'],
  },
  {
    id: 'S10',
    what: 'the entry of a token is kept until its changed end, not until its signed one',
    file: `${server}/feed/objects.ts`,
    find: '    dropAt: Math.ceil(issuedExpiresAt) + graceSeconds,',
    replace: '    dropAt: Math.ceil(expiresAt ?? issuedExpiresAt) + graceSeconds,',
    tests: [`${server}/feed/objects.test.ts`],
  },
  {
    id: 'S10b',
    what: 'the entry of a token is dropped without leeway and grace',
    file: `${server}/feed/objects.ts`,
    find: '    dropAt: Math.ceil(issuedExpiresAt) + graceSeconds,',
    replace: '    dropAt: Math.ceil(issuedExpiresAt) - 10,',
    tests: [`${server}/feed/objects.test.ts`],
  },
  {
    id: 'S18',
    what: 'the jti of an assertion is remembered until 40 s before its exp',
    file: `${server}/oauth/client_assertion.ts`,
    find: 'endsAt: Math.ceil(claims.exp ?? 0) + limits.clockLeewaySeconds,',
    replace: 'endsAt: Math.ceil(claims.exp ?? 0) - 40,',
    tests: [`${server}/oauth/token.test.ts`, '-t', 'taken once'],
  },
  {
    id: 'O3c',
    what: 'public keys that were looked up survive a reload',
    file: `${verifier}/known/establish.ts`,
    find: '      publicKeys.clear()\n',
    replace: '',
    tests: [`${verifier}/replaced_book.test.ts`],
  },
  {
    id: 'O34',
    what: 'a look-up that was under way while the book was replaced is used',
    file: `${verifier}/known/settlement.ts`,
    find: "    if (keeper.book !== book) return 'again'\n",
    replace: '',
    tests: [`${verifier}/replaced_book.test.ts`],
  },
  {
    id: 'O22',
    what: 'the server’s time counts from the arrival of the answer, not from the question',
    file: `${verifier}/feed/freshness_watch.ts`,
    find: 'serverTime = { now, askedAt }',
    replace: 'serverTime = { now, askedAt: stamp }',
    tests: [`${verifier}/replaced_book.test.ts`],
  },
  {
    id: 'O23',
    what: 'reload in an answer is ignored',
    file: `${verifier}/feed/position_questions.ts`,
    find: 'answer.reload === true || ',
    replace: '',
    tests: [`${verifier}/replaced_book.test.ts`],
  },
  {
    id: 'O24',
    what: 'a head below the book’s own place is accepted',
    file: `${verifier}/feed/position_questions.ts`,
    find: ' || answer.head < place.sequence',
    replace: '',
    tests: [`${verifier}/replaced_book.test.ts`],
  },
  {
    id: 'O9',
    what: 'an older state after a newer one is taken',
    file: `${verifier}/book/status_book.ts`,
    find: ' || (known !== undefined && known.version >= version)) return',
    replace: ') return',
    tests: [`${verifier}/book/status_book.test.ts`],
  },
  {
    id: 'O15b',
    what: 'entries are dropped 320 s early',
    file: `${verifier}/book/status_book.ts`,
    find: 'if (dropAt < dropTime) said.delete(id)',
    replace: 'if (dropAt - 320 < dropTime) said.delete(id)',
    tests: [`${verifier}/book/status_book.test.ts`],
  },
  {
    id: 'L1',
    what: 'a look-up answered from another history is used',
    file: `${verifier}/known/look_up.ts`,
    find: 'const isBehind = place.epoch !== asked.epoch || ',
    replace: 'const isBehind = ',
    tests: [`${verifier}/lookup.test.ts`, '-t', 'answered from another history'],
  },
]
