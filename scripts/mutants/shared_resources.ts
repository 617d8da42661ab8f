import type { Mutant } from './mutant.ts'

/** What keeps one caller, connection or tenant from taking what belongs to all. */
export const sharedResourceMutants: readonly Mutant[] = [
  {
    id: 'turns',
    what: 'every pipelined request is begun as it comes',
    file: 'packages/verifier/src/adapters/connections.ts',
    find: 'if (running === undefined || running === null) return begin(request, shouldKeepAlive)',
    replace: 'if (running !== request) return begin(request, shouldKeepAlive)',
    tests: ['packages/verifier/src/adapters/connections.test.ts', '-t', 'pipelined requests|nothing more is begun'],
  },
  {
    id: 'turns-parser',
    what: 'the parser goes on behind a head that waits',
    file: 'packages/verifier/src/adapters/connections.ts',
    find: 'return pausedCode\n',
    replace: 'return 0\n',
    tests: ['packages/verifier/src/adapters/connections.test.ts', '-t', '2,000 heads|pipelined requests'],
  },
  {
    id: 'turns-reading',
    what: 'the socket is read while a request waits',
    file: 'packages/verifier/src/adapters/connections.ts',
    find: '    stopReading(socket)\n',
    replace: '',
    tests: ['packages/verifier/src/adapters/connections.test.ts', '-t', 'nothing more is begun'],
  },
  {
    id: 'write-timeout',
    what: 'a caller that reads nothing keeps its connection',
    file: 'packages/verifier/src/adapters/connections.ts',
    find: '      socket.setTimeout(timeoutMs)\n',
    replace: '',
    tests: ['packages/verifier/src/adapters/connections.test.ts', '-t', 'takes nothing of an answer'],
  },
  {
    id: 'connection-shares',
    what: 'one address takes every connection',
    file: 'packages/verifier/src/adapters/connections.ts',
    find: '=== true ? {} : { address: remoteAddress }',
    replace: '=== true ? {} : {}',
    tests: ['packages/verifier/src/adapters/connections.test.ts', '-t', 'a sixteenth'],
  },
  {
    id: 'shares-half',
    what: 'shares hold only when all is used',
    file: 'packages/core/src/shares.ts',
    find: 'const isScarce = after > this.#half',
    replace: 'const isScarce = after > this.size',
    tests: ['packages/core/src/shares.test.ts'],
  },
]
