import type { Mutant } from './mutant.ts'

const tests = ['packages/server/src/management/authority.test.ts']

/** Authority is the most a client can come to have: docs/security/attacks.md. */
export const authority: readonly Mutant[] = [
  {
    id: 'AUTHORITY-1',
    what: 'a client is judged by its present access',
    file: 'packages/server/src/management/access.ts',
    find: 'const { scope, guards } = raisedAuthority(client.authority, client)',
    replace: "const { scope, guards } = { scope: client.access[managementApiId] ?? '', guards: client.guards }",
    tests,
  },
  {
    id: 'AUTHORITY-2',
    what: 'an update forgets what the client had before',
    file: 'packages/server/src/management/clients.ts',
    find: 'authority: raisedAuthority(client.authority, { access, guards })',
    replace: 'authority: presentAuthority({ access, guards })',
    tests,
  },
  {
    id: 'AUTHORITY-3',
    what: "a client's revoke does not end what it had",
    file: 'packages/server/src/management/clients.ts',
    find: 'const authority = presentAuthority(client)',
    replace: 'const { authority } = client',
    tests,
  },
  {
    id: 'AUTHORITY-4',
    what: 'guards that were taken are not remembered',
    file: 'packages/server/src/management/authority.ts',
    find: 'const guards = [...new Set([...before.guards, ...now.guards])]',
    replace: 'const { guards } = now',
    tests: [...tests, '-t', 'guards'],
  },
  {
    id: 'AUTHORITY-5',
    what: 'a rolled key is judged by its client alone',
    file: 'packages/server/src/management/keys.ts',
    find: 'requireMayGive(context, old.apiId, parseScope(old.scope))',
    replace: '',
    tests: [...tests, '-t', 'ever recorded'],
  },
  {
    id: 'AUTHORITY-6',
    what: 'a switched key is judged by its client alone',
    file: 'packages/server/src/management/keys.ts',
    find: 'requireMayGive(context, key.apiId, parseScope(key.scope))',
    replace: '',
    tests: [...tests, '-t', 'ever recorded'],
  },
  {
    id: 'AUTHORITY-7',
    what: 'the migration does not look at keys that are alive',
    file: 'packages/store/src/migrations/0008_authority.ts',
    find: 'for (const row of keys) add(row.tenant, row.client_id, row.scope)',
    replace: '',
    tests: ['packages/store/src/sqlite/sqlite.test.ts', '-t', 'clients of before'],
  },
]
