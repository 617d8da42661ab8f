import type { Mutant } from './mutant.ts'

const tests = ['packages/server/src/management/last_administrator.test.ts']

/** Somebody is left who can do everything, and one server has the data: docs/security/attacks.md. */
export const administrators: readonly Mutant[] = [
  {
    id: 'ADMIN-1',
    what: 'nobody asks who is left',
    file: 'packages/server/src/management/operation.ts',
    find: 'if (!isLeft && !isForced) throw new LastAdministratorError()',
    replace: '',
    tests: [...tests, '-t', 'revoke the key'],
  },
  {
    id: 'ADMIN-2',
    what: 'an end within a day counts as lasting',
    file: 'packages/server/src/tenants/administrators.ts',
    find: 'const until = now + serverLimits.administratorLastsSeconds',
    replace: 'const until = now',
    tests: [...tests, '-t', 'end the key soon'],
  },
  {
    id: 'ADMIN-3',
    what: 'a disabled client is an administrator',
    file: 'packages/server/src/tenants/administrators.ts',
    find: "client.status !== 'active' || ",
    replace: '',
    tests: [...tests, '-t', 'disable the client'],
  },
  {
    id: 'ADMIN-4',
    what: 'a key with less is an administrator',
    file: 'packages/server/src/tenants/administrators.ts',
    find: 'if (apiId === managementApiId && holdsAll(all, scope)) return true',
    replace: 'if (apiId === managementApiId) return true',
    tests: [...tests, '-t', 'narrow the key'],
  },
  {
    id: 'ADMIN-5',
    what: 'the OAuth endpoint does not ask',
    file: 'packages/server/src/oauth/revoke.ts',
    find: 'if (!isForced) throw new LastAdministratorError()',
    replace: '',
    tests: [...tests, '-t', 'OAuth endpoint'],
  },
  {
    id: 'ADMIN-6',
    what: 'a forced lock-out is not audited',
    file: 'packages/server/src/management/operation.ts',
    find: 'if (!isLeft) appendLockOut(transaction, context, route)',
    replace: '',
    tests: [...tests, '-t', 'revoke the key'],
  },
  {
    id: 'ADMIN-7',
    what: 'an emergency removal of the signing key ends minted administrators unseen',
    file: 'packages/server/src/management/signing_keys.ts',
    find: "if (key.purpose === 'access_token') context.mayEndAdministrators('jwts')",
    replace: '',
    tests: [...tests, '-t', 'token was minted'],
  },
  {
    id: 'ADMIN-8',
    what: 'a key bound to addresses or origins is an administrator that remains',
    file: 'packages/server/src/tenants/administrators.ts',
    find: 'if (ipAllow !== undefined || originAllow !== undefined) continue',
    replace: '',
    tests: [...tests, '-t', 'bind the key'],
  },
  {
    id: 'LOCK-1',
    what: 'dev does not lock its data',
    file: 'packages/cli/src/dev/dev.ts',
    find: 'const lock = await lockData(database, serverLimits.dataLockWaitMs, onLost)',
    replace: 'const lock = { release() {} }',
    tests: ['packages/cli/src/data_lock.test.ts', '-t', 'second start'],
  },
]
