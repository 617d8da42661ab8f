import type { Mutant } from './mutant.ts'

const server = 'packages/server/src'
const tests = (name: string): readonly string[] => [`${server}/answer_work.test.ts`, '-t', name]

/**
 * docs/security/invariants.md §7: unknown, foreign and revoked look the same, in the work that their refusal takes too.
 */
export const answerWorkMutants: readonly Mutant[] = [
  {
    id: 'work-assertion',
    what: 'an assertion that names no known key is refused without a signature check',
    file: `${server}/oauth/client_assertion.ts`,
    find: '  const publicJwk = isTried ? record.publicJwk : decoy\n',
    replace:
      '  if (!isTried) throw failed(services, tenant, clientId, address)\n  const publicJwk = record.publicJwk\n',
    tests: tests('an assertion'),
  },
  {
    id: 'work-algorithm',
    what: 'a known key of another algorithm is refused without a signature check',
    file: 'packages/core/src/jwk/decoy_key.ts',
    find: '  if (alg !== header.alg) return false\n',
    replace: '  if (alg !== header.alg) return true\n',
    tests: tests('another algorithm'),
  },
  {
    id: 'work-client-reads',
    what: 'a refused assertion is not followed by the opposite read of the public key',
    file: `${server}/oauth/client_assertion.ts`,
    find: '    await publicKeys.balance(tenant.id, record !== undefined)\n',
    replace: '',
    tests: tests('an assertion'),
  },
  {
    id: 'work-key-reads',
    what: 'a refused key is not followed by the opposite read',
    file: `${server}/feed/directory.ts`,
    find: "if (record !== undefined && record.status !== 'revoked') return",
    replace: 'if (kind !== undefined) return',
    tests: tests('a revoked and an unknown'),
  },
  {
    id: 'work-kept',
    what: 'a server keeps unknown and revoked keys in memory',
    file: `${server}/create_services.ts`,
    find: '      keepsRefused: false,\n',
    replace: '',
    tests: tests('a revoked and an unknown key'),
  },
  {
    id: 'work-self-issued',
    what: 'a self-issued JWT that names no known key is refused without a signature check',
    file: 'packages/verifier/src/known/self_issued_jwt.ts',
    find: '? andThen(verifyDecoy(decoys, jwt, claims.clientId), () => found)',
    replace: '? found',
    tests: tests('a self-issued JWT'),
  },
  {
    id: 'work-time-server',
    what: 'a server’s refusal leaves when its work is done',
    file: 'packages/server/src/http/dispatch.ts',
    find: 'if (answer.status !== 401 && answer.isEven !== true) return answer',
    replace: 'if (answer.status !== 999) return answer',
    tests: ['packages/server/src/refusals.test.ts'],
  },
  {
    id: 'work-time-body',
    what: 'a caller who sends a body slowly sees the work alone',
    file: 'packages/server/src/http/node_listener.ts',
    find: 'this.bodyReadAt = performance.now()',
    replace: '',
    tests: ['packages/server/src/refusals.test.ts', '-t', 'counts from when the body had come'],
  },
  {
    id: 'work-time-gateway',
    what: 'a gateway’s refusal leaves when its work is done',
    file: 'packages/gateway/src/passage.ts',
    find: 'admitted.answer.status === 401',
    replace: 'admitted.answer.status === 999',
    tests: ['packages/gateway/src/create_gateway.test.ts', '-t', 'its time tells nothing'],
  },
  {
    id: 'work-time-rule',
    what: 'a refusal leaves so long after its work, not after its beginning',
    file: 'packages/verifier/src/adapters/refusal_times.ts',
    find: 'if (beganAt + afterMs > readyAt) return beganAt + afterMs',
    replace: 'if (beganAt + afterMs > readyAt) return readyAt + afterMs',
    tests: ['packages/verifier/src/adapters/refusal_times.test.ts'],
  },
  {
    id: 'work-time-process',
    what: 'the thread that has begun to run keeps a process that would end',
    file: 'packages/verifier/src/adapters/refusal_times.ts',
    find: 'has begun to run.\n        worker.unref()\n',
    replace: 'has begun to run.\n',
    tests: ['packages/verifier/src/adapters/refusal_times.test.ts', '-t', 'does not keep a process'],
  },
]
