import type { Mutant } from './mutant.ts'

const cases = (name: string) => ['packages/cli/src/damaged_database.test.ts', '-t', name]

/** What is damaged, emptied or another's is refused: docs/security/attacks.md. */
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
    file: 'packages/server/src/installation.ts',
    find: 'if (existsSync(keyFile) && isEmptyFile(file) && !isFirstStart(keyFile)) {',
    replace: 'if (false as boolean) {',
    tests: cases('an empty file'),
  },
  {
    id: 'DATABASE-5',
    what: 'readiness does not look whether the file is there',
    file: 'packages/store/src/create_store.ts',
    find: 'database.assertThere()',
    replace: '',
    tests: cases('is gone'),
  },
]
