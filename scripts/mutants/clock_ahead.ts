import type { Mutant } from './mutant.ts'

const keys = 'packages/server/src/keys/signing_keys.ts'
const keysTests = ['packages/server/src/keys/signing_keys.test.ts']

/** Times in the database that a clock wrote while it was ahead: docs/security/attacks.md, "A wall clock that jumps". */
export const clockAhead: readonly Mutant[] = [
  {
    id: 'AHEAD-1',
    what: 'a lease binds others for as long as the clock of its holder was ahead',
    file: 'packages/store/src/lease.ts',
    find: 'or leases.expires_at > ',
    replace: 'or false and leases.expires_at > ',
    tests: ['packages/store/src/sqlite/sqlite.test.ts', '-t', 'ahead binds nobody'],
  },
  {
    id: 'AHEAD-2',
    what: 'a key that was made by a clock that was ahead does not sign before its time',
    file: keys,
    find: 'signing.at(-1) ?? current.toSorted(bySuccession)[0]',
    replace: 'signing.at(-1)',
    tests: keysTests,
  },
  {
    id: 'AHEAD-3',
    what: 'a key that was made by a clock that was ahead is not published before its time',
    file: 'packages/server/src/keys/published_keys.ts',
    find: "key.status === 'active' && (key.leavesAt",
    replace: "key.status === 'active' && key.publishedAt <= now && (key.leavesAt",
    tests: keysTests,
  },
  {
    id: 'AHEAD-4',
    what: 'of keys that are all ahead the follower signs, before anybody has read it',
    file: keys,
    find: 'ofOne === ofOther ? one.signsAt - other.signsAt : ofOne - ofOther',
    replace: 'one.signsAt - other.signsAt',
    tests: keysTests,
  },
  {
    id: 'AHEAD-5',
    what: 'a rotation waits for the time that a clock that was ahead wrote',
    file: keys,
    find: ' && signsAt <= now + serverLimits.publishBeforeSigningSeconds + apartMax',
    replace: '',
    tests: keysTests,
  },
]
