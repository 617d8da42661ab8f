/**
 * Rules of the feed left out, one at a time: those of docs/protocol/feed.md that can be seen from outside. The others have
 * tests of their own, which `scripts/mutants` tries.
 */
import type { Patch } from './patched.ts'
import { allRules, type Rules } from './rules.ts'

export interface Mutant {
  readonly name: string
  /** A run that noticed it: tried first. */
  readonly seed: number
  /** The changes to the code of the server, of the verifier and of core. */
  readonly patches: readonly Patch[]
  /** The rules that the modelled database breaks. */
  readonly rules: Rules
}

const follower = 'verifier/src/feed/feed_follower.ts'
const questions = 'verifier/src/feed/position_questions.ts'
const followedBook = 'verifier/src/feed/followed_book.ts'
const freshness = 'verifier/src/feed/freshness_watch.ts'
const shownKey = 'verifier/src/known/shown_key.ts'
const judgement = 'verifier/src/judgement.ts'
const hits = 'verifier/src/known/hits.ts'
const standing = 'verifier/src/standing.ts'
const known = 'verifier/src/known/known.ts'
const book = 'verifier/src/book/status_book.ts'
const clock = 'verifier/src/clock.ts'
const effectiveGrant = 'core/src/effective_grant.ts'
const answers = 'server/src/feed/feed_answers.ts'
const reading = 'server/src/feed/books/reading.ts'
const ownHistory = 'server/src/feed/books/own_history.ts'
const bookShelf = 'server/src/feed/books/book_shelf.ts'
const objects = 'server/src/feed/objects.ts'

function mutant(name: string, seed: number, patches: readonly Patch[], broken: Partial<Rules> = {}): Mutant {
  return { name, seed, patches, rules: { ...allRules, ...broken } }
}

const noChain: Patch = { file: followedBook, find: ' || entry.chain !== chain', replace: '' }
const noEpoch: Patch = { file: questions, find: 'answer.epoch !== place.epoch || ', replace: '' }
/** A follower's place is not compared with the log. */
const noPlace: Patch = {
  file: answers,
  find: 'if (place.epoch !== head.epoch) return false',
  replace: 'if (head.sequence >= 0) return true',
}

