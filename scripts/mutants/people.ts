/** Flaws of signing in, sessions and consent, each left in where a test must see it. */
import type { Mutant } from './mutant.ts'

const server = 'packages/server/src'
const sessions = [`${server}/people/sessions.test.ts`]
const signIn = [`${server}/people/sign_in.test.ts`]
const authorize = [`${server}/people/authorize.test.ts`]

export const peopleMutants: readonly Mutant[] = [
  {
    id: 'session-in-header',
    what: 'a session is good in a header too',
    file: 'packages/verifier/src/judgement.ts',
    find: '    if (!isInPlace(question, hit)) return notThere\n',
    replace: '',
    tests: sessions,
  },
  {
    id: 'session-cross-site',
    what: 'a page of another site may change something with the cookie',
    file: `${server}/caller/caller.ts`,
    find: '    requireOwnPage(request, tenant.issuer)\n',
    replace: '',
    tests: sessions,
  },
  {
    id: 'account-disabled-cut-off',
    what: 'enabling an account brings its sessions back',
    file: `${server}/management/people/accounts.ts`,
    find: "password !== undefined || (changed.status === 'disabled' && account.status === 'active')",
    replace: 'password !== undefined',
    tests: sessions,
  },
  {
    id: 'link-after-cut-off',
    what: 'a link outlives the end of its account',
    file: `${server}/people/sessions.ts`,
    find: '  if (signIn.position < cutOff) return undefined\n',
    replace: '',
    tests: sessions,
  },
  {
    id: 'form-of-any-browser',
    what: 'a form of another browser is taken',
    file: `${server}/people/pages/show_page.ts`,
    find: "JSON.stringify([tenant.id, browser, sessionText ?? '', form])",
    replace: "JSON.stringify([tenant.id, '', sessionText ?? '', form])",
    tests: signIn,
  },
  {
    id: 'return-elsewhere',
    what: 'a sign-in goes on to another host',
    file: `${server}/people/pages/login.ts`,
    find: 'target?.origin === origin && target.pathname.startsWith(base) ? path : undefined',
    replace: 'path',
    tests: signIn,
  },
  {
    id: 'code-verifier-unchecked',
    what: 'a code is given to whoever has it, whatever its verifier',
    file: `${server}/oauth/grants/authorization_code.ts`,
    find: '  if (!isProven) throw',
    replace: '  if (false) throw',
    tests: authorize,
  },
  {
    id: 'code-of-any-client',
    what: 'a code is good for every client',
    file: `${server}/oauth/grants/authorization_code.ts`,
    find: '  if (code.clientId !== client.id) throw invalidGrant()\n',
    replace: '',
    tests: authorize,
  },
  {
    id: 'code-used-twice',
    what: 'a second use of a code leaves the tokens of the first alive',
    file: `${server}/oauth/grants/authorization_code.ts`,
    find: '        if (code.clientId === request.client.id) await endFamily(services, request, transaction, code)\n',
    replace: '',
    tests: authorize,
  },
  {
    id: 'code-outlives',
    what: 'a code outlives the end of its account',
    file: `${server}/oauth/grants/authorization_code.ts`,
    find: ' || code.position < cutOff) throw invalidGrant()',
    replace: ') throw invalidGrant()',
    tests: authorize,
  },
  {
    id: 'consent-of-impostor',
    what: 'a consent is remembered for a public client that anybody can pretend to be',
    file: `${server}/people/authorization.ts`,
    find: 'authenticatingTypes.has(client.type) || isOwnSite(request.redirectUri)',
    replace: 'true',
    tests: authorize,
  },
  {
    id: 'redirect-by-prefix',
    what: 'a redirect URI is compared by its beginning',
    file: `${server}/oauth/authorization/redirect_uri.ts`,
    find: '  if (registered.includes(asked)) return asked\n',
    replace: '  if (registered.some((uri) => asked.startsWith(uri))) return asked\n',
    tests: authorize,
  },
]
