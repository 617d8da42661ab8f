/** Flaws of clients that sign people in, and of what pages may read, each left in where a test must see it. */
import type { Mutant } from './mutant.ts'

const client = 'packages/client/src'
const cors = ['packages/server/src/oauth/cors.test.ts']
const answer = [`${client}/sign_in/answer.test.ts`]
const idToken = [`${client}/sign_in/id_token.test.ts`]
const program = [`${client}/node.test.ts`]
const page = [`${client}/browser.test.ts`]

export const signInClientMutants: readonly Mutant[] = [
  {
    id: 'cors-any-origin',
    what: 'pages of any origin read the token endpoint',
    file: 'packages/server/src/oauth/cors.ts',
    find: 'return (await store.lookup.isClientOrigin(id, origin)) ? origin : undefined',
    replace: 'return (await store.lookup.isClientOrigin(id, origin)) || true ? origin : undefined',
    tests: cors,
  },
  {
    id: 'cors-disabled-client',
    what: 'pages of a disabled client read the token endpoint',
    file: 'packages/store/src/records/client_origin.ts',
    find: "    .where('clients.status', '=', sql.lit('active'))\n",
    replace: '',
    tests: cors,
  },
  {
    id: 'cors-old-origin',
    what: 'an origin stays known when its redirect URI is gone',
    file: 'packages/store/src/records/client.ts',
    find: '  await deleteOrigins(session, client.tenant, client.id)\n',
    replace: '',
    tests: cors,
  },
  {
    id: 'answer-state',
    what: 'a client takes the answer to another request',
    file: `${client}/sign_in/answer.ts`,
    find: "  if (state !== pending.state) throw unexpected('is not the answer to this request')\n",
    replace: '',
    tests: answer,
  },
  {
    id: 'answer-issuer',
    what: 'a client takes the answer of another server',
    file: `${client}/sign_in/answer.ts`,
    find: "  if (iss !== pending.issuer) throw unexpected('comes from another server than was asked')\n",
    replace: '',
    tests: answer,
  },
  {
    id: 'id-token-nonce',
    what: 'a client takes the ID token of another sign-in',
    file: `${client}/sign_in/id_token.ts`,
    find: "  if (expected.nonce !== undefined && nonce !== expected.nonce) throw unexpected('is of another sign-in')\n",
    replace: '',
    tests: idToken,
  },
  {
    id: 'tokens-pinned',
    what: 'a client sends one issuer what another has given',
    file: `${client}/sign_in/token_set.ts`,
    find: 'return isOurs && isWhole ? (value as TokenSet) : undefined',
    replace: 'return isWhole ? ({ ...value, issuer, clientId } as TokenSet) : isOurs ? undefined : undefined',
    tests: program,
  },
  {
    id: 'refresh-one-process',
    what: 'two processes refresh at once',
    file: `${client}/sign_in/credential_file.ts`,
    find: '      const release = await takeLock(lock)\n',
    replace: '      const release = async () => {}\n',
    tests: program,
  },
  {
    id: 'refresh-one-tab',
    what: 'a page refreshes without what another page has by now',
    file: `${client}/sign_in/tabs.ts`,
    find: '        await catchUp()\n        return work()\n',
    replace: '        return work()\n',
    tests: page,
  },
]
