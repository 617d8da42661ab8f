import type { Mutant } from './mutant.ts'

const books = 'packages/server/src/feed/books.ts'
const epoch = 'packages/store/src/feed/epoch.ts'
const taken = 'packages/server/src/services/taken.ts'
const booksTests = ['packages/server/src/feed/books.test.ts']
const epochTests = ['packages/store/src/sqlite/sqlite.test.ts', '-t', 'epochs']
const cutOffTests = ['packages/server/src/endpoints/feed_revocations.test.ts', '-t', 'cut-off']
const matrix = (name: string) => ['packages/server/src/rollback.test.ts', '-t', name]

/** docs/protocol/feed.md, "A database that went back": each sentence left out once; and what the books rest on. */
export const rollbackMutants: readonly Mutant[] = [
  {
    id: 'S8',
    what: 'a gap in positions is passed over',
    file: books,
    find: 'entry.position !== position + 1 || ',
    replace: '',
    tests: booksTests,
  },
  {
    id: 'S9',
    what: 'freshness counts from the end of the read',
    file: books,
    find: 'if (!store.canFailOver) freshAsOf = askedAt',
    replace: 'if (!store.canFailOver) freshAsOf = clock.stamp()',
    tests: booksTests,
  },
  {
    id: 'S1',
    what: 'a position answer says no age',
    file: 'packages/server/src/endpoints/feed.ts',
    find: 'const ageMs = books.ageMs()',
    replace: 'const ageMs = books.ageMs() * 0',
    tests: ['packages/server/src/endpoints/feed.test.ts', '-t', 'as old as'],
  },
  {
    id: 'R1',
    what: 'a seal of another epoch is ignored',
    file: 'packages/server/src/endpoints/feed.ts',
    find: 'if (sequence <= head.sequence && !isOfNow) return',
    replace: 'if (!isOfNow) return',
    tests: ['packages/server/src/endpoints/feed.test.ts', '-t', 'of a former epoch too'],
  },
  {
    id: 'R2',
    what: 'recorded cut-offs are not raised',
    file: epoch,
    find: "    .where('clients.cut_off', '>', 0)\n",
    replace: "    .where('clients.cut_off', '<', 0)\n",
    tests: epochTests,
  },
  {
    id: 'R3',
    what: 'an epoch begins at the head and 10^9 alone',
    file: epoch,
    find: 'Math.max(known + gap, Math.floor(options.now() * 1_000_000))',
    replace: 'known + gap',
    tests: epochTests,
  },
  {
    id: 'R4',
    what: 'a commit of one’s own is applied whatever it continues',
    file: books,
    find: ' || !follows(book.place, entry)',
    replace: '',
    tests: booksTests,
  },
  {
    id: 'R5',
    what: 'a server’s book claims no chain',
    file: books,
    find: 'return lastChain === undefined ? claim : { ...claim, chain: lastChain }',
    replace: 'return claim',
    tests: booksTests,
  },
  {
    id: 'R6',
    what: 'the head is read before the book is looked at',
    file: books,
    find: '    const own = ownClaim()\n    let head = await store.feed.head()\n',
    replace: '    let head = await store.feed.head()\n    const own = ownClaim()\n',
    tests: booksTests,
  },
  {
    id: 'R7',
    what: 'the proof is not repeated under the lock',
    file: epoch,
    find: '  if (lost === undefined) return undefined\n',
    replace: '  if (claims.length === 0) return undefined\n',
    tests: epochTests,
  },
  {
    id: 'R8',
    what: 'nothing is handed back in the same epoch',
    file: 'packages/verifier/src/status_book.ts',
    find: 'this.#revoked.addAll(other.#revoked, owing)',
    replace: 'if (other.place.epoch !== this.place.epoch) this.#revoked.addAll(other.#revoked, owing)',
    tests: ['packages/verifier/src/hand_back.test.ts'],
  },
  {
    id: 'R9',
    what: 'the seal is not verified',
    file: 'packages/server/src/endpoints/feed.ts',
    find: 'if (seals.holds(tenant.id, sealed)) await',
    replace: 'await',
    tests: ['packages/server/src/endpoints/feed.test.ts', '-t', 'invented places'],
  },
  {
    id: 'R10',
    what: 'an append does not compare the counters it has locked with the book',
    file: books,
    find: '  store.beforeAppend(continues)\n',
    replace: '',
    tests: matrix('rolled back before it is acknowledged'),
  },
  {
    id: 'R11',
    what: 'a former epoch’s log is not hidden',
    file: 'packages/store/src/feed/log.ts',
    find: "      .where('sequence', '=', 0)\n      .where('sequence', '>', beginning)\n",
    replace: "      .where('sequence', '=', 0)\n",
    tests: epochTests,
  },
  {
    id: 'R12',
    what: 'a write goes to a server that was found before its history is settled',
    file: 'packages/store/src/create_store.ts',
    find: 'const isSettled = found === undefined || found === history',
    replace: 'const isSettled = found !== null || found === history',
    tests: ['packages/store/src/create_store.test.ts'],
  },
  {
    id: 'C1',
    what: 'a cut-off is taken back without “above the recorded one”',
    file: taken,
    find: ' || sequence <= recordedOf(client, what)',
    replace: '',
    tests: cutOffTests,
  },
  {
    id: 'C2',
    what: 'a cut-off is taken back without its time',
    file: taken,
    find: 'endCredentials(taking, client, at + limits.clockLeewaySeconds)',
    replace: 'endCredentials(taking, client, now)',
    tests: cutOffTests,
  },
  {
    id: 'C3',
    what: 'a cut-off of tokens is taken as a revoke of everything',
    file: taken,
    find: "what === 'everything' ? ",
    replace: 'what !== undefined ? ',
    tests: cutOffTests,
  },
]
