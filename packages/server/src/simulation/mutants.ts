/** Every rule of the feed left out once: feed.md §9 and reliability.md §6.7. What is not found is a hole in the simulator. */
import type { Patch } from './patched.ts'
import { allRules, type Rules } from './rules.ts'

export interface Mutant {
  readonly name: string
  /** What is changed in the code of the server, of the verifier and of core. */
  readonly patches: readonly Patch[]
  /** What the modelled database no longer holds itself to. */
  readonly rules: Rules
}

const follower = 'verifier/src/feed_follower.ts'
const establish = 'verifier/src/establish.ts'
const engine = 'verifier/src/verify.ts'
const standing = 'verifier/src/standing.ts'
const known = 'verifier/src/known.ts'
const book = 'verifier/src/status_book.ts'
const clock = 'verifier/src/clock.ts'
const effectiveGrant = 'core/src/effective_grant.ts'
const answers = 'server/src/services/feed_answers.ts'
const serverBooks = 'server/src/feed/books.ts'
const subjects = 'server/src/services/subjects.ts'

function mutant(name: string, patches: readonly Patch[], broken: Partial<Rules> = {}): Mutant {
  return { name, patches, rules: { ...allRules, ...broken } }
}

const noChain: Patch = { file: follower, find: ' || entry.chain !== chain', replace: '' }
const noEpoch: Patch = { file: follower, find: 'answer.epoch !== place.epoch || ', replace: '' }
/** A follower's place is not compared with the log. */
const noPlace: Patch = {
  file: answers,
  find: 'if (place.epoch !== head.epoch) return false',
  replace: 'if (head.sequence >= 0) return true',
}

