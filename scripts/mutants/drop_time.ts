import type { Mutant } from './mutant.ts'

const server = 'packages/server/src/feed/drop_time.ts'
const serverTests = ['packages/server/src/feed/drop_time.test.ts']
const cleanUpTests = ['packages/server/src/feed/clean_up.test.ts']
const storeTests = ['packages/store/src/sqlite/sqlite.test.ts', '-t', 'drop time|single-use']

/** docs/protocol/feed.md §2.2: each sentence left out once. */
export const dropTimeMutants: readonly Mutant[] = [
  {
    id: 'D1',
    what: 'counted since its own last round, not since it first saw the value',
    file: server,
    find: 'if (seen?.moves !== present.moves) seen =',
    replace: 'seen ??=',
    tests: serverTests,
  },
  {
    id: 'D2',
    what: 'no compare-and-set',
    file: 'packages/store/src/feed/drop_time.ts',
    find: "          .where('moves', '=', moves)\n",
    replace: '',
    tests: storeTests,
  },
  {
    id: 'D3',
    what: 'no lift of dropAt to the drop time',
    file: 'packages/store/src/feed/drop_time.ts',
    find: 'Math.max(dropAt + Math.max(0, dropTime - now), dropTime + graceSeconds)',
    replace: 'dropAt',
    tests: storeTests,
  },
  {
    id: 'D4',
    what: 'what a clock that is behind counts from now on is counted from too early',
    file: 'packages/store/src/feed/drop_time.ts',
    find: 'dropAt + Math.max(0, dropTime - now), ',
    replace: 'dropAt, ',
    tests: storeTests,
  },
  {
    id: 'D5',
    what: 'ends judged by now alone',
    file: 'packages/core/src/feed/drop_time.ts',
    find: '  if (endsAt > dropTime - limits.dropGraceSeconds) return false\n',
    replace: '  if (endsAt > 0) return false\n',
    tests: cleanUpTests,
  },
  {
    id: 'D6',
    what: 'the floor written again at the same drop time',
    file: 'packages/server/src/feed/floors.ts',
    find: 'return floor !== undefined && floor.time >= time',
    replace: 'return false',
    tests: cleanUpTests,
  },
  {
    id: 'D7',
    what: 'the floor for JWTs only',
    file: 'packages/core/src/credential_record.ts',
    find: '    ...(record.position === undefined ? {} : { position: record.position }),\n',
    replace: '',
    tests: cleanUpTests,
  },
  {
    id: 'D8',
    what: 'hand-back skips by now',
    file: 'packages/server/src/restore/handed_back.ts',
    find: 'if (dropAt < books.dropTime() && ',
    replace: 'if (dropAt < services.now() && ',
    tests: ['packages/server/src/verification/feed_revocations.test.ts', '-t', 'whatever the clock says'],
  },
  {
    id: 'D9',
    what: 'a single-use value passes once its mark may be gone',
    file: 'packages/store/src/records/single_use.ts',
    find: 'return end > (await readDropSeconds(session.db)) - limits.dropGraceSeconds',
    replace: 'return true',
    tests: storeTests,
  },
  {
    id: 'D10',
    what: 'a process whose clock is wrong moves the drop time',
    file: 'packages/server/src/feed/clean_up.ts',
    find: 'if (areApart(present, wallMs)) {',
    replace: 'if (wallMs < 0) {',
    tests: cleanUpTests,
  },
  {
    id: 'D11',
    what: 'past the earlier of both clocks',
    file: server,
    find: 'Math.min(wallMs, present.databaseMs)',
    replace: 'Math.max(wallMs, present.databaseMs)',
    tests: serverTests,
  },
  {
    id: 'D12',
    what: 'the floor of a drop time that has moved on since',
    file: 'packages/core/src/feed/drop_time.ts',
    find: 'floor.time < dropTime || ',
    replace: '',
    tests: ['packages/core/src/feed/drop_time.test.ts'],
  },
  {
    id: 'D13',
    what: 'clean-up by the clock of whoever runs it',
    file: 'packages/store/src/clean_up.ts',
    find: 'for (const of of expiring) removed += await deleteExpired(db, of, tenant, dropTime, ',
    replace: 'for (const of of expiring) removed += await deleteExpired(db, of, tenant, now, ',
    tests: storeTests,
  },
  {
    id: 'D14',
    what: 'what was worked out before a sweep holds on',
    file: 'packages/verifier/src/book/status_book.ts',
    find: '      for (const [id, { dropAt }] of said) if (dropAt < dropTime) said.delete(id)\n    }\n    this.#version++',
    replace: '      for (const [id, { dropAt }] of said) if (dropAt < dropTime) said.delete(id)\n    }',
    tests: ['packages/verifier/src/drop_time.test.ts'],
  },
]
