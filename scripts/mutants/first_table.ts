import type { Mutant } from './mutant.ts'

const server = 'packages/server/src'

/** Rules whose loss no test noticed when they were first taken out, by the ids they had then. */
export const firstTable: readonly Mutant[] = [
  {
    id: 'FM10',
    what: 'the limit of failed proofs is applied before the check, not after it',
    file: `${server}/services/client_authenticator.ts`,
    find: '  const shape = parseKey(text)\n',
    replace:
      "  if (!services.failures.isLeft(JSON.stringify([tenant.id, 'client_secret', clientId, address ?? '']), failureRate)) throw failed(services, tenant, clientId, address)\n  const shape = parseKey(text)\n",
    tests: [`${server}/endpoints/token.test.ts`, '-t', 'never refused because of wrong ones'],
  },
  {
    id: 'FM10-count',
    what: 'failed proofs are not limited at all',
    file: `${server}/services/client_authenticator.ts`,
    find: '  if (isLeft) return refused()\n',
    replace: '  if (isLeft || true) return refused()\n',
    tests: [`${server}/flaws.test.ts`, '-t', 'CVE-2024-4629'],
  },
]