export const mutants: readonly Mutant[] = [
  mutant('a pushed entry is taken as proof of freshness', [
    {
      file: follower,
      find: 'return andThen(applyNext(book, entry)',
      replace: 'freshness = { askedAt: clock.stamp(), ageMs: 0 }; return andThen(applyNext(book, entry)',
    },
  ]),
  mutant('a heartbeat is trusted without the position', [
    { file: follower, find: 'if (!(await catchUp(asked, answer.head))) return false', replace: '' },
  ]),
  mutant('freshness counts from when the answer arrived', [
    {
      file: follower,
      find: 'freshness = { askedAt, ageMs: answer.ageMs }',
      replace: 'freshness = { askedAt: stamp, ageMs: answer.ageMs }',
    },
    {
      file: follower,
      find: 'const age = elapsedMs(askedAt, stamp) + answer.ageMs',
      replace: 'const age = answer.ageMs',
    },
  ]),
  mutant('the age of the answer is not counted', [
    {
      file: follower,
      find: 'freshness = { askedAt, ageMs: answer.ageMs }',
      replace: 'freshness = { askedAt, ageMs: 0 }',
    },
  ]),
  mutant('the answer does not say its age', [
    { file: answers, find: 'const ageMs = books.ageMs()', replace: 'const ageMs = books.ageMs() * 0' },
  ]),
  mutant('a replaced primary answers as if it were one', [
    {
      file: serverBooks,
      find: 'if (!store.canFailOver) freshAsOf = askedAt',
      replace: 'freshAsOf = askedAt',
    },
  ]),
  mutant('any answer will do, whatever the nonce', [
    { file: follower, find: 'answer.nonce !== nonce || ', replace: '' },
  ]),
  mutant('accept while resyncing', [
    {
      file: follower,
      find: '    freshness = undefined\n',
      replace: '    freshness = { askedAt: clock.stamp(), ageMs: 0 }\n',
    },
  ]),
  mutant('delete instead of tombstone', [
    { file: book, find: 'this.#revoked.add(tags[type], id, dropAt, macOf(entry))', replace: '' },
  ]),
  mutant('a gap is passed over, chain and all', [
    noChain,
    { file: follower, find: 'entry.sequence !== place.sequence + 1', replace: 'false' },
  ]),
  mutant('the monotonic clock alone', [{ file: clock, find: ', until.wallMs - since.wallMs', replace: '' }]),
  mutant('the wall clock alone', [{ file: clock, find: 'until.monotonicMs - since.monotonicMs, ', replace: '' }]),
  mutant('the epoch is ignored', [noEpoch, noChain, noPlace], { epochsDiffer: false }),
  mutant('the same sequence in another history', [noChain, noPlace], { epochsDiffer: false }),
  mutant('what was revoked is forgotten across a restore', [
    { file: follower, find: "if (book !== undefined) next.keepRevoked(book, 'with_mac')", replace: '' },
  ]),
  mutant('a torn snapshot', [], { snapshotIsWhole: false }),
  mutant('the cache is filled after a revocation', [
    {
      file: establish,
      find: 'return use({ record, readAt: place.sequence, since })',
      replace: 'return use({ record, readAt: book.place.sequence, since })',
    },
  ]),
  mutant('a look-up answered behind the place of the asker is used', [
    { file: establish, find: 'place.epoch !== asked.epoch || place.sequence < asked.sequence', replace: 'false' },
    {
      file: establish,
      find: 'return use({ record, readAt: place.sequence, since })',
      replace: 'return use({ record, readAt: asked.sequence, since })',
    },
    { file: answers, find: '  return !isBehind()\n', replace: '  return true\n' },
  ]),
  mutant('one off: >= for >', [
    { file: book, find: 'said.sequence > sequence', replace: 'said.sequence > sequence + 1' },
  ]),
  mutant('an ancestor or client that changed does not evict', [
    { file: known, find: "    book.isChangedSince('client', clientId, readAt) ||\n", replace: '' },
    {
      file: standing,
      find: "client: book.isRevoked('client', clientId) ? 'revoked' : book.state('client', clientId)",
      replace: "client: readAt === undefined ? book.state('client', clientId) : undefined",
    },
  ]),
  mutant('the lineage is not looked at', [
    { file: standing, find: 'lineage.map((ancestor) => ancestorState(ancestor, book))', replace: '[]' },
  ]),
  mutant('the cache is keyed by id', [
    {
      file: engine,
      find: 'andThen(sha256(asked.credential), ',
      replace:
        "andThen(asked.credential.split('_').length === 4 ? (asked.credential.split('_')[2] ?? '') : sha256(asked.credential), ",
    },
  ]),
  mutant('a packed key is used without asking whether it still holds', [
    { file: establish, find: 'if (!isOutdated(known, book, at)) return', replace: 'return' },
  ]),
  mutant('a wait after the decision', [
    {
      file: engine,
      find: '(outcomes) => withHit(question, 1, (after) => conclude(question, after, outcomes)),',
      replace: '(outcomes) => conclude(question, hit, outcomes),',
    },
  ]),
  mutant('a removed key goes on verifying what is cached', [
    { file: known, find: 'isKeyGone(signedBy, book) || ', replace: '' },
  ]),
  mutant('a cut-off by iat', [
    {
      file: effectiveGrant,
      find: 'position < client.cutOff',
      replace: '(credential.notBefore ?? 0) < client.cutOff',
    },
  ]),
  mutant('dropped at the end that a change set', [
    {
      file: subjects,
      find: 'dropAt: Math.ceil(issuedExpiresAt) + graceSeconds',
      replace: 'dropAt: Math.ceil(expiresAt ?? issuedExpiresAt) + graceSeconds',
    },
  ]),
  mutant('dropped without leeway and grace', [
    {
      file: subjects,
      find: 'dropAt: Math.ceil(issuedExpiresAt) + graceSeconds',
      replace: 'dropAt: Math.ceil(issuedExpiresAt) - 10',
    },
  ]),
  mutant("dropped by one's own clock", [
    {
      file: follower,
      find: 'if (answer.dropTime !== undefined) book?.sweep(answer.dropTime)',
      replace: 'book?.sweep(stamp.wallMs / 1000)',
    },
  ]),
]
