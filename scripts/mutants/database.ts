import type { Mutant } from './mutant.ts'

const installation = 'packages/server/src/run/installation.ts'
const tables = 'packages/store/src/sqlite/tables.ts'
const installationTests = ['packages/server/src/run/installation.test.ts', '-t']
const postgres = 'packages/store/src/postgres'
const lock = 'packages/store/src/sqlite/lock.ts'
const lockTests = ['packages/store/src/sqlite/lock.test.ts']
const cases = (name: string) => ['packages/cli/src/damaged_database.test.ts', '-t', name]

/** A damaged or emptied database, or another's, is refused: docs/security/attacks.md. */
export const database: readonly Mutant[] = [
  {
    id: 'DATABASE-1',
    what: 'the check value of the master key is not compared',
    file: 'packages/store/src/key_check.ts',
    find: 'if (!timingSafeEqual(check, proof.check)) throw wrongKey()',
    replace: '',
    tests: cases('with its check value'),
  },
  {
    id: 'DATABASE-2',
    what: 'a database of before is taken with any master key',
    file: 'packages/store/src/key_check.ts',
    find: 'if (key !== undefined && sealed != null && !proof.opens(new Uint8Array(sealed), key)) throw wrongKey()',
    replace: '',
    tests: cases('of before, without one'),
  },
  {
    id: 'DATABASE-3',
    what: 'damaged pages are not looked for at start',
    file: 'packages/store/src/sqlite/file.ts',
    find: '    assertSound(file)\n',
    replace: '',
    tests: cases('a damaged page'),
  },
  {
    id: 'DATABASE-4',
    what: 'an empty file begins a new installation under an old key',
    file: installation,
    find: '    ...keyFiles.filter(',
    replace: '    ...keyFiles.slice(1).filter(',
    tests: [...installationTests, 'beside a key of before'],
  },
  {
    id: 'DATABASE-5',
    what: 'readiness does not look whether the file is there',
    file: 'packages/store/src/create_store.ts',
    find: 'database.assertThere()',
    replace: '',
    tests: cases('is gone'),
  },
  {
    id: 'DATABASE-6',
    what: 'a place file does not keep a new installation from beginning',
    file: installation,
    find: '...(existsSync(placeFileOf(file)) ? [placeFileOf(file)] : []),',
    replace: '',
    tests: [...installationTests, 'beside a place file'],
  },
  {
    id: 'DATABASE-7',
    what: 'a file with a page in it counts as a database, whether its log is there or not',
    file: tables,
    find: 'return countTables(alone(real)) > 0 || ',
    replace: 'return countTables(alone(real)) >= 0 || ',
    tests: [...installationTests, 'lacks its log, beside'],
  },
  {
    id: 'DATABASE-8',
    what: 'the log of a young file is not looked at',
    file: tables,
    find: ' && countTables(real) > 0)',
    replace: ' && countTables(alone(real)) > 0)',
    tests: [...installationTests, 'young file'],
  },
  {
    id: 'DATABASE-9',
    what: 'a restore takes an empty database for one in which nothing was revoked',
    file: 'packages/server/src/restore/restore.ts',
    find: 'if (!hasTables(file)) return',
    replace: 'if (false as boolean) return',
    tests: [...installationTests, 'span that nobody knows'],
  },
  {
    id: 'DATABASE-10',
    what: 'a lock file that was deleted is not taken anew',
    file: lock,
    find: '      const again = take(file, lock)\n      held.database.close()\n      held = again\n',
    replace: '',
    tests: lockTests,
  },
  {
    id: 'DATABASE-11',
    what: 'a file with two names is locked by each of them',
    file: lock,
    find: '  assertOneName(file)\n',
    replace: '',
    tests: lockTests,
  },
  {
    id: 'DATABASE-12',
    what: 'a server does not look whether its lock file is there',
    file: 'packages/server/src/run/data_lock.ts',
    find: '      lock.keep()\n',
    replace: '',
    tests: ['packages/cli/src/data_lock.test.ts', '-t', 'lock file that is deleted'],
  },
  {
    id: 'DATABASE-13',
    what: 'records that are named ahead are read before the lock of their tenant is there',
    file: 'packages/store/src/writer.ts',
    find: '      session.enter(tenant),\n',
    replace: '',
    tests: [`${postgres}/server.test.ts`, '-t', 'behind the lock'],
  },
  {
    id: 'DATABASE-14',
    what: 'a write is sent though its transaction could not begin',
    file: `${postgres}/watched_client.ts`,
    find: 'this.#begun !== undefined && (this.#isHeld || !isSelect(text))',
    replace: 'false',
    tests: [`${postgres}/watched_client.test.ts`],
  },
  {
    id: 'DATABASE-15',
    what: 'of statements that were sent together, a later one tells its failure in place of the first',
    file: `${postgres}/watched_client.ts`,
    find: '    if (this.#failure !== undefined && (read as { code?: string }).code === inFailedTransaction) return this.#failure\n',
    replace: '',
    tests: [`${postgres}/server.test.ts`, '-t', 'the failure of the first'],
  },
  {
    id: 'DATABASE-16',
    what: 'a cancelled wait for the standby counts as done',
    file: `${postgres}/watched_client.ts`,
    find: "    if (warnings.length > 0) throw new StoreUnavailableError('timeout', new Error('the standby has not confirmed'))\n",
    replace: '',
    tests: [`${postgres}/failover.test.ts`, '-t', 'is cancelled'],
  },
]
