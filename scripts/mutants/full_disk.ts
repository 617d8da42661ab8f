import type { Mutant } from './mutant.ts'

const tests = ['packages/server/src/full_disk.test.ts', '-t', 'all goes on']

/** A full disk lets somebody revoke: docs/security/attacks.md. */
export const fullDisk: readonly Mutant[] = [
  {
    id: 'DISK-1',
    what: 'the reserve is not given up',
    file: 'packages/store/src/sqlite/reserve.ts',
    find: 'truncateSync(this.#file, 0)',
    replace: '',
    tests,
  },
  {
    id: 'DISK-2',
    what: 'anything may write into what the reserve freed',
    file: 'packages/store/src/full_disk.ts',
    find: "if (reserve.state === 'given_up') throw",
    replace: 'if (false as boolean) throw',
    tests,
  },
  {
    id: 'DISK-3',
    what: 'a revocation is refused like any other write',
    file: 'packages/store/src/create_store.ts',
    find: 'const through = endsCredentials ? withReserve : beforeReserve',
    replace: 'const through = beforeReserve',
    tests,
  },
  {
    id: 'DISK-4',
    what: 'chores write into what the reserve freed',
    file: 'packages/store/src/sqlite/open_sqlite_store.ts',
    find: 'countUsage: (batch) => beforeReserve(reserve, () => chores.countUsage(batch)),',
    replace: 'countUsage: (batch) => chores.countUsage(batch),',
    tests,
  },
]
