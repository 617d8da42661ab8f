import type { Mutant } from './mutant.ts'

const matrix = ['packages/core/src/access.test.ts']

/** No access is not empty access: docs/security/attacks.md. */
export const access: readonly Mutant[] = [
  {
    id: 'ACCESS-1',
    what: 'the decision does not ask whether the client has access',
    file: 'packages/core/src/decision.ts',
    find: 'if (!effective.hasAccess) {',
    replace: 'if (false as boolean) {',
    tests: matrix,
  },
  {
    id: 'ACCESS-2',
    what: 'a record without access is access',
    file: 'packages/core/src/effective_grant.ts',
    find: 'if (credential.client?.access === null) return false',
    replace: '',
    tests: matrix,
  },
  {
    id: 'ACCESS-3',
    what: "the book's entry about the client is not asked",
    file: 'packages/core/src/effective_grant.ts',
    find: "return client === undefined || client === 'revoked' || client.access[credential.apiId] !== undefined",
    replace: 'return client !== null || credential === null',
    tests: matrix,
  },
  {
    id: 'ACCESS-4',
    what: 'a self-issued JWT takes no access for an empty scope',
    file: 'packages/core/src/self_issued_jwt.ts',
    find: 'access: access === undefined ? null : parseScope(access)',
    replace: "access: parseScope(access ?? '')",
    tests: matrix,
  },
  {
    id: 'ACCESS-5',
    what: 'the store says an empty scope for no access',
    file: 'packages/store/src/lookup.ts',
    find: "columns.optionalText('access_scope') ?? null",
    replace: "columns.optionalText('access_scope') ?? ''",
    tests: ['packages/server/src/verification/no_access.test.ts', '-t', 'an API key'],
  },
  {
    id: 'ACCESS-6',
    what: 'packed keys of clients without access share a template with those of empty access',
    file: 'packages/verifier/src/known/packed_keys.ts',
    find: 'const name = JSON.stringify(shared)',
    replace: 'const name = JSON.stringify(shared, (_name, value: unknown) => value ?? [])',
    tests: ['packages/verifier/src/known/packed_keys.test.ts', '-t', 'no access'],
  },
]