export const mutants: readonly Mutant[] = [
  mutant('a pushed entry is taken as proof of freshness', 4, [
    {
      file: follower,
      find: 'isApplied ? reports.applied() : ',
      replace:
        'isApplied ? (freshness.prove({ now: freshness.now(), ageMs: 0 } as never, clock.stamp()), reports.applied()) : ',
    },
  ]),
  mutant('a heartbeat is trusted without the position', 1, [
    { file: questions, find: 'if (!(await followed.catchUp(asked, answer.head))) return false', replace: '' },
  ]),
  mutant('freshness counts from when the answer arrived', 102, [
    { file: freshness, find: 'younger(proof, { askedAt, ageMs }', replace: 'younger(proof, { askedAt: stamp, ageMs }' },
  ]),
  mutant('the age of the answer is not counted', 234, [
    {
      file: freshness,
      find: 'younger(proof, { askedAt, ageMs }',
      replace: 'younger(proof, { askedAt, ageMs: 0 * ageMs }',
    },
  ]),
  mutant('the answer does not say its age', 234, [
    { file: answers, find: 'const ageMs = books.ageMs()', replace: 'const ageMs = books.ageMs() * 0' },
  ]),
  mutant('a replaced primary answers as if it were one', 123, [
    {
      file: reading,
      find: 'if (!store.canFailOver) proof.note(askedAt)',
      replace: 'proof.note(askedAt)',
    },
  ]),
  mutant('any answer will do, whatever the nonce', 379, [
    { file: questions, find: 'answer.nonce !== question.nonce || ', replace: '' },
  ]),
  mutant('accept while resyncing', 11, [
    {
      file: freshness,
      find: '      proof = undefined\n',
      replace: '      proof = { askedAt: clock.stamp(), ageMs: 0 }\n',
    },
  ]),
  mutant('delete instead of tombstone', 1, [
    { file: book, find: 'this.#revoked.add(tags[type], id, dropAt, macOf(entry))', replace: '' },
  ]),
  mutant('a gap is passed over, chain and all', 2, [
    noChain,
    { file: followedBook, find: 'entry.sequence !== place.sequence + 1', replace: 'false' },
  ]),
  mutant('the monotonic clock alone', 168, [{ file: clock, find: ', until.wallMs - since.wallMs', replace: '' }]),
  mutant('the wall clock alone', 35, [{ file: clock, find: 'until.monotonicMs - since.monotonicMs, ', replace: '' }]),
  mutant('the epoch is ignored', 14, [noEpoch, noChain, noPlace], { epochsDiffer: false }),
  mutant('the same sequence in another history', 14, [noChain, noPlace], { epochsDiffer: false }),
  mutant('what was revoked is forgotten across a restore', 1, [
    { file: followedBook, find: "if (this.#book !== undefined) next.keepRevoked(this.#book, 'with_mac')", replace: '' },
  ]),
  mutant('a torn snapshot', 177, [], { snapshotIsWhole: false }),
  mutant('the cache is filled after a revocation', 66, [
    {
      file: 'verifier/src/known/look_up.ts',
      find: 'return use({ record, readAt: place.sequence, since })',
      replace: 'return use({ record, readAt: book.place.sequence, since })',
    },
  ]),
  mutant('one off: >= for >', 2, [
    { file: book, find: 'said.sequence > sequence', replace: 'said.sequence > sequence + 1' },
  ]),
  mutant('an ancestor or client that changed does not evict', 3, [
    { file: known, find: "    book.isChangedSince('client', clientId, readAt) ||\n", replace: '' },
    {
      file: standing,
      find: "client: book.isRevoked('client', clientId) ? 'revoked' : book.state('client', clientId)",
      replace: "client: established.format === 'jwt' ? book.state('client', clientId) : undefined",
    },
  ]),
  mutant('the lineage is not looked at', 1, [
    { file: standing, find: 'states.push(stateOf(type, id, book))', replace: 'states.push(undefined)' },
  ]),
  mutant('the cache is keyed by id', 1, [
    {
      file: hits,
      find: 'andThen(sha256(asked.credential), ',
      replace:
        "andThen(asked.credential.split('_').length === 4 ? (asked.credential.split('_')[2] ?? '') : sha256(asked.credential), ",
    },
  ]),
  mutant('a packed key is used without asking whether it still holds', 1, [
    { file: shownKey, find: 'if (!isOutdated(known, book, at)) return', replace: 'return' },
  ]),
  mutant('a wait after the decision', 5, [
    {
      file: judgement,
      find: '(outcomes) => withHit(question, 1, (after) => conclude(question, after, outcomes)),',
      replace: '(outcomes) => conclude(question, hit, outcomes),',
    },
  ]),
  mutant('a removed key goes on verifying what is cached', 3, [
    { file: known, find: 'isKeyGone(signedBy, book, readAt) || ', replace: '' },
  ]),
  mutant('a cut-off by iat', 3, [
    {
      file: effectiveGrant,
      find: 'position < client.cutOff',
      replace: '(credential.notBefore ?? 0) < client.cutOff',
    },
  ]),
  mutant('dropped at the end that a change set', 198, [
    {
      file: objects,
      find: 'dropAt: Math.ceil(issuedExpiresAt) + graceSeconds',
      replace: 'dropAt: Math.ceil(expiresAt ?? issuedExpiresAt) + graceSeconds',
    },
  ]),
  mutant("dropped by one's own clock", 37, [
    {
      file: questions,
      find: 'if (answer.dropTime !== undefined) followed.current?.sweep(answer.dropTime)',
      replace: 'followed.current?.sweep(clock.stamp().wallMs / 1000)',
    },
  ]),
  mutant("a server's book without chain", 125, [
    { file: bookShelf, find: ' || !follows(book.place, entry)', replace: '' },
    {
      file: bookShelf,
      find: 'if (own !== undefined && from.chain !== undefined && own.chain !== from.chain) return false',
      replace: '',
    },
    {
      file: ownHistory,
      find: 'return own.chain !== undefined && head.chain !== undefined && head.chain !== own.chain',
      replace: 'return false',
    },
  ]),
  mutant("a server's own book proves nothing", 72, [
    {
      file: ownHistory,
      find: 'return isBehind(head, own) && (await leave([own])) ? store.feed.head() : head',
      replace: 'return head',
    },
    {
      file: reading,
      find: 'if (shelf.position !== before || (await history.leave([history.ownClaim()]))) return readToHead(reading)',
      replace: 'if (shelf.position !== before) return readToHead(reading)',
    },
  ]),
  mutant('nothing is handed back', 1, [
    { file: 'verifier/src/feed/hand_back.ts', find: '      runIn(spreadMs * random())', replace: '' },
  ]),
  mutant('no lift of dropAt to the drop time', 59, [
    {
      file: 'store/src/feed/drop_time.ts',
      find: 'Math.max(dropAt + Math.max(0, dropTime - now), dropTime + graceSeconds)',
      replace: 'dropAt',
    },
  ]),
  mutant('ends are judged by now alone', 2701, [
    {
      file: 'core/src/feed/drop_time.ts',
      find: '  if (endsAt > dropTime - limits.dropGraceSeconds) return false\n',
      replace: '  if (endsAt > 0) return false\n',
    },
  ]),
  mutant('the drop time goes by the wall clock', 194, [
    {
      file: 'server/src/feed/drop_time.ts',
      find: 'Math.min(present.timeMs + catchUp * elapsed, earliest)',
      replace: 'earliest',
    },
    { file: 'server/src/feed/clean_up.ts', find: 'if (areApart(present, wallMs)) {', replace: 'if (wallMs < 0) {' },
  ]),
  mutant('removal goes by the clock of whoever cleans up', 10, [], { removesByDropTime: false }),
  mutant('the floor is written again at the same drop time', 68, [
    {
      file: 'server/src/feed/floors.ts',
      find: 'return floor !== undefined && floor.time >= time',
      replace: 'return false',
    },
  ]),
]
